"""Mapping acquisitions are put together by geometry and time, whatever their series."""

import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from scipy.spatial.transform import Rotation

from cmr.mapping.terms import MapKind, Method
from dicomio.selection import SeriesRule, select
from tests.dicom_factory import AXIAL, SELECTION, SHORT_AXIS, cine_slice, position, study, uid
from tests.mapping_support import (
    HEIGHTS,
    MOLLI_533,
    MOLLI_41312,
    SASHA,
    chosen,
    mapping,
    molli,
    scanner_map,
    source,
    t2_prepared,
)

pytestmark = pytest.mark.requirement("TIS-04")


def by_height(name: str, height: float, **changes: Any) -> list[Dataset]:
    return molli(f"{name}{height}", heights=(height,), start_s=2 * height, **changes)


def check_stack(found: Any) -> None:
    [one] = found.sources
    assert (len(one.frames), one.geometry.n_slices) == (8, 3)
    assert one.times_ms == pytest.approx(
        np.repeat(np.sort([t for t, _ in MOLLI_533])[:, None], 3, axis=1)
    )
    assert one.geometry.pitch_mm == pytest.approx(10)
    # Images 1 to 5 follow the first inversion: 100, 1100, ...; the others the second.
    assert one.inversion[:, 0].tolist() == [1, 2, 1, 2, 1, 2, 1, 1]
    assert one.order[:, 2].tolist() == [1, 6, 2, 7, 3, 8, 4, 5]
    assert (np.diff(np.sort(one.acquired_s, axis=0)[:, 1]) >= 1).all()
    assert one.left_out == ()
    assert one.notes == ()


def test_one_series_of_all_slices() -> None:
    found = mapping(molli("all"))
    check_stack(found)
    assert found.sources[0].acquisition.field_strength_t == 1.5
    assert found.sources[0].cycle_phase == pytest.approx([0.6] * 3)


def test_one_series_a_slice_in_any_order() -> None:
    series = [by_height("one", h) for h in HEIGHTS]
    random.Random(3).shuffle(series)
    check_stack(mapping(*series))


def test_mixed_inversion_times_and_slices_out_of_order_in_one_series() -> None:
    """Siemens XA (dcm2niix#845): slices and times of one series in no order."""
    made = molli("mixed")
    random.Random(4).shuffle(made)
    for n, ds in enumerate(made, start=1):
        ds.InstanceNumber = n
    check_stack(mapping(made))


