"""The same input gives the same results, and they say what made them."""

import json
import re
from pathlib import Path

import pydicom
import pytest

from app.parts import IMAGE_VERSION, image_version
from cmr.errors import UsageError
from cmr.model_store import sha256_of
from tests.conftest import ROOT
from tests.dicom_tools import dciodvfy_errors
from tests.hostile_support import finish, write_quick_settings, write_small_study
from tests.report_sample import pdf_text, squeezed

pytestmark = pytest.mark.requirement("TRU-08")

# When an object was made, and nothing else, may differ between two runs.
CLOCK = {
    "InstanceCreationDate", "InstanceCreationTime", "ContentDate", "ContentTime", "SeriesDate",
    "SeriesTime", "ContributionDateTime", "ObservationDateTime",
}  # fmt: skip


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """One study, twice: outside of an image, and as an image would run it."""
    folder = tmp_path_factory.mktemp("reproducible")
    study = write_small_study(folder / "study")
    config = write_quick_settings(folder / "app.yaml")
    outside = finish(study, folder / "a", config)
    inside = finish(study, folder / "b", config, **{IMAGE_VERSION: "0.1.0-7"})
    assert (outside.code, inside.code) == (0, 0), (outside.stderr, inside.stderr)
    return outside, inside


def differences(one: pydicom.Dataset, two: pydicom.Dataset) -> set[str]:
    """Keywords of the elements that differ, at any depth."""
    found = set()
    for number in {*one.keys(), *two.keys()}:
        a, b = one.get(number), two.get(number)
        items = [without_image(e) for e in (a, b) if e is not None and e.VR == "SQ"]
        if len(items) == 2 and len(items[0]) == len(items[1]):
            for x, y in zip(*items, strict=True):
                found |= differences(x, y)
        elif a != b:
            found.add((a or b).keyword)
    return found


def without_image(sequence: pydicom.DataElement) -> list[pydicom.Dataset]:
    """Items of a sequence, without the one of a report that names the image."""
    return [item for item in sequence.value if "image_version" not in item.get("TextValue", "")]


@pytest.mark.slow
def test_two_runs_differ_in_nothing_but_the_clock_and_the_image(runs) -> None:
    outside, inside = runs
    assert outside.files() == inside.files()
    for name in outside.files():
        a, b = outside.output / name, inside.output / name
        if name.endswith(".dcm"):
            found = differences(pydicom.dcmread(a), pydicom.dcmread(b))
            # The image stands among the versions and the parameters of the algorithm.
            image = {"SoftwareVersions", "AlgorithmParameters"}
            shown = {"EncapsulatedDocument", "EncapsulatedDocumentLength"}
            allowed = CLOCK | image | (shown if name.startswith("pdf") else set())
            assert found <= allowed, (name, found)
        elif name == "results.json":
            one, two = (json.loads(p.read_text(encoding="utf-8")) for p in (a, b))
            assert two["application"].pop("image_version") == "0.1.0-7"
            assert one == two
        elif name.startswith("report."):
            one, two = (said(path) for path in (a, b))
            assert two != one
            assert two.replace(", image 0.1.0-7", "") == one, name
        else:
            assert a.read_bytes() == b.read_bytes(), name


def said(path: Path) -> str:
    """What a report says, on one line."""
    if path.suffix == ".pdf":
        return pdf_text(path)
    text = re.sub(r"<style>.*?</style>", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    return squeezed(re.sub(r"<[^>]+>", " ", text))


@pytest.mark.slow
def test_results_say_what_made_them(runs) -> None:
    outside, inside = runs
    weights = sha256_of(ROOT / "models" / "cine_sax" / "1" / "model.onnx")
    for run, image in ((outside, None), (inside, "0.1.0-7")):
        application = run.results.application
        assert (application.version, application.image_version) == ("0.1.0", image)
        assert run.results.cine.model.sha256 == weights
        for path in sorted(run.output.glob("*.dcm")):
            ds = pydicom.dcmread(path)
            versions = ds.SoftwareVersions
            expected = ["0.1.0", f"image {image}"] if image else "0.1.0"
            assert versions == expected, path.name
            assert dciodvfy_errors(path) == []
            if path.name.startswith(("pdf", "capture", "key-object")):
                continue  # no network made them
            text = ds.to_json(suppress_invalid_tags=True)
            assert weights in text, path.name
            assert ("image_version" in text) == bool(image), path.name


@pytest.mark.parametrize("version", ["0.1.0", "2026.11.23+g1a2b3c", "v1_rc-2"])
def test_a_version_of_an_image(version: str) -> None:
    assert image_version({IMAGE_VERSION: version}) == version


def test_no_image_no_version() -> None:
    assert image_version({}) == image_version({IMAGE_VERSION: ""}) == ""


@pytest.mark.parametrize("version", ["a b", "1\\2", "x" * 59, "é", "1\n"])
def test_what_dicom_cannot_hold_is_no_version(version: str) -> None:
    with pytest.raises(UsageError, match="is not a version"):
        image_version({IMAGE_VERSION: version})


def test_the_published_schema_knows_the_image() -> None:
    schema = json.loads(Path(ROOT / "docs" / "results.schema.json").read_text(encoding="utf-8"))
    assert "image_version" in schema["$defs"]["Application"]["properties"]
    assert schema["properties"]["schema_version"]["const"] == "1.5.0"
