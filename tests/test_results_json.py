import json

import jsonschema
import pytest
from pydantic import ValidationError

from cmr.results import StudyResults
from dicomio.results_json import json_schema, read_results, schema_text, write_results
from tests.conftest import ROOT
from tests.results_sample import RANGES, cine_results, wall_results

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


def test_a_file_of_the_version_before_is_read():
    """1.4.0 had neither rates nor wall nor ranges; what it lacks is absent."""
    cine = cine_results().model_dump(mode="json", exclude_none=True, exclude={"wall", "reference"})
    for side in ("lv", "rv"):
        for key in ("peak_ejection_rate_ml_s", "time_to_peak_filling_ms"):
            del cine[side][key]
    for key in ("lv_fitted_ml", "rv_fitted_ml"):
        del cine["curve"][key]
    del cine["no_range"]
    old = {**MINIMAL, "schema_version": "1.4.0", "cine": cine}
    read = StudyResults.model_validate_json(json.dumps(old))
    assert read.schema_version == "1.5.0"
    assert read.cine.lv.edv_ml == cine["lv"]["edv_ml"]
    assert read.cine.lv.peak_ejection_rate_ml_s is None
    assert read.cine.wall is None
    assert (read.cine.reference, read.cine.no_range, read.cine.curve.lv_fitted_ml) == ({}, {}, [])
    with pytest.raises(ValidationError):
        StudyResults.model_validate({**old, "schema_version": "1.3.0"})


def test_a_wall_and_ranges_come_back(tmp_path):
    update = {"wall": wall_results(), "reference": RANGES, "no_range": {"lv.sv_ml": "None."}}
    cine = cine_results().model_copy(update=update)
    results = StudyResults.model_validate({**MINIMAL, "cine": cine})
    written = write_results(results, tmp_path)
    content = json.loads((tmp_path / "results.json").read_text())
    jsonschema.validate(content, json_schema())
    assert content["cine"]["wall"]["global"]["thickness_ed_mm"] == 7.9
    assert "thickness_es_mm" not in content["cine"]["wall"]["segments"]["13"]
    assert read_results(tmp_path / "results.json") == written


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
