"""Cine contours beside those of a map: which phase, which slices, what cannot be compared."""

import warnings
from dataclasses import replace

import numpy as np
import pytest

from cmr.known import known_median
from cmr.labels import Label
from cmr.mapping.cine_contours import (
    CineCheck,
    CineContours,
    carried_labels,
    check_contours,
    extent_of,
    matching_phase,
)
from cmr.overlap import dice
from cmr.volume import Volume4D
from tests.tissue_heart import heart, masks, stack

pytestmark = pytest.mark.requirement("TIS-12")

BODY = heart()
SMALL = heart(epicardium=27.0, cavity=15.0, rv_radius=25.0)
CINE = stack(BODY, np.arange(-5.0, 105, 10))
MAP = stack(BODY, (15.0, 45.0, 75.0), turn_deg=30, spacing=(1.5, 1.25), size=90)
PHASES = 10


def cine(geometry=CINE, times=None, rr_ms=1000.0, systole=3):
    """The heart of :data:`BODY` but in one phase, in which it is small."""
    large, small = (masks(b, geometry).data[0] for b in (BODY, SMALL))
    data = np.stack([small if t == systole else large for t in range(PHASES)])
    shares = np.arange(PHASES) / PHASES if times is None else np.asarray(times)
    return Volume4D(
        data,
        geometry,
        np.tile(rr_ms * shares[:, None], (1, geometry.n_slices)),
        np.full(geometry.n_slices, rr_ms),
    )


def contours(volume=None, base_first=None):
    volume = volume or cine()
    towards_apex = bool(volume.geometry.normal @ BODY.apex > 0)
    return CineContours(volume, towards_apex if base_first is None else base_first)


def check(labels=None, phases=(0.7, 0.7, 0.7), volume=None):
    return check_contours(labels or masks(BODY, MAP), contours(volume), np.array(phases))


@pytest.mark.parametrize(
    ("share", "phase"),
    [(0.0, 0), (0.32, 3), (0.36, 4), (0.9, 9), (0.96, 0), (1.0, 0), (np.nan, 7)],
)
def test_matching_phase(share, phase):
    """The cycle closes: 96 % is nearer to the next beat than to 90 %. NaN is mid-diastole."""
    assert matching_phase(cine(), share) == phase


def test_matching_phase_by_time_not_by_rank():
    """All phases in the first half of the cycle: 0.4 of it is phase 8."""
    assert matching_phase(cine(times=np.arange(PHASES) / 20), 0.4) == 8
    assert matching_phase(cine(times=np.arange(PHASES) / 20), 0.9) == 0


def test_matching_phase_without_times_by_rank():
    """Nothing is said of times that are not there, not even by NumPy."""
    plain = cine()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert matching_phase(Volume4D(plain.data, CINE), 0.52) == 5


def test_matching_phase_with_a_beat_longer_than_nominal():
    """Phases at 0 to 135 % of a nominal beat: 5 % of it is nearest to 105 %, the eighth of them."""
    late = cine(times=0.15 * np.arange(PHASES))
    assert matching_phase(late, 0.05) == 7
    assert matching_phase(late, 0.6) == 4


def test_the_heart_of_the_same_phase_agrees():
    found = check()
    assert found.reason == ""
    assert (found.dice > 0.97).all()
    assert found.worst == found.dice.min()


def test_the_heart_of_another_phase_does_not():
    """Discs of radius 33 and 27 about one axis: 2 * 27^2 / (33^2 + 27^2)."""
    found = check(phases=(0.7, 0.3, 0.7))
    assert found.dice[1] == pytest.approx(2 * 27**2 / (33**2 + 27**2), abs=0.01)
    assert (found.dice[[0, 2]] > 0.97).all()
    assert found.worst == found.dice[1]


def test_a_map_shifted_by_known_mm():
    """Overlap of two discs of radius r whose centres lie d apart, by the area of a lens."""
    off_mm, radius = 8.0, 33.0
    moved = replace(MAP, positions_mm=MAP.positions_mm + off_mm * MAP.row_cosine)
    labels = replace(masks(BODY, MAP), geometry=moved)
    half = off_mm / 2
    lens = 2 * radius**2 * np.arccos(half / radius) - off_mm * np.sqrt(radius**2 - half**2)
    assert check(labels).dice == pytest.approx(lens / (np.pi * radius**2), abs=0.01)


def test_slices_that_the_cine_does_not_hold_are_not_compared():
    """One slice of the map beyond the cine: the others are compared all the same."""
    short = stack(BODY, np.arange(-5.0, 60, 10))
    found = check(volume=cine(short))
    held = np.array([15.0, 45, 75]) if MAP.normal @ BODY.apex > 0 else np.array([75.0, 45, 15])
    assert np.array_equal(np.isfinite(found.dice), held < 60)
    assert found.worst > 0.97
    assert found.reason == ""


