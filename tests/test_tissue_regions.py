"""Values planted in patient space come back from their segment, slice, septum and blood."""

import numpy as np
import pytest

from cmr.errors import GeometryError
from cmr.labels import Label
from cmr.tissue.aha import NO_CONTACT, find_segments
from cmr.tissue.regions import measure_regions
from tests.tissue_heart import SETTINGS, heart, masks, pixels, stack

pytestmark = pytest.mark.requirement("TIS-16")

BODY = heart()
PLANES = stack(BODY, (15.0, 45.0, 75.0), 45, mirrored=True)
LABELS = masks(BODY, PLANES)
FOUND = find_segments(LABELS, SETTINGS.aha)
TRUTH, _ = BODY.segments(pixels(PLANES))
WALL = LABELS.data[0] == Label.MYOCARDIUM


def _map(labels=LABELS):
    """Wall 1000 + 10 a segment, blood 1600, RV and the rest far off."""
    values = np.full(labels.data.shape[1:], 3000.0)
    values[labels.data[0] == Label.LV] = 1600
    return np.where(labels.data[0] == Label.MYOCARDIUM, 1000.0 + 10 * TRUTH, values)


def _measure(values, r2=None, labels=LABELS, aha=FOUND):
    return measure_regions(values, r2, labels, aha, SETTINGS.regions)


def test_every_segment_has_its_own_value():
    found = _measure(_map())
    assert {k: s.median for k, s in found.segments.items()} == {
        k: 1000 + 10 * k for k in range(1, 17)
    }
    assert all(s.left_out_fraction == 0 and not s.reason for s in found.segments.values())
    assert found.blood.median == 1600
    assert found.blood.sd == 0


def test_whole_and_septum_join_the_segments():
    found = _measure(_map())
    assert found.whole_of == "segments"
    assert found.whole.pixels == sum(s.pixels for s in found.segments.values())
    means = sum(s.mean * s.pixels for s in found.segments.values()) / found.whole.pixels
    assert found.whole.mean == pytest.approx(means)
    septal = [found.segments[k] for k in (2, 3, 8, 9, 14)]
    assert found.septal.pixels == sum(s.pixels for s in septal)
    assert found.septal.mean == pytest.approx(
        sum(s.mean * s.pixels for s in septal) / found.septal.pixels
    )


def test_slices_hold_the_segments_of_their_level():
    found = _measure(_map())
    # The mirrored grid runs from apex to base.
    held = [set(s.segments) for s in found.slices]
    assert held == [set(range(13, 17)), set(range(7, 13)), set(range(1, 7))]
    for each in found.slices:
        assert each.wall.pixels == sum(s.pixels for s in each.segments.values())
        assert each.blood.median == 1600
    for k in range(1, 17):
        held = [s.segments[k] for s in found.slices if k in s.segments]
        assert [(s.median, s.pixels) for s in held] == [
            (found.segments[k].median, found.segments[k].pixels)
        ]


def test_borders_are_left_out_without_being_counted_as_lost():
    """Wrong values at both borders do not show, and nothing is called left out."""
    spoilt = _map()
    from_cavity = BODY._from_cavity(pixels(PLANES))[2]
    _, septal, anterior = BODY.coordinates(pixels(PLANES))
    spoilt[WALL & (from_cavity < 24)] = 1600
    spoilt[WALL & (np.hypot(septal, anterior) > 32)] = 100
    found, clean = _measure(spoilt), _measure(_map())
    for k, segment in found.segments.items():
        assert (segment.mean, segment.sd) == (clean.segments[k].mean, clean.segments[k].sd)
        assert segment.left_out_fraction == 0
    assert found.whole.pixels < 0.8 * np.count_nonzero(WALL)


def test_undetermined_and_badly_fitted_pixels_are_counted():
    values, r2 = _map(), np.full(WALL.shape, 0.99)
    in_nine = TRUTH == 9
    values[in_nine] = np.nan
    r2[TRUTH == 4] = 0.5
    found = _measure(values, r2)
    assert found.segments[9].undetermined_pixels > 50
    assert found.segments[9].pixels < 10
    assert np.isnan(found.segments[9].median)
    assert "pixels can be used; 10 are needed" in found.segments[9].reason
    assert found.segments[4].poor_fit_pixels > 50
    assert found.segments[4].r2 < 0.6
    assert found.segments[5].left_out_fraction < 0.05
    lost = found.whole.undetermined_pixels + found.whole.poor_fit_pixels
    assert found.whole.left_out_fraction == lost / (lost + found.whole.pixels)


def test_without_rv_the_wall_is_measured_whole():
    labels = LABELS.with_data(np.where(LABELS.data == Label.RV, 0, LABELS.data))
    found = _measure(_map(), labels=labels, aha=find_segments(labels, SETTINGS.aha))
    assert found.whole_of == "wall without segments"
    assert found.whole.pixels == _measure(_map()).whole.pixels
    assert {s.reason for s in found.segments.values()} == {NO_CONTACT}
    assert found.septal.reason == NO_CONTACT
    assert np.isnan(found.septal.median)
    assert all(s.segments == {} and s.wall.pixels for s in found.slices)


def test_segments_of_levels_that_were_not_imaged_say_so():
    plane = stack(BODY, [45.0])
    labels = masks(BODY, plane)
    found = _measure(
        np.ones((1, *plane.shape)), labels=labels, aha=find_segments(labels, SETTINGS.aha)
    )
    assert found.segments[8].median == 1
    assert found.segments[2].reason == "Segment 2 is on none of the slices."


def test_no_heart_no_value():
    labels = LABELS.with_data(np.zeros_like(LABELS.data))
    found = _measure(_map(), labels=labels, aha=find_segments(labels, SETTINGS.aha))
    for region in (found.whole, found.blood, found.septal, *found.segments.values()):
        assert np.isnan(region.median)
        assert region.reason


def test_shapes_must_agree():
    with pytest.raises(GeometryError, match=r"expected \(3, 116, 116\)"):
        _measure(np.zeros((3, 5, 5)))
    with pytest.raises(GeometryError, match=r"expected \(3, 116, 116\)"):
        _measure(_map(), r2=np.zeros((3, 5, 5)))
