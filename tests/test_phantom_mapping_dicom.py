"""Mapping series of a phantom study: headers, classification, validity, and what stays the same."""

from collections import defaultdict
from pathlib import Path

import numpy as np
import pydicom
import pytest

from dicomio.classify import classify
from dicomio.index import index_input
from dicomio.kinds import Component, SeriesKind
from dicomio.parts import split
from dicomio.selection import select
from phantom.__main__ import main
from phantom.mapping import make_mapping
from phantom.mapping_settings import Lesion, MappingSettings, MapStyle, Protocol, T2PrepTag
from phantom.settings import Layout, PhantomSettings
from phantom.study import plane_count, write_study
from tests.conftest import shared_path
from tests.dicom_factory import READER, SELECTION
from tests.dicom_tools import dcentvfy_errors, dciodvfy_errors, run

pytestmark = pytest.mark.requirement("TIS-26")

SMALL = PhantomSettings(
    seed=1,
    phases=12,
    slices=3,
    matrix=(64, 72),
    pixel_spacing_mm=(4.0, 4.0),
    gap_mm=22.0,
    decoys=False,
)
FULL = MappingSettings(phase_images=True, maps=MapStyle.TAGGED, lesion=Lesion(segment=8))
SOURCES = {301: Protocol.NATIVE_MOLLI, 331: Protocol.POST_MOLLI, 361: Protocol.SASHA,
           391: Protocol.T2_PREP, 421: Protocol.T2_STAR}  # fmt: skip


def written(folder: Path, mapping: MappingSettings | None = FULL, **changes) -> PhantomSettings:
    settings = SMALL.model_copy(update={"mapping": mapping, **changes})
    write_study(folder, settings)
    return settings


def series_of(folder: Path) -> dict[int, list[pydicom.Dataset]]:
    found = defaultdict(list)
    for path in sorted(folder.rglob("*.dcm")):
        dataset = pydicom.dcmread(path)
        found[int(dataset.SeriesNumber)].append(dataset)
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("study")
    written(path)
    return path


@pytest.fixture(scope="module")
def series(folder) -> dict[int, list[pydicom.Dataset]]:
    return series_of(folder)


def kinds(folder: Path) -> dict[int, tuple[SeriesKind, Component]]:
    [study] = index_input(folder, READER).studies
    found = {}
    for one in study.series:
        [part] = split(one.images)
        verdict = classify(part, SELECTION.classify)
        found[int(part.first.series_number)] = (verdict.kind, part.first.component)
    return found


def test_series_are_recognised(folder):
    source, image = SeriesKind.T1_SOURCE, Component.MAGNITUDE
    assert kinds(folder) == {
        101: (SeriesKind.CINE_OTHER, image),
        **dict.fromkeys((301, 331, 361), (source, image)),
        **dict.fromkeys((311, 341, 371), (source, Component.PHASE)),
        **dict.fromkeys((321, 351, 381), (SeriesKind.T1_MAP, Component.UNKNOWN)),
        391: (SeriesKind.T2_SOURCE, image),
        411: (SeriesKind.T2_MAP, Component.UNKNOWN),
        421: (SeriesKind.T2_STAR_SOURCE, image),
    }


def test_disguised_maps_look_like_phase_images(tmp_path):
    written(tmp_path, MappingSettings(maps=MapStyle.DISGUISED))
    found = kinds(tmp_path)
    assert found[321] == (SeriesKind.T1_MAP, Component.PHASE)
    assert found[411] == (SeriesKind.T2_MAP, Component.PHASE)


def test_the_cine_is_still_the_one_that_is_measured(folder):
    [study] = index_input(folder, READER).studies
    cine = select(study, SELECTION).cine
    assert {ref.path.parent.name for phase in cine.frames for ref in phase} == {"s0101"}
    assert (len(cine.frames), cine.geometry.n_slices) == (12, 3)


