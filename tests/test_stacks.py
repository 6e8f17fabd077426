"""Grouping slices into stacks: invariant under order, rigid motion and jitter."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from dicomio.parts import split
from dicomio.slices import CineSlice, cine_slices, in_time_order
from dicomio.stacks import Stack, group, latest
from tests.dicom_factory import (
    SELECTION,
    SHORT_AXIS,
    changed,
    cine_slice,
    header,
    images,
    position,
    uid,
)

pytestmark = pytest.mark.requirement("CINE-10")

PHASES = 3
TEMPLATE = images(cine_slice(SHORT_AXIS, 0, PHASES, "template"))


def slices(heights: list[float], **changes: Any) -> list[CineSlice]:
    """One slice a series at each height along the short axis."""
    made = []
    for height in heights:
        place = tuple(position(SHORT_AXIS, height))
        series = uid(f"{height}{sorted(changes.items())}")
        records = (
            changed(image, position_mm=place, series_uid=series, **changes) for image in TEMPLATE
        )
        made.append(CineSlice(tuple(records)))
    return made


def heights(stack: Stack) -> list[float]:
    start = np.array(position(SHORT_AXIS, 0))
    normal = np.cross(*SHORT_AXIS)
    return [round(float((s.position_mm - start) @ normal), 3) for s in stack.slices]


def moved(slice_: CineSlice, rotation: Rotation, shift: np.ndarray) -> CineSlice:
    place = tuple(rotation.apply(slice_.position_mm) + shift)
    directions = tuple(rotation.apply(slice_.orientation).ravel())
    records = (changed(i, position_mm=place, orientation=directions) for i in slice_.images)
    return CineSlice(tuple(records))


@settings(max_examples=50, deadline=None)
@given(
    order=st.permutations(range(8)),
    angles=st.tuples(*[st.floats(-180, 180)] * 3),
    shift=st.tuples(*[st.floats(-300, 300)] * 3),
    seed=st.integers(0, 1000),
)
def test_order_rigid_motion_and_jitter_change_nothing(
    order: list[int],
    angles: tuple[float, ...],
    shift: tuple[float, ...],
    seed: int,
) -> None:
    rotation = Rotation.from_euler("xyz", angles, degrees=True)
    rng = np.random.default_rng(seed)
    stack = slices([10.0 * i for i in range(6)])
    odd = slices([200.0], pixel_spacing_mm=(1.0, 1.0)) + slices([210.0], shape=(64, 64))
    all_moved = [
        moved(s, rotation, np.array(shift) + rng.normal(0, 0.01, 3)) for s in [*stack, *odd]
    ]
    found = group([all_moved[i] for i in order], SELECTION.stack)
    assert [len(s.slices) for s in found] == [6, 1, 1]
    wanted = [s.first.series_uid for s in stack]
    assert [s.first.series_uid for s in found[0].slices] == wanted  # ascending along the normal


@pytest.mark.parametrize(
    "changes",
    [
        {"pixel_spacing_mm": (1.4, 1.5)},
        {"shape": (36, 40)},
        {"frame_of_reference_uid": "1.2.3"},
    ],
)
def test_other_grids_stay_apart(changes: dict[str, Any]) -> None:
    found = group(slices([0, 10, 20]) + slices([30, 40], **changes), SELECTION.stack)
    assert [len(s.slices) for s in found] == [3, 2]


@pytest.mark.parametrize(("degrees", "together"), [(0.5, True), (2.0, False)])
def test_tilted_slices(degrees: float, together: bool) -> None:
    tilt = Rotation.from_rotvec(np.radians(degrees) * np.array(SHORT_AXIS[0]))
    tilted = [moved(s, tilt, np.zeros(3)) for s in slices([30])]
    directions = tuple(tilted[0].orientation.ravel())
    replaced = [
        CineSlice(tuple(changed(i, orientation=directions) for i in s.images)) for s in slices([30])
    ]
    found = group(slices([0, 10, 20]) + replaced, SELECTION.stack)
    assert (len(found) == 1) == together


def test_shifted_in_plane() -> None:
    aside = tuple(np.array(position(SHORT_AXIS, 30)) + 20 * np.array(SHORT_AXIS[0]))
    strayed = [
        CineSlice(tuple(changed(i, position_mm=aside) for i in s.images)) for s in slices([30])
    ]
    found = group(slices([0, 10, 20]) + strayed, SELECTION.stack)
    assert [len(s.slices) for s in found] == [3, 1]


def test_uneven_gaps_are_kept() -> None:
    [stack] = group(slices([0, 10, 33, 35.5]), SELECTION.stack)
    assert heights(stack) == [0, 10, 33, 35.5]


@pytest.mark.requirement("CINE-12")
@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"acquired_s": 10.0, "series_number": 9.0}, {"acquired_s": 20.0, "series_number": 1.0}),
        ({"series_time_s": 10.0}, {"series_time_s": 20.0}),
        ({"series_number": 3.0}, {"series_number": 4.0}),
        (  # one lacks the time: it cannot be compared, the series number decides
            {"acquired_s": 10.0, "series_number": 3.0},
            {"series_number": 4.0},
        ),
    ],
)
def test_the_later_repeat_wins(first: dict[str, Any], second: dict[str, Any]) -> None:
    nan = float("nan")
    blank = {"acquired_s": nan, "series_time_s": nan, "series_number": nan}
    one, two = slices([10], **{**blank, **first}), slices([10.2], **{**blank, **second})
    assert latest([*one, *two]) is two[0]
    [stack] = group([*two, *slices([0, 20]), *one], SELECTION.stack)
    assert stack.slices[1] is two[0]
    assert [(s is one[0], why) for s, why in stack.left_out] == [
        (True, "repeated later in another series")
    ]


def test_an_original_is_kept_before_a_later_derived_copy() -> None:
    copy = slices([10], image_type=("DERIVED", "PRIMARY", "M"), acquired_s=99.0)
    [stack] = group(slices([0, 10, 20], acquired_s=1.0) + copy, SELECTION.stack)
    assert all("ORIGINAL" in s.first.image_type for s in stack.slices)
    assert [why for _, why in stack.left_out] == ["a processed copy of images that are there"]


def test_repeat_with_another_phase_count_is_left_out() -> None:
    later = [CineSlice(s.images[:2]) for s in slices([10], acquired_s=99.0)]
    [stack] = group(slices([0, 10, 20], acquired_s=1.0) + later, SELECTION.stack)
    assert heights(stack) == [0, 10, 20]
    assert [why for _, why in stack.left_out] == ["2 phases where the stack has 3"]
    assert stack.lost == ()


def test_slice_with_a_missing_image_is_left_out() -> None:
    short = [CineSlice(s.images[1:]) for s in slices([30])]
    [stack] = group(slices([0, 10, 20]) + short, SELECTION.stack)
    assert heights(stack) == [0, 10, 20]
    assert [why for _, why in stack.left_out] == ["2 phases where the stack has 3"]
    assert stack.lost == (
        "Short-axis cine, position 4: 2 phases where the stack has 3; the slice is left out.",
    )


@pytest.mark.parametrize(
    "field", ["trigger_time_ms", "temporal_index", "instance_number", "acquired_s"]
)
def test_time_order_and_its_stand_ins(field: str) -> None:
    nan = float("nan")
    blank = {
        "trigger_time_ms": nan,
        "temporal_index": nan,
        "instance_number": nan,
        "acquired_s": nan,
    }
    shuffled = [changed(TEMPLATE[0], **{**blank, field: value}) for value in (3.0, 1.0, 2.0)]
    assert [getattr(i, field) for i in in_time_order(shuffled)] == [1, 2, 3]


def test_constant_trigger_times_do_not_order() -> None:
    same = [changed(TEMPLATE[0], trigger_time_ms=500.0, instance_number=n) for n in (2.0, 3.0, 1.0)]
    assert [i.instance_number for i in in_time_order(same)] == [1, 2, 3]
    assert np.isnan(CineSlice(in_time_order(same)).times_ms).all()


def test_two_acquisitions_of_a_slice_in_one_series_are_taken_apart() -> None:
    datasets = [
        header(
            SOPInstanceUID=uid(f"{acquisition}{phase}"),
            TriggerTime=100 * phase,
            AcquisitionNumber=acquisition,
            InstanceNumber=phase + 1,
        )
        for acquisition in (1, 2)
        for phase in range(4)
    ]
    [part] = split(images(datasets))
    found = cine_slices(part)
    assert [s.n_phases for s in found] == [4, 4]
    assert {i.acquisition_number for i in found[0].images} == {1}
    [stack] = group(found, SELECTION.stack)
    assert {i.acquisition_number for i in stack.slices[0].images} in ({1}, {2})
    assert [why for _, why in stack.left_out] == ["repeated later in the same series"]


def test_an_aborted_acquisition_is_told_from_the_complete_one() -> None:
    """Four phases taken twice, after a first try that stopped at the second phase."""
    datasets = [
        header(SOPInstanceUID=uid(f"{n}"), TriggerTime=100 * (n % 4), InstanceNumber=n + 1)
        for n in (0, 1, 4, 5, 6, 7)
    ]
    others = [
        header(
            SOPInstanceUID=uid(f"{h}-{n}"),
            TriggerTime=100 * n,
            ImagePositionPatient=[0, 0, h],
        )
        for h in (10, 20)
        for n in range(4)
    ]
    [part] = split(images(datasets + others))
    [stack] = group(cine_slices(part), SELECTION.stack)
    assert [s.n_phases for s in stack.slices] == [4, 4, 4]
    assert [i.instance_number for i in stack.slices[0].images] == [5, 6, 7, 8]
    assert [why for _, why in stack.left_out] == ["2 phases where the stack has 4"]


def test_cycle_length_from_trigger_times() -> None:
    nan = float("nan")
    even = [changed(TEMPLATE[0], rr_ms=nan, trigger_time_ms=40.0 * n) for n in range(20)]
    assert CineSlice(tuple(even)).rr_ms == 800
    assert CineSlice(tuple(TEMPLATE)).rr_ms == 800  # NominalInterval
    uneven = [changed(i, trigger_time_ms=t) for i, t in zip(even, [0, 10, 500, 520], strict=False)]
    assert np.isnan(CineSlice(tuple(uneven)).rr_ms)