@settings(max_examples=20, deadline=None)
@given(
    turn=st.tuples(*[st.floats(-3, 3)] * 3),
    gaps=st.lists(st.floats(2.0, 30.0), min_size=1, max_size=3),
    mirrored=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_any_orientation_mirroring_and_order(
    turn: tuple[float, float, float], gaps: list[float], mirrored: bool, seed: int
) -> None:
    """Planes turn in space, images come in any order and in any of two series."""
    heights = tuple(float(h) for h in np.concatenate([[0.0], np.cumsum(gaps)]))
    rotation = Rotation.from_rotvec(turn)
    row, column = rotation.apply([[-1.0 if mirrored else 1.0, 0, 0], [0, 1, 0]])
    normal = np.cross(row, column)
    made = molli("a", heights=heights)
    rng = random.Random(seed)
    own = {h: uid(rng.choice("ab")) for h in heights}
    where = {}
    for n, ds in enumerate(made):
        height = heights[n // len(MOLLI_533)]
        ds.SeriesInstanceUID = own[height]
        ds.ImageOrientationPatient = [round(float(v), 6) for v in (*row, *column)]
        ds.ImagePositionPatient = [
            round(float(v), 4) for v in (-50.0, 20.0, 30.0) + height * normal
        ]
        where[ds.SOPInstanceUID] = (float(ds.InversionTime), height)
    rng.shuffle(made)
    [one] = mapping(*[[ds for ds in made if ds.SeriesInstanceUID == s] for s in set(own.values())]
    ).sources  # fmt: skip
    assert one.geometry.gaps_mm == pytest.approx(np.array(gaps), abs=1e-3)
    found = [[where[f.sop_instance_uid] for f in row_] for row_ in one.frames]
    times = sorted(t for t, _ in MOLLI_533)
    assert found == [[(t, h) for h in heights] for t in times]


def test_inversion_times_as_a_series_each() -> None:
    made = molli("each", SeriesDescription="T1Map_SA", heights=(0.0,))
    for ds in made:
        ds.SeriesInstanceUID = uid(f"each{ds.InversionTime}")
    [one] = mapping(*[[ds] for ds in made]).sources
    assert one.times_ms[:, 0].tolist() == sorted(t for t, _ in MOLLI_533)
    assert one.acquisition.sequence == "MOLLI 5(3)3"


def test_phase_images_follow_their_magnitude_images() -> None:
    phase = molli("phase", ImageType=["ORIGINAL", "PRIMARY", "P", "DIS2D"])
    [one] = mapping(molli("magnitude"), phase).sources
    by_uid = {ds.SOPInstanceUID: ds for ds in molli("magnitude") + phase}
    for row, partners in zip(one.frames, one.phase, strict=True):
        for frame, partner in zip(row, partners, strict=True):
            assert partner is not None
            a, b = by_uid[frame.sop_instance_uid], by_uid[partner.sop_instance_uid]
            assert b.ImageType[2] == "P"
            assert (a.InversionTime, a.ImagePositionPatient) == (
                b.InversionTime,
                b.ImagePositionPatient,
            )


def test_phase_images_without_acquisition_times_follow_the_inversion_times() -> None:
    phase = molli("phase", ImageType=["ORIGINAL", "PRIMARY", "P"], AcquisitionTime=None)
    for ds in phase:
        ds.SeriesDate, ds.SeriesTime = "20240101", "120000"
    time_of = {ds.SOPInstanceUID: float(ds.InversionTime) for ds in phase}
    [one] = mapping(molli("magnitude"), phase).sources
    for row, times in zip(one.phase, one.times_ms, strict=True):
        assert [time_of[p.sop_instance_uid] for p in row if p] == times.tolist()


def test_a_slice_without_all_its_phase_images_has_none() -> None:
    phase = molli("phase", ImageType=["ORIGINAL", "PRIMARY", "P", "DIS2D"])[:-1]
    [one] = mapping(molli("magnitude"), phase).sources
    assert [partner is None for partner in one.phase[0]] == [False, False, True]
    assert any("no phase image" in note for note in one.notes)


def test_results_come_from_magnitude_and_phase_images() -> None:
    phase = molli("phase", ImageType=["ORIGINAL", "PRIMARY", "P", "DIS2D"])[:-1]
    [one] = mapping(molli("magnitude"), phase).sources
    assert one.images.frames[:8] == one.frames
    for found, partners, row in zip(one.images.frames[8:], one.phase, one.frames, strict=True):
        assert found[:2] == partners[:2]
        assert found[2] == row[2]  # the last slice has no phase images
    assert len(one.images.at_slice(0)) == 16
    assert len(one.images.at_slice(2)) == 8
    assert one.images.study_uid == one.acquisition.study_uid


def test_results_of_the_scanners_map_come_from_the_map() -> None:
    [one] = mapping(scanner_map("map")).maps
    assert one.images.frames == (one.frames,)
    assert one.images.geometry is one.geometry


def test_no_phase_images() -> None:
    assert mapping(molli("magnitude")).sources[0].phase == ()


def test_images_that_the_scanner_registered_are_preferred_with_the_reason() -> None:
    moco = molli("moco", ImageType=["ORIGINAL", "PRIMARY", "M", "MOCO", "DIS2D"])
    selection = chosen(molli("plain"), moco)
    [one] = selection.mapping.sources
    assert one.motion_corrected
    assert one.series_uids == (uid("moco"),)
    lines = {d.series_uid: d for d in selection.decisions}
    assert lines[uid("moco")].images_used == 24
    assert not lines[uid("plain")].used
    assert "corrected for motion are used" in lines[uid("plain")].reason


def test_an_incomplete_registered_series_gives_way() -> None:
    moco = molli("moco", heights=HEIGHTS[:2], ImageType=["ORIGINAL", "PRIMARY", "M", "MOCO"])
    [one] = mapping(molli("plain"), moco).sources
    assert not one.motion_corrected
    assert one.geometry.n_slices == 3


def test_a_slice_taken_again_replaces_the_first() -> None:
    again = molli("again", heights=(10.0,), start_s=90)
    selection = chosen(molli("first"), again)
    [one] = selection.mapping.sources
    assert [f.series_uid for f in one.frames[0]] == [uid("first"), uid("again"), uid("first")]
    assert "repeated later" in selection.decisions[0].reason


def test_acquisitions_minutes_apart_stay_apart() -> None:
    found = mapping(molli("early"), molli("late", start_s=900)).sources
    assert [s.series_uids for s in found] == [(uid("early"),), (uid("late"),)]
    assert [s.acquisition.number for s in found] == [1, 2]


def test_without_any_time_the_nth_series_is_the_nth_acquisition() -> None:
    gone = {"AcquisitionTime": None, "AcquisitionDate": None}
    series = [
        molli(f"s{n}", heights=(h,), SeriesNumber=n, **gone)
        for n, h in ((1, 0.0), (2, 10.0), (7, 10.0), (6, 0.0))
    ]
    found = mapping(*series).sources
    assert [s.series_uids for s in found] == [
        (uid("s1"), uid("s2")),
        (uid("s6"), uid("s7")),
    ]
    # Instance numbers do not run by inversion time, so they tell the order.
    assert found[0].order[:, 0].tolist() == [1, 6, 2, 7, 3, 8, 4, 5]


def test_repeats_in_one_series_are_taken_apart() -> None:
    both = molli("twice", AcquisitionNumber=1)
    later = molli("x", AcquisitionNumber=2, start_s=1200)
    for n, ds in enumerate(later, start=1):
        ds.SeriesInstanceUID, ds.InstanceNumber = uid("twice"), 100 + n
    found = mapping(both + later).sources
    assert [s.geometry.n_slices for s in found] == [3, 3]
    assert found[1].acquired_s.min() - found[0].acquired_s.min() == pytest.approx(1200)


def test_sequences_run_one_after_the_other_stay_apart() -> None:
    sasha = source("sasha", SASHA, start_s=100, SeriesDescription="SASHA")
    found = mapping(molli("molli"), sasha).sources
    assert {s.acquisition.method for s in found} == {Method.INVERSION, Method.SATURATION}
    assert [s.geometry.n_slices for s in found] == [3, 3]


def test_two_schemes_at_the_same_positions_stay_apart_with_their_phase_images() -> None:
    phase = {"ImageType": ["ORIGINAL", "PRIMARY", "P", "DIS2D"]}
    long, short = molli("long"), molli("short", MOLLI_41312, start_s=70)
    found = mapping(
        long, molli("p long", **phase), short, molli("p short", MOLLI_41312, start_s=70, **phase)
    ).sources
    assert [s.acquisition.sequence for s in found] == ["MOLLI 5(3)3", "MOLLI 4(1)3(1)2"]
    partners = [{p.series_uid for row in s.phase for p in row if p} for s in found]
    assert partners == [{uid("p long")}, {uid("p short")}]


def test_views_and_matrices_stay_apart() -> None:
    axial = molli("axial", start_s=100, heights=(0.0,))
    for ds in axial:
        ds.ImageOrientationPatient = [*AXIAL[0], *AXIAL[1]]
    wide = molli("wide", start_s=140, heights=(30.0,), Columns=48)
    found = mapping(molli("sax"), axial, wide).sources
    assert [(s.geometry.n_slices, s.geometry.shape) for s in found] == [
        (3, (40, 36)),
        (1, (40, 36)),
        (1, (40, 48)),
    ]


def test_maps_and_sources_share_an_acquisition() -> None:
    found = mapping(
        molli("a"), scanner_map("a map"), molli("b", start_s=900), scanner_map("b map", start_s=900)
    )
    assert [m.acquisition for m in found.maps] == [s.acquisition for s in found.sources]
    assert [m.series_uids for m in found.maps] == [(uid("a map"),), (uid("b map"),)]
    assert found.maps[0].geometry.n_slices == 3


def test_every_kind_of_map() -> None:
    tokens = {"T1 MAP": MapKind.T1, "T2 MAP": MapKind.T2, "T2_STAR MAP": MapKind.T2_STAR}
    made = [scanner_map(t, t, start_s=60.0 * n) for n, t in enumerate([*tokens, "ECV"])]
    found = mapping(*made).maps
    assert [m.acquisition.kind for m in found] == [*tokens.values(), MapKind.ECV]
    assert all(m.acquisition.method is Method.UNKNOWN for m in found)


def test_series_decisions_say_what_for() -> None:
    selection = chosen(molli("t1"), t2_prepared("t2", start_s=100), scanner_map("map"))
    lines = {d.series_uid: d for d in selection.decisions}
    assert "source images of native T1, MOLLI 5(3)3" in lines[uid("t1")].reason
    assert "source images of T2, T2-prep bSSFP" in lines[uid("t2")].reason
    assert "the scanner's map of native T1" in lines[uid("map")].reason
    assert [lines[uid(n)].images_used for n in ("t1", "t2", "map")] == [24, 9, 3]


def test_forbidden_series_are_not_used() -> None:
    rule = SeriesRule(series_uid=uid("a"), series_number=None, description=None)
    selection = select(study(molli("a")), SELECTION.model_copy(update={"forbid": (rule,)}))
    assert selection.mapping.sources == ()
    assert not selection.decisions[0].used


def test_a_cine_beside_it_changes_nothing() -> None:
    cine = [cine_slice(SHORT_AXIS, h, 12, f"cine{h}") for h in HEIGHTS]
    selection = chosen(molli("t1"), *cine)
    check_stack(selection.mapping)
    assert selection.cine is not None
    assert chosen(*cine).cine is not None
    assert chosen(*cine).cine.frames == selection.cine.frames
    assert chosen(*cine).mapping.uses == {}


def test_slices_can_be_kept() -> None:
    phase = molli("phase", ImageType=["ORIGINAL", "PRIMARY", "P", "DIS2D"])
    [one] = mapping(molli("a"), phase).sources
    kept = one.keep_slices([0, 2], ["Slice 2 is gone."])
    assert kept.geometry.positions_mm[1] == pytest.approx(position(SHORT_AXIS, 20.0))
    assert kept.times_ms.shape == kept.order.shape == kept.inversion.shape == (8, 2)
    assert [len(row) for row in (*kept.frames, *kept.phase)] == [2] * 16
    assert kept.left_out == ("Slice 2 is gone.",)
