"""The short-axis cine is found among everything else, by geometry and time."""

import random
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import LegacyConvertedEnhancedMRImageStorage
from scipy.spatial.transform import Rotation

from dicomio.index import Study, index_input
from dicomio.kinds import SeriesKind
from dicomio.selection import Selection, SelectionSettings, SeriesRule, select
from dicomio.short_axis import angle_deg
from tests.dicom_factory import (
    AXIAL,
    CORONAL,
    READER,
    SAGITTAL,
    SELECTION,
    SHORT_AXIS,
    cine_slice,
    enhanced,
    header,
    position,
    study,
    uid,
    write,
)

pytestmark = pytest.mark.requirement("CINE-10")

# A long-axis plane: contains the short-axis normal and the short-axis row direction.
FOUR_CHAMBER = ((0.8, 0.6, 0.0), (0.48, -0.64, -0.6))
# The six short-axis series of the real study, read off its positions by hand.
BIVME_SHORT_AXIS = {7001, 8001, 9001, 10001, 11001, 12001}


def short_axis(heights: list[float], phases: int = 12, **changes: Any) -> list[Dataset]:
    """One series a slice."""
    return [
        ds
        for height in heights
        for ds in cine_slice(SHORT_AXIS, height, phases, f"sa{height}", **changes)
    ]


def one_series(datasets: list[Dataset], name: str) -> list[Dataset]:
    for n, ds in enumerate(datasets):
        ds.SeriesInstanceUID, ds.InstanceNumber = uid(name), n + 1
    return datasets


def run(*series: list[Dataset], **rules: tuple[SeriesRule, ...]) -> Selection:
    return select(study(*series), SELECTION.model_copy(update=rules))


def used(selection: Selection) -> set[str]:
    return {d.series_uid for d in selection.decisions if d.used}


def check_bivme(selection: Selection, short_axis_uids: set[str]) -> None:
    assert used(selection) == short_axis_uids
    assert selection.cine is not None
    assert (len(selection.cine.frames), selection.cine.geometry.n_slices) == (25, 6)
    assert selection.cine.geometry.pitch_mm == pytest.approx(17.7, abs=0.01)
    refused = [d for d in selection.decisions if not d.used]
    assert len(refused) == 5
    assert all(len(d.reason) > 20 and d.images_used == 0 for d in refused)
    assert sum(d.images_used for d in selection.decisions) == 150


@pytest.fixture(scope="module")
def bivme_study() -> Study:
    from tests.conftest import shared_path

    [found] = index_input(shared_path("data/bivme_cine"), READER).studies
    return found


def bivme_uids(found: Study) -> set[str]:
    return {s.uid for s in found.series if s.images[0].series_number in BIVME_SHORT_AXIS}


@pytest.mark.real_data
def test_real_study(bivme_study: Study) -> None:
    selection = select(bivme_study, SELECTION)
    check_bivme(selection, bivme_uids(bivme_study))
    assert selection.cine is not None
    # RR of the six slices as their headers have it, from apex to base.
    assert sorted(selection.cine.rr_ms) == [776, 814, 829, 831, 860, 863]
    assert (np.diff(selection.cine.times_ms, axis=0) > 30).all()


def scrambled(found: Study, **changes: Any) -> Study:
    """Shuffle series and images; change header fields, by function of a random generator."""
    rng = random.Random(5)
    series = []
    for one in found.series:
        values = {key: make(rng) for key, make in changes.items()}
        records = [replace(image, **values) for image in one.images]
        rng.shuffle(records)
        series.append(replace(one, images=tuple(records)))
    rng.shuffle(series)
    return replace(found, series=tuple(series))


NAN = float("nan")


@pytest.mark.real_data
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"description": lambda _: "", "protocol": lambda _: ""},
        {"series_number": lambda _: NAN},
        {"series_number": lambda r: float(r.randrange(1000))},
        {
            "description": lambda r: r.choice(["cine 4CH", "SAX", "RVOT", "T1 map", "abc"]),
            "protocol": lambda r: r.choice(["2CH", ""]),
        },
        {"acquired_s": lambda _: NAN, "acquisition_number": lambda _: NAN},
        {"sequence_name": lambda _: "", "rr_ms": lambda _: NAN, "image_type": lambda _: ()},
        {"trigger_time_ms": lambda _: NAN},  # instance numbers remain
    ],
)
def test_real_study_with_scrambled_headers(bivme_study: Study, changes: dict[str, Any]) -> None:
    selection = select(scrambled(bivme_study, **changes), SELECTION)
    check_bivme(selection, bivme_uids(bivme_study))
    plain = select(bivme_study, SELECTION)
    assert selection.cine is not None
    assert plain.cine is not None
    assert selection.cine.frames == plain.cine.frames