def test_slices_without_heart_are_not_compared():
    labels = masks(BODY, MAP)
    data = labels.data.copy()
    data[0, 1] = Label.BACKGROUND
    found = check(labels.with_data(data))
    assert np.isnan(found.dice[1])
    assert found.worst > 0.97


def test_a_cine_elsewhere_says_so():
    away = stack(BODY, (200.0, 210.0, 220.0))
    found = check(volume=cine(away))
    assert np.isnan(found.dice).all()
    assert np.isnan(found.worst)
    assert found.reason == "The cine has no contours at the places of the map."


@pytest.mark.parametrize(("uid", "same"), [("1.2.3", True), ("", True), ("1.2.4", False)])
def test_frames_of_reference(uid, same):
    """Positions of different frames of reference do not compare; an unknown one is let pass."""
    ours = cine(replace(CINE, frame_of_reference_uid="1.2.3"))
    theirs = replace(MAP, frame_of_reference_uid=uid)
    found = check(replace(masks(BODY, MAP), geometry=theirs), volume=ours)
    assert np.isfinite(found.dice).all() == same
    assert found.reason == ("" if same else "Cine and map have different frames of reference.")
    assert (extent_of(contours(ours), theirs, 0.7) is not None) == same


def test_extent_of_the_heart():
    """A cylinder of 90 mm in slices of 10 mm, base first whichever way the stack runs."""
    found = extent_of(contours(), MAP, 0.7)
    assert found.length_mm == pytest.approx(90, abs=1)
    assert found.axis_mm / found.length_mm == pytest.approx(BODY.apex, abs=0.02)
    reverse = extent_of(contours(base_first=not contours().base_first), MAP, 0.7)
    assert reverse.base_mm == pytest.approx(found.apex_mm)


def test_extent_of_the_phase_of_the_map():
    """A heart that is on one slice only in one phase has no extent there."""
    plain = cine()
    data = plain.data.copy()
    data[3, 4:] = Label.BACKGROUND
    data[3, :3] = Label.BACKGROUND
    odd = contours(plain.with_data(data))
    assert extent_of(odd, MAP, 0.7) is not None
    assert extent_of(odd, MAP, 0.3) is None


def carried(volume=None, geometry=MAP, phases=(0.7, 0.7, 0.7)):
    return carried_labels(contours(volume), geometry, np.array(phases))


def test_labels_carried_to_another_grid_are_those_of_the_heart_there():
    """The formula cut by both stacks, turned and with other pixels."""
    found = carried()
    truth = masks(BODY, MAP).data[0]
    assert found.shape == truth.shape
    for label in (Label.RV, Label.MYOCARDIUM, Label.LV):
        assert dice(found, truth, label) > 0.95


def test_each_slice_takes_its_own_phase():
    found = carried(phases=(0.7, 0.3, np.nan))
    small, large = (masks(one, MAP).data[0] for one in (SMALL, BODY))
    assert dice(found[1:2], small[1:2], Label.LV) > 0.95
    assert dice(found[[0, 2]], large[[0, 2]], Label.LV) > 0.95


def test_slices_beyond_the_cine_carry_nothing():
    short = stack(BODY, np.arange(-5.0, 60, 10))
    held = carried(cine(short)).any((1, 2))
    along = np.array([15.0, 45, 75]) if MAP.normal @ BODY.apex > 0 else np.array([75.0, 45, 15])
    assert held.tolist() == (along < 60).tolist()


def test_nothing_in_common_is_none():
    assert carried(cine(stack(BODY, (200.0, 210.0, 220.0)))) is None
    ours = cine(replace(CINE, frame_of_reference_uid="1.2.3"))
    assert carried(ours, replace(MAP, frame_of_reference_uid="1.2.4")) is None
    assert carried(ours, replace(MAP, frame_of_reference_uid="1.2.3")) is not None


@pytest.mark.parametrize(
    ("shares", "middle"),
    [((0.6, 0.7, 0.9), 0.7), ((0.6, np.nan, 0.8), 0.7), ((0.5,), 0.5), ((np.nan, np.nan), np.nan)],
)
def test_known_median(shares, middle):
    assert known_median(np.array(shares)) == pytest.approx(middle, nan_ok=True)


def test_mean_and_worst_of_the_slices_compared():
    found = CineCheck(np.array([0.9, np.nan, 0.6]), "")
    assert (found.mean, found.worst) == (0.75, 0.6)
    none = CineCheck(np.full(3, np.nan), "Nothing.")
    assert np.isnan([none.mean, none.worst]).all()
