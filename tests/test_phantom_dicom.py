"""The phantom's files: read back by the application's reader, judged by dciodvfy."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    RLELossless,
)

from cmr.volume import StackGeometry, Volume4D
from dicomio.index import Study, index_input
from dicomio.pixels import CineImages, read_cine
from dicomio.selection import select
from phantom.acquired import Acquisition, Person, Sequence
from phantom.classic import write_classic
from phantom.encode import Syntax
from phantom.enhanced import write_enhanced
from phantom.identity import Identity
from tests.dicom_factory import READER, SELECTION
from tests.dicom_tools import dcentvfy_errors, dciodvfy_errors

pytestmark = pytest.mark.requirement("CINE-37")

PHASES, HEIGHTS_MM = 12, (0.0, 10.0, 20.0, 33.3)
SHAPE, SPACING_MM = (40, 36), (1.4375, 1.25)
PERSON = Person("Phantom^One", "PH-1", "19700101", "O", 172.5, 68.25)
IDENTITY = Identity(7)
# Normal (-0.48, 0.64, 0.6), apex to base, turned in the plane by an angle with endless digits.
ROW = math.cos(0.3) * np.array([0.8, 0.6, 0.0]) + math.sin(0.3) * np.array([-0.36, 0.48, -0.8])
COLUMN = math.cos(0.3) * np.array([-0.36, 0.48, -0.8]) - math.sin(0.3) * np.array([0.8, 0.6, 0.0])

LAYOUTS = ("one series", "series per slice", "enhanced")
SYNTAXES = {
    Syntax.EXPLICIT: ExplicitVRLittleEndian,
    Syntax.IMPLICIT: ImplicitVRLittleEndian,
    Syntax.DEFLATED: DeflatedExplicitVRLittleEndian,
    Syntax.RLE: RLELossless,
    Syntax.JPEG_LS: JPEGLSLossless,
    Syntax.JPEG_2000: JPEG2000Lossless,
}


def cine(**changes: object) -> Acquisition:
    """Four unevenly spaced slices of twelve phases, each with a heart beat of its own."""
    normal = np.cross(ROW, COLUMN)
    corner = np.array([-71.25, 13.0, 1 / 3])
    rr_ms = np.array([800.0, 835.0, 790.0, 861.0])
    values = np.random.default_rng(3).integers(0, 4096, (PHASES, len(HEIGHTS_MM), *SHAPE))
    volume = Volume4D(
        data=values.astype(np.float32),
        geometry=StackGeometry(
            positions_mm=corner + np.outer(HEIGHTS_MM, normal),
            row_cosine=ROW,
            column_cosine=COLUMN,
            pixel_spacing_mm=SPACING_MM,
            shape=SHAPE,
            slice_thickness_mm=8.0,
        ),
        times_ms=np.outer(np.arange(PHASES) / PHASES, rr_ms),
        rr_ms=rr_ms,
    )
    sequence = Sequence(
        name="*tfi2d1_12",
        image_type=("ORIGINAL", "PRIMARY", "M", "RETRO", "NORM"),
        scanning_sequence="GR",
        sequence_variant="SK\\SS",
        scan_options=("CG", "PER"),
        echo_time_ms=1.43,
        repetition_time_ms=38.5,
        flip_angle_deg=62.0,
        field_strength_t=3.0,
    )
    made = Acquisition("cine", volume, sequence, series_number=5)
    return replace(made, **changes)


def scout() -> Acquisition:
    """One axial image without gating."""
    volume = Volume4D(
        data=np.full((1, 1, *SHAPE), 300.0),
        geometry=StackGeometry(
            positions_mm=np.array([[-120.0, -100.0, 5.0]]),
            row_cosine=np.array([1.0, 0.0, 0.0]),
            column_cosine=np.array([0.0, 1.0, 0.0]),
            pixel_spacing_mm=SPACING_MM,
            shape=SHAPE,
            slice_thickness_mm=8.0,
        ),
    )
    sequence = replace(cine().sequence, scan_options=("PFP",))
    return Acquisition("localizer", volume, sequence, series_number=1)


def write(folder: Path, layout: str, syntax: Syntax = Syntax.EXPLICIT, **options: object) -> list:
    acquisition = options.pop("acquisition", None) or cine()
    person = options.pop("person", PERSON)
    identity = options.pop("identity", IDENTITY)
    given = (folder, acquisition, person, identity)
    if layout == "enhanced":
        return write_enhanced(*given, syntax=syntax, **options)
    split = layout == "series per slice"
    return write_classic(*given, one_series_per_slice=split, syntax=syntax, **options)


def read(folder: Path) -> tuple[Study, CineImages]:
    [study] = index_input(folder, READER).studies
    selection = select(study, SELECTION)
    assert selection.cine is not None, selection.cine_refusal
    return study, read_cine(selection.cine)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("syntax", Syntax)
def test_the_reader_finds_what_was_acquired(tmp_path: Path, layout: str, syntax: Syntax) -> None:
    paths = write(tmp_path, layout, syntax)
    study, images = read(tmp_path)
    made, found = cine().volume, images.volume
    assert {dcmread(p).file_meta.TransferSyntaxUID for p in paths} == {SYNTAXES[syntax]}
    assert np.array_equal(found.data, made.data)
    assert np.allclose(found.times_ms, made.times_ms, atol=1e-9, rtol=0)
    assert np.array_equal(found.rr_ms, made.rr_ms)
    assert np.allclose(found.geometry.positions_mm, made.geometry.positions_mm, atol=1e-9, rtol=0)
    assert np.allclose(found.geometry.row_cosine, ROW, atol=1e-12, rtol=0)
    assert np.allclose(found.geometry.column_cosine, COLUMN, atol=1e-12, rtol=0)
    assert found.geometry.pixel_spacing_mm == SPACING_MM
    assert found.geometry.slice_thickness_mm == 8.0
    assert (study.subject.height_cm, study.subject.weight_kg) == pytest.approx((172.5, 68.25))
    assert len(study.series) == (len(HEIGHTS_MM) if layout == "series per slice" else 1)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("make", [cine, scout])
def test_the_validators_find_no_error(tmp_path: Path, layout: str, make: object) -> None:
    paths = write(tmp_path, layout, acquisition=make())
    for path in paths[:: max(len(paths) // 4, 1)]:
        assert dciodvfy_errors(path) == []
    assert dcentvfy_errors(paths, []) == []


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("syntax", sorted(set(Syntax) - {Syntax.DEFLATED}))
def test_files_of_each_syntax_are_valid(tmp_path: Path, layout: str, syntax: Syntax) -> None:
    assert dciodvfy_errors(write(tmp_path, layout, syntax)[0]) == []


@pytest.mark.parametrize("layout", LAYOUTS)
def test_deflated_files_hold_what_plain_ones_do(tmp_path: Path, layout: str) -> None:
    # dciodvfy reads no deflated file, not even pydicom's sample image_dfl.dcm.
    plain = write(tmp_path / "plain", layout)
    deflated = write(tmp_path / "deflated", layout, Syntax.DEFLATED)
    assert [dcmread(p).to_json() for p in plain] == [dcmread(p).to_json() for p in deflated]


@pytest.mark.parametrize("layout", ["series per slice", "enhanced"])
@pytest.mark.parametrize("syntax", Syntax)
def test_the_same_input_gives_the_same_bytes(tmp_path: Path, layout: str, syntax: Syntax) -> None:
    first, second = (write(tmp_path / name, layout, syntax) for name in "ab")
    assert [p.relative_to(tmp_path / "a") for p in first] == [
        p.relative_to(tmp_path / "b") for p in second
    ]
    assert [p.read_bytes() for p in first] == [p.read_bytes() for p in second]


def test_series_and_file_names(tmp_path: Path) -> None:
    split = write(tmp_path / "split", "series per slice", suffix="")
    whole = write(tmp_path / "whole", "one series")
    assert split[0] == tmp_path / "split/s0005/i0001"
    assert split[-1] == tmp_path / "split/s0008/i0012"
    assert whole[-1] == tmp_path / "whole/s0005/i0048.dcm"
    assert all(p.is_file() for p in [*split, *whole])
    assert [dcmread(p).SeriesNumber for p in split[::PHASES]] == [5, 6, 7, 8]
    assert [dcmread(p).SeriesTime for p in split[::PHASES]] == [
        "100000.000000",
        "100012.000000",
        "100024.000000",
        "100036.000000",
    ]
    assert {dcmread(p).SeriesTime for p in whole} == {"100000.000000"}


def test_tags_of_a_gated_image(tmp_path: Path) -> None:
    last = dcmread(write(tmp_path, "one series")[-1])
    assert last.ImageType == ["ORIGINAL", "PRIMARY", "M", "RETRO", "NORM"]
    assert (last.NominalInterval, last.CardiacNumberOfImages) == (861, 12)
    assert last.TriggerTime == 789.25
    assert last.AcquisitionTime == "100036.000000"
    assert last.MagneticFieldStrength == 3
    assert "SpacingBetweenSlices" not in last


def test_unknown_times_and_body_size_leave_no_tags(tmp_path: Path) -> None:
    nameless = replace(PERSON, height_cm=math.nan, weight_kg=math.nan)
    classic, *_ = write(tmp_path / "c", "one series", acquisition=scout(), person=nameless)
    enhanced, *_ = write(tmp_path / "e", "enhanced", acquisition=scout(), person=nameless)
    absent = ("TriggerTime", "NominalInterval", "CardiacNumberOfImages")
    body = ("PatientSize", "PatientWeight")
    assert not [k for k in (*absent, *body) if k in dcmread(classic)]
    [frame] = dcmread(enhanced).PerFrameFunctionalGroupsSequence
    assert "CardiacSynchronizationSequence" not in frame
    assert not [k for k in body if k in dcmread(enhanced)]


def test_frames_of_the_enhanced_image(tmp_path: Path) -> None:
    [path] = write(tmp_path, "enhanced")
    frames = dcmread(path).PerFrameFunctionalGroupsSequence
    content = [f.FrameContentSequence[0] for f in frames]
    assert [tuple(c.DimensionIndexValues) for c in content] == [
        (1, z, t) for z in (1, 2, 3, 4) for t in range(1, 13)
    ]
    last = frames[-1].CardiacSynchronizationSequence[0]
    assert last.NominalCardiacTriggerDelayTime == 789.25
    assert last.RRIntervalTimeNominal == 861.0


@pytest.mark.parametrize("layout", LAYOUTS)
def test_spin_echo_is_valid(tmp_path: Path, layout: str) -> None:
    sequence = replace(cine().sequence, scanning_sequence="SE", sequence_variant="NONE")
    [first, *_] = write(tmp_path, layout, acquisition=cine(sequence=sequence))
    assert dciodvfy_errors(first) == []


def test_inversion_recovery_is_valid_as_classic(tmp_path: Path) -> None:
    sequence = replace(cine().sequence, scanning_sequence="GR\\IR")
    first = write(tmp_path, "one series", acquisition=cine(sequence=sequence))[0]
    assert list(dcmread(first).ScanningSequence) == ["GR", "IR"]
    assert dciodvfy_errors(first) == []


def without(attribute: str) -> Acquisition:
    """The cine, but one thing that an Enhanced MR image must hold is not known."""
    made = cine()
    volume, sequence = made.volume, made.sequence
    times = np.array(volume.times_ms)
    times[3, 1] = np.nan
    changes = {
        "original": {"sequence": replace(sequence, image_type=("DERIVED", "PRIMARY", "M"))},
        "no inversion": {"sequence": replace(sequence, scanning_sequence="GR\\IR")},
        "thickness": {
            "volume": replace(
                volume, geometry=replace(volume.geometry, slice_thickness_mm=math.nan)
            )
        },
        "trigger times": {"volume": replace(volume, times_ms=times)},
        "RR interval": {"volume": replace(volume, rr_ms=np.full(len(HEIGHTS_MM), np.nan))},
    }
    return replace(made, **changes[attribute])


@pytest.mark.parametrize(
    "attribute", ["original", "no inversion", "thickness", "trigger times", "RR interval"]
)
def test_an_enhanced_image_without_what_it_must_hold_is_refused(
    tmp_path: Path, attribute: str
) -> None:
    with pytest.raises(ValueError, match=f"^Enhanced MR: expected [^,]*{attribute}[^,]*$"):
        write(tmp_path, "enhanced", acquisition=without(attribute))
    assert not list(tmp_path.rglob("*.dcm"))


def test_another_seed_gives_other_uids(tmp_path: Path) -> None:
    one, two = (
        dcmread(write(tmp_path / str(seed), "one series", identity=Identity(seed))[0])
        for seed in (7, 8)
    )
    for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"):
        assert one[keyword].value != two[keyword].value
    assert one.StudyInstanceUID == IDENTITY.uid("study")


def test_parts_of_a_uid_do_not_run_together() -> None:
    assert len({IDENTITY.uid("a", "bc"), IDENTITY.uid("ab", "c"), IDENTITY.uid("a", 1, 2),
                IDENTITY.uid("a", 12)}) == 4  # fmt: skip


@pytest.mark.parametrize("value", [-1.0, 4096.0, math.nan])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_values_that_do_not_fit_are_refused(tmp_path: Path, layout: str, value: float) -> None:
    made = cine()
    data = np.array(made.volume.data)
    data[0, 0, 0, 0] = value
    with pytest.raises(ValueError, match="expected 0 to 4095"):
        write(tmp_path, layout, acquisition=replace(made, volume=made.volume.with_data(data)))
    assert not list(tmp_path.rglob("*.dcm"))