@pytest.mark.real_data
def test_real_study_written_again_with_blank_names_and_other_folders(
    bivme: Path, bivme_study: Study, tmp_path: Path
) -> None:
    rng = random.Random(1)
    paths = sorted(p for p in bivme.rglob("*") if p.is_file())
    for n, path in enumerate(rng.sample(paths, len(paths))):
        ds = dcmread(path)
        ds.remove_private_tags()
        ds.SeriesDescription = ds.ProtocolName = ""
        ds.SeriesNumber = rng.randrange(100)
        target = tmp_path / str(n % 7) / f"f{n}"
        target.parent.mkdir(exist_ok=True)
        ds.save_as(target)
    index = index_input(tmp_path, READER)
    assert index.count.images == 275
    check_bivme(select(index.studies[0], SELECTION), bivme_uids(bivme_study))


@pytest.mark.parametrize("layout", ["one series a slice", "one series", "slice-major"])
def test_layouts(layout: str) -> None:
    datasets = short_axis([0, 10, 20, 30])
    if layout == "one series":
        datasets = one_series(sorted(datasets, key=lambda d: d.TriggerTime), "all")
    elif layout == "slice-major":
        datasets = one_series(datasets, "all")
    selection = run(datasets)
    assert selection.cine is not None
    assert selection.cine_refusal == ""
    assert selection.cine.geometry.slice_positions_mm == pytest.approx(
        [np.dot(position(SHORT_AXIS, h), np.cross(*SHORT_AXIS)) for h in (0, 10, 20, 30)], abs=1e-3
    )
    assert selection.cine.times_ms[:, 0] == pytest.approx(np.arange(12) * 800 / 12, abs=1e-3)
    assert [len(phase) for phase in selection.cine.frames] == [4] * 12


def test_phases_match_by_rank_when_heart_rates_differ() -> None:
    slow = cine_slice(SHORT_AXIS, 20, 12, "slow", NominalInterval=1000)
    for n, ds in enumerate(slow):
        ds.TriggerTime = 1000 * n / 12
    selection = run(short_axis([0, 10]), slow)
    assert selection.cine is not None
    assert selection.cine.times_ms[6] == pytest.approx([400, 400, 500], abs=1e-3)
    assert list(selection.cine.rr_ms) == [800, 800, 1000]


@pytest.mark.parametrize("plane", [AXIAL, CORONAL, SAGITTAL, FOUR_CHAMBER])
def test_stacks_in_other_directions_are_refused(plane: Any) -> None:
    datasets = [ds for h in range(0, 100, 10) for ds in cine_slice(plane, h, 12, "other")]
    selection = run(datasets)
    assert selection.cine is None
    assert "no cine lies in short-axis direction" in selection.cine_refusal
    [decision] = selection.decisions
    assert decision.kind != SeriesKind.CINE_SHORT_AXIS
    forced = run(
        datasets, force=(SeriesRule(series_uid=uid("other"), series_number=None, description=None),)
    )
    assert forced.cine is not None
    assert forced.cine.geometry.n_slices == 10


@pytest.mark.parametrize(
    "axis",  # base to apex, LPS: usual, horizontal and vertical hearts
    [(0.6, -0.6, -0.53), (0.8, -0.55, -0.2), (0.35, -0.5, -0.8), (0.75, -0.3, -0.6)],
)
@pytest.mark.parametrize("turn", [0.0, 40.0, 180.0])
def test_short_axis_of_differently_lying_hearts(axis: tuple[float, ...], turn: float) -> None:
    normal = np.array(axis) / np.linalg.norm(axis)
    row = np.cross(normal, [0, 0, 1.0])
    row /= np.linalg.norm(row)
    column = np.cross(normal, row)
    angle = np.radians(turn)
    rows = np.cos(angle) * row + np.sin(angle) * column
    plane = (tuple(rows), tuple(np.cross(normal, rows)))
    datasets = [ds for h in (0, 10, 20) for ds in cine_slice(plane, h, 12, "sa")]
    selection = run(datasets)
    assert selection.cine is not None


@pytest.mark.parametrize("frontal_deg", [8, 38, 68])  # mean and three SD, Engblom 2005
@pytest.mark.parametrize("transverse_deg", [25, 46, 67])
def test_the_cone_holds_healthy_hearts_and_no_body_plane(
    frontal_deg: float, transverse_deg: float
) -> None:
    rules = SELECTION.short_axis
    axis = (1, -np.tan(np.radians(transverse_deg)), -np.tan(np.radians(frontal_deg)))
    assert angle_deg(axis, rules.long_axis_lps) < rules.max_angle_deg
    for plane in (AXIAL, CORONAL, SAGITTAL):
        assert angle_deg(np.cross(*plane), rules.long_axis_lps) > rules.max_angle_deg + 5


