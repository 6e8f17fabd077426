import json

import jsonschema
import pytest

from cmr.results import StudyResults
from dicomio.results_json import json_schema, read_results, schema_text, write_results
from tests.conftest import ROOT

pytestmark = pytest.mark.requirement("CINE-29")

MINIMAL = {
    "application": {"name": "a", "version": "1.0.0", "settings_sha256": "0", "notice": "n"},
    "study_instance_uid": "1.2.3",
    "input": {"files": 1, "images": 1, "duplicates": 0, "skipped": []},
    "series": [],
    "refusals": {"cine": "none"},
}


def test_the_published_schema_is_that_of_the_code():
    assert (ROOT / "docs" / "results.schema.json").read_text(encoding="utf-8") == schema_text()


def test_written_results_satisfy_the_schema_and_come_back(tmp_path):
    for name in ("b.dcm", "a.dcm", "c.png", "scar.stl", "scar.glb", "other.txt", "r.pdf", "r.html"):
        (tmp_path / name).touch()
    written = write_results(StudyResults.model_validate(MINIMAL), tmp_path)
    content = json.loads((tmp_path / "results.json").read_text())
    jsonschema.validate(content, json_schema())
    assert content["files"] == [
        "a.dcm",
        "b.dcm",
        "c.png",
        "r.html",
        "r.pdf",
        "scar.glb",
        "scar.stl",
    ]
    assert "cine" not in content
    assert read_results(tmp_path / "results.json") == written


@pytest.mark.parametrize("fault", [{"extra": 1}, {"series": None}, {"study_instance_uid": 5}])
def test_the_schema_refuses_what_is_not_a_result(fault):
    with pytest.raises(jsonschema.ValidationError, match=r".+"):
        jsonschema.validate({**MINIMAL, **fault}, json_schema())


def test_units_stand_in_the_schema():
    lv = json_schema()["$defs"]["LeftVentricle"]["properties"]
    assert lv["edv_ml"]["unit"] == "ml"
    assert lv["ef_pct"]["unit"] == "%"
    assert lv["mass_ed_g"]["unit"] == "g"


def test_whatever_may_be_missing_may_be_absent():
    """Files leave out what is None, so a field that may be None must not be asked for."""
    lacking = {
        f"{name}.{key}"
        for name, definition in json_schema()["$defs"].items()
        for key in definition.get("required", ())
        if {"type": "null"} in definition["properties"][key].get("anyOf", ())
    }
    assert lacking == set()