def test_the_validators_find_no_error(folder):
    for one in sorted(folder.iterdir()):
        files = sorted(one.iterdir())
        for path in (files[0], files[-1]):
            assert dciodvfy_errors(path) == []
    assert dcentvfy_errors(sorted(folder.rglob("*.dcm")), []) == []


def test_files_hold_the_arrays_and_their_times(series):
    made = make_mapping(SMALL.model_copy(update={"mapping": FULL}))
    for number, protocol in SOURCES.items():
        known = made.series[protocol]
        images = series[number]
        count, slices = known.times_ms.shape
        assert len(images) == count * slices
        for place, image in enumerate(images):
            z, t = divmod(place, count)
            assert np.array_equal(image.pixel_array, known.images.data[t, z])
            position = known.images.geometry.positions_mm[z]
            assert np.array(image.ImagePositionPatient, float) == pytest.approx(position, abs=1e-6)
            assert image.NominalInterval == known.images.rr_ms[z]
            assert float(image.TriggerTime) == known.images.times_ms[t, z]
            assert "CardiacNumberOfImages" not in image
            assert written_time_ms(image, protocol) == pytest.approx(known.times_ms[t, z])
        for which, volume in ((10, known.phases), (20, known.scanner_map)):
            if volume is not None:
                stored = [i.pixel_array for i in series[number + which]]
                expected = volume.data.swapaxes(0, 1).reshape(-1, *SMALL.matrix)
                assert np.array_equal(stored, expected)


def written_time_ms(image: pydicom.Dataset, protocol: Protocol) -> float:
    if protocol is Protocol.T2_PREP:
        assert float(image.EchoTime) < 3
        before, value, unit = image.ImageComments.rpartition("= ")[2].partition(" ms")
        assert (value, unit) == (" ms", "")
        return float(before)
    if protocol is Protocol.T2_STAR:
        return float(image.EchoTime)
    return np.inf if image.InversionTime is None else float(image.InversionTime)


def test_phase_is_written_as_siemens_does(series):
    for number in (301, 331, 361):
        image, phase = series[number][0], series[number + 10][0]
        assert (image.ImageType[2], phase.ImageType[2]) == ("M", "P")
        assert (phase.RescaleSlope, phase.RescaleIntercept) == (2, -4096)
        assert "RescaleSlope" not in image


def test_images_of_a_breath_hold_are_a_heart_beat_apart(series):
    first = series[301][:8]
    times = np.array([seconds(i.AcquisitionTime) for i in first])
    rr_s = first[0].NominalInterval / 1000
    # 5(3)3: three beats of rest before the second inversion.
    assert (times - times[0]) / rr_s == pytest.approx([0, 1, 2, 3, 4, 8, 9, 10], abs=1e-3)
    assert seconds(series[301][8].AcquisitionTime) > times[-1]


def seconds(time: str) -> float:
    return int(time[:2]) * 3600 + int(time[2:4]) * 60 + float(time[4:])


def test_contrast_is_given_between_native_and_post_contrast_images(series):
    given = seconds(series[331][0].ContrastBolusStartTime)
    for number, images in series.items():
        after = number in (331, 341, 351)
        for image in images:
            assert ("ContrastBolusAgent" in image) == after
            begun = seconds(image.AcquisitionTime)
            assert begun > given + 600 if after else begun < given


def test_preparation_and_unprepared_times_can_be_written_otherwise(tmp_path):
    options = {"t2_prep_tag": T2PrepTag.ECHO_TIME, "unprepared_ms": 10_000.0}
    written(tmp_path, MappingSettings(protocols=(Protocol.SASHA, Protocol.T2_PREP), **options))
    series = series_of(tmp_path)
    assert [float(i.EchoTime) for i in series[391][:3]] == [0, 25, 55]
    assert "ImageComments" not in series[391][0]
    assert float(series[361][0].InversionTime) == 10_000