def test_short_axis_among_a_larger_axial_stack_and_long_axis_views() -> None:
    axial = [ds for h in range(0, 150, 10) for ds in cine_slice(AXIAL, h, 12, "axial")]
    long_axis = cine_slice(FOUR_CHAMBER, 0, 12, "4ch")
    selection = run(axial, long_axis, one_series(short_axis([0, 10, 20, 30]), "sa"))
    assert used(selection) == {uid("sa")}
    kinds = {d.series_uid: d.kind for d in selection.decisions}
    assert kinds[uid("4ch")] == SeriesKind.CINE_LONG_AXIS
    assert kinds[uid("axial")] == SeriesKind.CINE_OTHER
    assert len(selection.others[SeriesKind.CINE_LONG_AXIS]) == 1


def test_too_few_slices() -> None:
    selection = run(short_axis([0, 10]))
    assert selection.cine is None
    assert "has 2 slices, at least 3 are needed" in selection.cine_refusal


def test_no_cine_at_all() -> None:
    selection = run([header()])
    assert selection.cine is None
    assert selection.cine_refusal.startswith("no cine")
    assert [d.used for d in selection.decisions] == [False]


@pytest.mark.requirement("CINE-12")
def test_repeated_slice_is_taken_from_the_later_series() -> None:
    again = cine_slice(SHORT_AXIS, 10, 12, "again", SeriesNumber=7)
    selection = run(short_axis([0, 10, 20]), again)
    assert used(selection) == {uid("sa0"), uid("again"), uid("sa20")}
    reasons = {d.series_uid: d.reason for d in selection.decisions}
    assert "repeated later in another series" in reasons[uid("sa10")]


def test_later_of_two_equal_stacks_wins_with_a_reason() -> None:
    early = one_series(short_axis([0, 10, 20], AcquisitionDateTime="20240101100000"), "early")
    late = one_series(
        short_axis([0, 10, 20], AcquisitionDateTime="20240101103000", PixelSpacing=[1.4, 1.4]),
        "late",
    )
    selection = run(early, late)
    assert used(selection) == {uid("late")}
    [reason] = [d.reason for d in selection.decisions if not d.used]
    assert "another stack" in reason


def test_original_images_before_a_larger_processed_stack() -> None:
    processed = short_axis([0, 5, 10, 15, 20], ImageType=["DERIVED", "PRIMARY", "M", "INTP"])
    for n, ds in enumerate(processed):
        ds.SOPInstanceUID, ds.PixelSpacing = uid(f"d{n}"), [1.0, 1.0]
    selection = run(
        one_series(processed, "processed"), one_series(short_axis([0, 10, 20]), "original")
    )
    assert used(selection) == {uid("original")}


def test_aortic_valve_stack_gives_way_even_when_it_is_later() -> None:
    # 12 degrees off the short axis, with as many slices, acquired later.
    tilt = Rotation.from_rotvec(np.radians(12) * np.array(SHORT_AXIS[0]))
    plane = (SHORT_AXIS[0], tuple(tilt.apply(SHORT_AXIS[1])))
    valve = [
        ds
        for h in (50, 56, 62)
        for ds in cine_slice(plane, h, 12, "av", SeriesDescription="AORTIC VALVE", SeriesNumber=99)
    ]
    selection = run(one_series(short_axis([0, 10, 20]), "sa"), valve)
    assert used(selection) == {uid("sa")}


def test_series_of_several_orientations() -> None:
    mixed = one_series(short_axis([0, 10, 20]) + cine_slice(FOUR_CHAMBER, 0, 12, "4ch"), "mixed")
    [decision] = run(mixed).decisions
    assert (decision.images, decision.images_used) == (48, 36)
    assert "also 12 images of kind cine long axis" in decision.reason


def test_slice_with_a_missing_phase_is_left_out_and_named() -> None:
    selection = run(short_axis([0, 10, 20, 30])[:-1])
    assert selection.cine is not None
    assert selection.cine.geometry.n_slices == 3
    [reason] = [d.reason for d in selection.decisions if not d.used]
    assert re.search(r"slice at -?[\d.]+ mm left out: 11 phases where the stack has 12", reason)
    [sentence] = selection.cine.left_out
    assert "position 4: 11 phases" in sentence


