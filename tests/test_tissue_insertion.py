"""RV insertions on spoilt masks with a known truth, and on expert masks."""

from itertools import pairwise

import numpy as np
import pytest
from scipy import ndimage

from cmr.labels import Label
from cmr.tissue.insertion import find_arc
from tests.tissue_heart import SETTINGS, heart, masks, pixels, stack
from training.cases import read_acdc, read_groups

pytestmark = pytest.mark.requirement("TIS-15")

BODY = heart()
PLANE = stack(BODY, [45.0])
LABELS = np.array(masks(BODY, PLANE).data[0, 0])


def _ends(labels, spacing_mm=(1.0, 1.0)):
    arc = find_arc(labels, spacing_mm, SETTINGS.aha.insertion)
    return arc.start_deg, arc.end_deg


def _truth_deg():
    """Ends of the arc on the grid of ``PLANE``: anterior insertion, and its mirror image."""
    half = np.arccos((33**2 + 32**2 - 30**2) / (2 * 33 * 32))
    for side in (1, -1):
        septal, anterior = 33 * np.cos(half) - 2.0, side * 33 * np.sin(half) + 1.5
        direction = septal * BODY.septum + anterior * BODY.anterior
        yield np.rad2deg(np.arctan2(direction @ PLANE.column_cosine, direction @ PLANE.row_cosine))


def _worst(labels):
    off = np.subtract(_ends(labels), list(_truth_deg()))
    return np.abs((off + 180) % 360 - 180).max()


def _rv_only(mask):
    out = LABELS.copy()
    out[(LABELS == Label.RV) & ~mask] = 0
    return out


def test_clean_crescent():
    assert _worst(LABELS) < 1.5


@pytest.mark.parametrize("gap_px", [1, 2, 3])
def test_a_gap_between_wall_and_rv_does_not_break_the_arc(gap_px):
    near_wall = ndimage.binary_dilation(LABELS >= Label.MYOCARDIUM, iterations=gap_px)
    assert _worst(_rv_only(~near_wall)) < 4


@pytest.mark.parametrize("seed", range(5))
def test_a_ragged_rv(seed):
    """A third of its pixels gone, and a notch of 10 degrees cut from the septum outwards."""
    rng = np.random.default_rng(seed)
    angle = BODY.beyond_insertion_deg(pixels(PLANE))[0]
    notch = (angle > 40) & (angle < 50)
    assert _worst(_rv_only((rng.random(LABELS.shape) > 0.33) & ~notch)) < 3


def test_stray_rv_pixels_on_the_lateral_wall_are_no_septum():
    spoilt = LABELS.copy()
    angle = BODY.beyond_insertion_deg(pixels(PLANE))[0]
    rim = ndimage.binary_dilation(LABELS >= Label.MYOCARDIUM, iterations=3) & (LABELS == 0)
    spoilt[rim & (angle > 230) & (angle < 250)] = Label.RV
    assert _ends(spoilt) == _ends(LABELS)


def test_an_rv_that_bulges_past_the_insertion_does_not_move_it():
    """A horn that stands 3 mm off the wall, 25 degrees beyond the anterior insertion."""
    spoilt = LABELS.copy()
    off_wall = ndimage.distance_transform_edt(LABELS < Label.MYOCARDIUM)
    angle = BODY.beyond_insertion_deg(pixels(PLANE))[0]
    spoilt[(LABELS == 0) & (off_wall > 3) & (off_wall < 14) & (angle > 335)] = Label.RV
    assert np.count_nonzero(spoilt != LABELS) > 50
    assert _worst(spoilt) < 1.5


def test_lengths_are_in_mm():
    tall = np.repeat(LABELS, 2, axis=0)
    assert np.subtract(_ends(tall, (0.5, 1.0)), _ends(LABELS)) == pytest.approx(0, abs=1)


def test_no_lv_no_rv_or_no_contact_is_no_arc():
    for gone in (Label.LV, Label.RV):
        without = np.where(np.equal(LABELS, gone), 0, LABELS)
        assert find_arc(without, (1.0, 1.0), SETTINGS.aha.insertion) is None
    far = ndimage.binary_dilation(LABELS >= Label.MYOCARDIUM, iterations=9)
    assert find_arc(_rv_only(~far), (1.0, 1.0), SETTINGS.aha.insertion) is None


def test_an_rv_all_around():
    around = LABELS.copy()
    around[LABELS == 0] = Label.RV
    assert find_arc(around, (1.0, 1.0), SETTINGS.aha.insertion).width_deg == 360


@pytest.mark.real_data
def test_expert_masks_have_an_arc_that_changes_smoothly(acdc):
    """Every fourth ACDC patient at ED: each slice with an RV has its arc."""
    missed, change = 0, []
    for patient in sorted(read_groups(acdc))[::4]:
        labels = read_acdc(acdc, patient).labels
        spacing = labels.geometry.pixel_spacing_mm
        held = [s for s in labels.data[0] if (s == Label.LV).any() and (s == Label.RV).any()]
        arcs = [find_arc(s, spacing, SETTINGS.aha.insertion) for s in held]
        missed += sum(arc is None for arc in arcs)
        starts = [
            arc.start_deg
            for arc in arcs
            if arc and arc.width_deg > SETTINGS.aha.insertion.min_arc_deg
        ]
        change += [abs((b - a + 180) % 360 - 180) for a, b in pairwise(starts)]
    assert missed <= 1
    assert np.median(change) < 5
    assert np.percentile(change, 95) < 20