@pytest.mark.real_data
def test_colour_copies_are_made_like_those_of_a_scanner(tmp_path):
    options = {"maps": MapStyle.DISGUISED, "colour_copies": True}
    written(tmp_path, MappingSettings(protocols=(Protocol.NATIVE_MOLLI,), **options))
    scanner = shared_path("data/relaxometry/shmolli_phantom/ShMOLLI_192i_e11_T1MAP_14")
    real, ours = (sorted(p.rglob("*.dcm"))[:2] for p in (scanner, tmp_path / "s0321"))
    changes = [differing(*map(pydicom.dcmread, pair)) for pair in (real, ours)]
    # The scanner also notes when it made each image, and names its palettes.
    assert changes[1] == changes[0] - {
        "InstanceCreationTime", "ContentTime", "PaletteColorLookupTableUID"}  # fmt: skip
    colour, grey = map(pydicom.dcmread, ours)
    assert np.array_equal(colour.pixel_array, grey.pixel_array)
    assert list(colour.ImageType) == list(pydicom.dcmread(real[0]).ImageType)
    assert "color" in colour.ImageComments
    # The validator finds in ours no more than in the scanner's own.
    assert set(faults(ours[0])) <= set(faults(real[0]))


def differing(one: pydicom.Dataset, two: pydicom.Dataset) -> set[str]:
    keywords = {e.keyword for d in (one, two) for e in d if e.keyword}
    return {k for k in keywords if one.get(k) != two.get(k)} - {"SOPInstanceUID", "InstanceNumber"}


def faults(path: Path) -> list[str]:
    return [x for x in run("dciodvfy", "-new", path)[1].splitlines() if x.startswith("Error")]


def test_the_same_settings_give_the_same_bytes(tmp_path, folder):
    written(tmp_path)
    for path in folder.rglob("*.dcm"):
        assert (tmp_path / path.relative_to(folder)).read_bytes() == path.read_bytes()


def test_studies_without_mapping_are_as_they_were(tmp_path, series):
    # The UID that this study had before there were mapping acquisitions.
    written(tmp_path / "old", mapping=None, phases=3)
    assert {d.StudyInstanceUID for d in series_of(tmp_path / "old")[101]} == {
        "1.2.826.0.1.3680043.8.498.79988378037523187751569942535484087511"}  # fmt: skip
    written(tmp_path / "plain", mapping=None)
    for one, two in zip(series_of(tmp_path / "plain")[101], series[101], strict=True):
        changed = {e.keyword for e in one if e != two[e.tag]}
        assert changed == {"StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID",
                           "FrameOfReferenceUID"}  # fmt: skip


def test_other_mapping_settings_give_other_uids(tmp_path, series):
    written(tmp_path, MappingSettings())
    assert series_of(tmp_path)[101][0].StudyInstanceUID != series[101][0].StudyInstanceUID


@pytest.mark.parametrize("layout", [Layout.PER_SLICE, Layout.ENHANCED])
def test_other_layouts(tmp_path, layout):
    """One series a slice; an enhanced study holds mapping as classic images."""
    mapping = MappingSettings(protocols=(Protocol.NATIVE_MOLLI,), maps=MapStyle.TAGGED)
    calls = []
    settings = SMALL.model_copy(update={"mapping": mapping, "layout": layout})
    truth = write_study(tmp_path, settings, lambda: calls.append(1))
    assert len(calls) == plane_count(settings)
    assert truth.mapping == make_mapping(settings).truth
    numbers = {n: len(images) for n, images in series_of(tmp_path).items() if n > 300}
    split_up = {301: 8, 302: 8, 303: 8, 321: 1, 322: 1, 323: 1}
    assert numbers == (split_up if layout is Layout.PER_SLICE else {301: 24, 321: 3})


def test_command_writes_mapping_too(tmp_path):
    study = tmp_path / "study"
    options = ["--phases", "2", "--slices", "2", "--no-decoys", "--mapping"]
    assert main(["--output", str(study), *options]) == 0
    assert set(SOURCES) <= set(series_of(study))
    assert '"t1_native_ms"' in (tmp_path / "truth.json").read_text()