def test_flow_magnitude_beside_its_phase_images() -> None:
    magnitude = cine_slice(SHORT_AXIS, 50, 12, "mag")
    phase = cine_slice(SHORT_AXIS, 50, 12, "phase", ImageType=["ORIGINAL", "PRIMARY", "P", "ND"])
    for n, ds in enumerate(phase):
        ds.SOPInstanceUID = uid(f"p{n}")
    selection = run(short_axis([0, 10, 20]), magnitude, phase)
    kinds = {d.series_uid: d.kind for d in selection.decisions}
    assert kinds[uid("mag")] == kinds[uid("phase")] == SeriesKind.FLOW
    assert selection.cine is not None
    assert selection.cine.geometry.n_slices == 3


@pytest.mark.requirement("CINE-13")
def test_forbidden_series_is_not_used() -> None:
    rule = SeriesRule(series_uid=None, series_number=None, description="^bad")
    datasets = short_axis([0, 10, 20, 30])
    for ds in datasets[:12]:
        ds.SeriesDescription = "Bad slice"
    selection = run(datasets, forbid=(rule,))
    assert selection.cine is not None
    assert selection.cine.geometry.n_slices == 3
    [reason] = [d.reason for d in selection.decisions if not d.used]
    assert "forbidden by a rule" in reason


@pytest.mark.requirement("CINE-13")
def test_rule_needs_all_its_keys_and_at_least_one() -> None:
    [series] = study(cine_slice(AXIAL, 0, 2, "a", SeriesDescription="x")).series
    number, name = {"series_number": 1}, {"description": "y"}
    blank = {"series_uid": None, "series_number": None, "description": None}
    assert not SeriesRule(**blank).matches(series)
    assert SeriesRule(**{**blank, **number}).matches(series)
    assert not SeriesRule(**{**blank, **number, **name}).matches(series)


@pytest.mark.requirement("CINE-13")
def test_rule_with_a_broken_expression() -> None:
    with pytest.raises(ValueError, match="not a regular expression"):
        SeriesRule(series_uid=None, series_number=None, description="(")


def test_orthogonal_localizer_without_a_name() -> None:
    planes = [AXIAL, CORONAL, SAGITTAL]
    datasets = [
        header(
            SOPInstanceUID=uid(str(n)),
            ImagePositionPatient=position(plane, 0),
            ImageOrientationPatient=[*plane[0], *plane[1]],
        )
        for n, plane in enumerate(planes)
    ]
    [decision] = run(datasets).decisions
    assert decision.kind == SeriesKind.SCOUT


def test_enhanced_multi_frame(tmp_path: Path) -> None:
    ds = enhanced(SHORT_AXIS, [0.0, 10.0, 20.0], 12)
    write(ds, tmp_path / "e.dcm", np.zeros((36, 40, 36), np.uint16))
    [found] = index_input(tmp_path, READER).studies
    selection = select(found, SELECTION)
    assert selection.cine is not None
    numbers = [[ref.frame_number for ref in phase] for phase in selection.cine.frames]
    assert numbers == np.arange(1, 37).reshape(12, 3).tolist()
    assert selection.cine.times_ms[3] == pytest.approx([200.0] * 3)
    assert list(selection.cine.rr_ms) == [800] * 3


def test_legacy_converted_multi_frame(tmp_path: Path) -> None:
    """Classic attributes sit in the unassigned converted attributes of each frame."""
    ds = enhanced(SHORT_AXIS, [0.0, 10.0, 20.0], 12)
    ds.SOPClassUID = LegacyConvertedEnhancedMRImageStorage
    for group in ds.PerFrameFunctionalGroupsSequence:
        cardiac = group.CardiacSynchronizationSequence[0]
        item = Dataset()
        item.TriggerTime, item.NominalInterval = cardiac.NominalCardiacTriggerDelayTime, 800
        group.UnassignedPerFrameConvertedAttributesSequence = [item]
        del group.CardiacSynchronizationSequence, group.FrameContentSequence
    write(ds, tmp_path / "e.dcm", np.zeros((36, 40, 36), np.uint16))
    [found] = index_input(tmp_path, READER).studies
    cine = select(found, SELECTION).cine
    assert cine is not None
    assert cine.times_ms[3] == pytest.approx([200.0] * 3)


def test_reasons_hold_no_description() -> None:
    selection = run(short_axis([0, 10, 20], SeriesDescription="cine of Jane Doe"))
    assert all("Jane" not in d.reason for d in selection.decisions)


@pytest.mark.requirement("CINE-04")
def test_settings_are_complete() -> None:
    with pytest.raises(ValueError, match="short_axis"):
        SelectionSettings.model_validate({**SELECTION.model_dump(), "short_axis": None})
