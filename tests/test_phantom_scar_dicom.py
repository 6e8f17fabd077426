"""Late enhancement of a phantom study as DICOM: headers, values, and what stays the same."""

import json
from collections import defaultdict
from pathlib import Path

import numpy as np
import pydicom
import pytest

from dicomio.classify import classify
from dicomio.index import index_input
from dicomio.kinds import Component, SeriesKind
from dicomio.parts import split
from phantom.__main__ import main
from phantom.mapping_settings import MappingSettings, Protocol
from phantom.scar import make_scar
from phantom.scar_settings import SCAR_PRESETS
from phantom.settings import Layout, PhantomSettings
from phantom.study import plane_count, write_study
from tests.dicom_factory import READER, SELECTION
from tests.dicom_tools import dcentvfy_errors, dciodvfy_errors

pytestmark = pytest.mark.requirement("SCAR-22")

MAGNITUDE, PSIR = 201, 251
SMALL = PhantomSettings(
    seed=1,
    phases=3,
    slices=3,
    matrix=(64, 72),
    pixel_spacing_mm=(4.0, 4.0),
    gap_mm=22.0,
    scar=SCAR_PRESETS["no-reflow"],
)


def series_of(folder: Path) -> dict[int, list[pydicom.Dataset]]:
    found = defaultdict(list)
    for path in sorted(folder.rglob("*.dcm")):
        dataset = pydicom.dcmread(path)
        found[int(dataset.SeriesNumber)].append(dataset)
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("study")
    write_study(path, SMALL)
    return path


@pytest.fixture(scope="module")
def series(folder) -> dict[int, list[pydicom.Dataset]]:
    return series_of(folder)


def test_magnitude_and_psir_take_the_place_of_the_plain_stack(series):
    late = {d.SeriesDescription for images in series.values() for d in images} - {
        "SAX cine", "2ch cine", "3ch cine", "4ch cine",
        "localizer axial", "localizer coronal", "localizer sagittal"}  # fmt: skip
    assert {x for x in late if "LGE" in x} == {"SAX LGE MAG", "SAX LGE PSIR"}
    assert len(series[MAGNITUDE]) == len(series[PSIR]) == 3


def test_headers_are_those_of_siemens_psir(series):
    inversion_ms = make_scar(SMALL).contrast.inversion_ms
    for number, kind, tokens in (
        (MAGNITUDE, "SAX LGE MAG", ["M", "NORM", "DIS2D"]),
        (PSIR, "SAX LGE PSIR", ["R", "PSIR", "NORM", "DIS2D"]),
    ):
        for image in series[number]:
            assert image.SeriesDescription == kind
            assert list(image.ImageType) == ["ORIGINAL", "PRIMARY", *tokens]
            assert float(image.InversionTime) == pytest.approx(inversion_ms, abs=0.5)
            assert list(image.ScanningSequence) == ["GR", "IR"]
            share = float(image.TriggerTime) / image.NominalInterval
            assert share == pytest.approx(0.75, abs=0.001)
            given = float(image.ContrastBolusStartTime)
            assert float(image.AcquisitionTime) > given + 500
    assert [(d.RescaleSlope, d.RescaleIntercept) for d in series[PSIR]] == [(2, -4096)] * 3
    assert "RescaleSlope" not in series[MAGNITUDE][0]


def test_values_read_back_are_those_of_the_arrays(series):
    made = make_scar(SMALL)
    for number, volume in ((MAGNITUDE, made.magnitude), (PSIR, made.psir)):
        for z, image in enumerate(series[number]):
            position = volume.geometry.positions_mm[z]
            assert np.array(image.ImagePositionPatient, float) == pytest.approx(position, abs=1e-6)
            slope, intercept = (
                float(image.get(x, default))
                for x, default in (("RescaleSlope", 1), ("RescaleIntercept", 0))
            )
            assert np.array_equal(slope * image.pixel_array + intercept, volume.data[0, z])
    assert min(d.pixel_array.min() for d in series[PSIR]) < 2048


def test_positions_are_those_of_the_cine(series):
    cine = {tuple(d.ImagePositionPatient) for d in series[101]}
    for number in (MAGNITUDE, PSIR):
        assert {tuple(d.ImagePositionPatient) for d in series[number]} == cine


def test_the_reader_knows_what_they_are(folder):
    [study] = index_input(folder, READER).studies
    found = {}
    for one in study.series:
        [part] = split(one.images)
        number = int(part.first.series_number)
        found[number] = (classify(part, SELECTION.classify).kind, part.first.component)
    assert found[MAGNITUDE] == (SeriesKind.LGE_MAGNITUDE, Component.MAGNITUDE)
    assert found[PSIR] == (SeriesKind.LGE_PSIR, Component.REAL)


def test_the_validators_find_no_error(folder):
    for number in (MAGNITUDE, PSIR):
        assert dciodvfy_errors(folder / f"s{number:04d}" / "i0001.dcm") == []
    assert dcentvfy_errors(sorted(folder.rglob("*.dcm")), []) == []


def test_an_export_may_lack_the_offset(tmp_path, series):
    bare = SMALL.scar.model_copy(update={"psir_rescale": False})
    write_study(tmp_path, SMALL.model_copy(update={"scar": bare, "decoys": False}))
    for image, tagged in zip(series_of(tmp_path)[PSIR], series[PSIR], strict=True):
        assert "RescaleIntercept" not in image
        assert np.array_equal(image.pixel_array, tagged.pixel_array)


def test_the_same_settings_give_the_same_bytes(tmp_path, folder):
    write_study(tmp_path, SMALL)
    for path in folder.rglob("*.dcm"):
        assert (tmp_path / path.relative_to(folder)).read_bytes() == path.read_bytes()


@pytest.mark.parametrize(
    ("mapping", "uid"),
    [
        # The UIDs that these studies had before there were scars.
        (None, "1.2.826.0.1.3680043.8.498.79988378037523187751569942535484087511"),
        (
            MappingSettings(protocols=(Protocol.T2_PREP,)),
            "1.2.826.0.1.3680043.8.498.29656347804467170987713262514250691974",
        ),
    ],
)
def test_studies_without_scar_are_as_they_were(tmp_path, series, mapping, uid):
    write_study(
        tmp_path, SMALL.model_copy(update={"scar": None, "mapping": mapping, "decoys": False})
    )
    cine = series_of(tmp_path)[101]
    assert {d.StudyInstanceUID for d in cine} == {uid}
    for one, two in zip(cine, series[101], strict=True):
        changed = {e.keyword for e in one if e != two[e.tag]}
        assert changed == {"StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID",
                           "FrameOfReferenceUID"}  # fmt: skip


@pytest.mark.parametrize("decoys", [True, False])
@pytest.mark.parametrize("layout", [Layout.PER_SLICE, Layout.ENHANCED])
def test_other_layouts(tmp_path, layout, decoys):
    """One series a slice; an enhanced study holds late enhancement as classic images."""
    calls = []
    settings = SMALL.model_copy(update={"layout": layout, "decoys": decoys})
    truth = write_study(tmp_path, settings, lambda: calls.append(1))
    assert len(calls) == plane_count(settings)
    assert truth.scar == make_scar(settings).truth
    numbers = {n: len(images) for n, images in series_of(tmp_path).items() if n > 200}
    split_up = dict.fromkeys((201, 202, 203, 251, 252, 253), 1)
    assert numbers == (split_up if layout is Layout.PER_SLICE else {201: 3, 251: 3})


def test_command_writes_a_scar_and_its_truth(tmp_path):
    study = tmp_path / "study"
    options = ["--phases", "2", "--slices", "2", "--no-decoys", "--scar", "none"]
    assert main(["--output", str(study), *options]) == 0
    assert set(series_of(study)) == {101, MAGNITUDE, PSIR}
    truth = json.loads((tmp_path / "truth.json").read_text())["scar"]
    assert truth["scar_pct"] == 0
    assert len(truth["slices"]) == 2
