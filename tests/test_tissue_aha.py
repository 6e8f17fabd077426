"""AHA segments against hearts whose segments follow from a formula in patient coordinates."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmr.labels import Label
from cmr.tissue.aha import NO_CONTACT, direction_lps, find_segments
from cmr.tissue.levels import Level, LvExtent
from cmr.tissue.long_axis import AREAS, EXTENT, PATIENT, SEPTUM
from cmr.volume import StackGeometry, Volume4D
from tests.tissue_heart import SETTINGS, heart, masks, pixels, stack

pytestmark = pytest.mark.requirement("TIS-15")

# The middle of each third of a heart of 90 mm.
THREE = (15.0, 45.0, 75.0)
GRIDS = [(45 * turn, mirrored) for mirrored in (False, True) for turn in range(8)]
INSERTION = "anterior RV insertion"


def _off_deg(found, body, geometry):
    """Signed angle from the true anterior insertion to the one found, each slice."""
    truth = body.insertion_lps()
    for each in found.slices:
        direction = direction_lps(each.reference.angle_deg, geometry)
        yield np.rad2deg(np.arctan2(np.cross(truth, direction) @ body.apex, truth @ direction))


def _assert_right(body, geometry, margin_deg=2.5):
    """Every pixel of the wall further than the margin from a border has its true segment."""
    labels = masks(body, geometry)
    found = find_segments(labels, SETTINGS.aha)
    assert found.reason == ""
    truth, to_border = body.segments(pixels(geometry))
    wall = labels.data[0] == Label.MYOCARDIUM
    sure = wall & (to_border > margin_deg)
    assert np.array_equal(found.segments[sure], truth[sure])
    assert np.array_equal(found.segments > 0, wall)
    assert np.count_nonzero(sure) > 0.85 * np.count_nonzero(wall)
    return found


@settings(max_examples=40, deadline=None)
@given(
    tilt=st.tuples(st.floats(-0.4, 0.4), st.floats(-0.4, 0.4)),
    roll=st.floats(-25, 25),
    off_centre=st.tuples(st.floats(-3, 3), st.floats(-3, 3)),
    rv=st.tuples(st.floats(28, 36), st.floats(26, 32)),
    grid=st.sampled_from(GRIDS),
    extra_turn=st.floats(0, 45),
    spacing=st.sampled_from([(1.0, 1.0), (1.2, 0.9), (0.9, 1.2)]),
    stack_tilt=st.floats(-8, 8),
)
def test_every_pixel_of_any_stack_has_its_segment(
    tilt, roll, off_centre, rv, grid, extra_turn, spacing, stack_tilt
):
    """Oblique hearts, turned and mirrored grids; a mirrored grid runs from apex to base."""
    shape = {"off_centre": off_centre, "rv_distance": rv[0], "rv_radius": rv[1]}
    body = heart(tilt, roll, **shape)
    turn, mirrored = grid
    geometry = stack(body, THREE, turn + extra_turn, mirrored, spacing, 130, stack_tilt)
    found = _assert_right(body, geometry)
    assert max(abs(off) for off in _off_deg(found, body, geometry)) < 2.5
    assert {each.reference.method for each in found.slices} == {INSERTION}
    levels = [each.level for each in found.slices]
    assert levels == (list(Level)[::-1] if mirrored else list(Level))


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("quarter_turns", range(4))
def test_turned_and_mirrored_pixels_change_nothing(quarter_turns, mirrored):
    """The same pixels in another order."""
    body = heart(tilt=(0.1, -0.2))
    plain = find_segments(masks(body, stack(body, THREE)), SETTINGS.aha).segments
    other = stack(body, THREE, 90 * quarter_turns, mirrored)
    found = find_segments(masks(body, other), SETTINGS.aha).segments
    assert all(np.count_nonzero(found == k) for k in range(1, 17))
    row, col = np.indices(other.shape)
    own = stack(body, THREE)
    for z in range(3):
        home = 2 - z if mirrored else z
        from_corner = other.to_patient_mm(z, row, col) - own.positions_mm[home]
        at = np.rint(from_corner @ own.column_cosine).astype(int)
        beside = np.rint(from_corner @ own.row_cosine).astype(int)
        held = (at >= 0) & (at < own.shape[0]) & (beside >= 0) & (beside < own.shape[1])
        moved = np.where(held, plain[home][at * held, beside * held], 0)
        assert np.array_equal(moved, found[z])


@pytest.mark.parametrize(("segment", "grid"), list(enumerate(GRIDS, start=1)))
def test_a_planted_lesion_lies_in_its_segment(segment, grid):
    """A ball of 4 mm in the middle of the wall: each of the 16 grids has another segment."""
    body = heart(tilt=(-0.2, 0.1), roll_deg=10)
    level, number = divmod(segment - 1, 6)
    # From the anterior insertion: segments 2 and 8 from 0 to 60 degrees, 14 from 15 to 105.
    angle = [-30, 30, 90, 150, 210, 270][number] if level < 2 else [-30, 60, 150, 240][number]
    turned = np.deg2rad(body.insertion_deg - angle)
    across = np.cos(turned) * body.septum + np.sin(turned) * body.anterior
    cavity_axis = body.off_centre[0] * body.septum + body.off_centre[1] * body.anterior
    centre = THREE[level] * body.apex + cavity_axis + 28 * across
    geometry = stack(body, THREE, *grid, size=130)
    lesion = np.linalg.norm(pixels(geometry) - centre, axis=-1) < 4
    found = find_segments(masks(body, geometry), SETTINGS.aha).segments
    assert np.count_nonzero(lesion) > 40
    assert set(found[lesion & (found > 0)]) == {segment}


def test_whole_stack_is_divided_in_thirds():
    body = heart(taper=0.4)
    geometry = stack(body, np.arange(-6, 100, 8.0))
    found = _assert_right(body, geometry, margin_deg=4)  # the apical radius is 20 mm
    # Slices at -6, 2, 10, ... mm of a heart from 0 to 90 mm: found from -2 to 94, thirds of 32.
    levels = [each.level for each in found.slices]
    assert levels == [None] + [Level.BASAL] * 4 + [Level.MID] * 4 + [Level.APICAL] * 4 + [None]
    assert found.slices[0].reason == "No LV cavity on this slice."
    assert found.level_method == "thirds of the LV in the stack"
    assert found.apex.signs == {PATIENT: 1, SEPTUM: 1, AREAS: 1}


@pytest.mark.parametrize("along", [[15.0], [50.0], [75.0], [20.0, 50.0]])
def test_a_given_extent_tells_the_level(along):
    body = heart()
    extent = LvExtent(np.zeros(3), 90 * body.apex)
    geometry = stack(body, along, 90, mirrored=True)
    found = find_segments(masks(body, geometry), SETTINGS.aha, extent)
    expected = [list(Level)[int(a // 30)] for a in along][::-1]
    assert [each.level for each in found.slices] == expected
    assert found.level_method == "thirds of the given LV extent"
    assert found.apex.signs[EXTENT] == -1


def test_a_slice_beyond_the_extent_has_no_segments():
    body = heart()
    extent = LvExtent(30 * body.apex, 90 * body.apex)
    found = find_segments(masks(body, stack(body, (15.0, 45.0, 75.0))), SETTINGS.aha, extent)
    assert [each.level for each in found.slices] == [None, Level.BASAL, Level.APICAL]
    assert found.slices[0].reason == "Beyond the base of the given LV extent."
    assert not found.segments[0].any()
    assert found.reason == ""


def test_one_slice_is_taken_as_mid():
    body = heart()
    found = find_segments(masks(body, stack(body, [20.0])), SETTINGS.aha)
    assert found.level_method == "one slice, taken as mid"
    assert set(np.unique(found.segments)) == {0, 7, 8, 9, 10, 11, 12}


def test_two_slices_without_extent_have_no_level():
    body = heart()
    found = find_segments(masks(body, stack(body, [20.0, 45.0])), SETTINGS.aha)
    assert not found.segments.any()
    assert found.reason.startswith("2 slices with 50 mm of the LV, less than 60 mm")
    assert [each.reason for each in found.slices] == [found.reason] * 2


def test_one_of_three_slices_without_heart_leaves_the_others_theirs():
    body = heart()
    labels = masks(body, stack(body, THREE))
    data = labels.data.copy()
    data[0, 1] = 0
    found = find_segments(labels.with_data(data), SETTINGS.aha)
    assert [each.level for each in found.slices] == [Level.BASAL, None, Level.APICAL]
    assert found.slices[1].reason == "No LV cavity on this slice."


def test_no_right_ventricle_no_segments():
    labels = masks(heart(), stack(heart(), THREE))
    alone = np.where(labels.data == Label.RV, 0, labels.data)
    found = find_segments(labels.with_data(alone), SETTINGS.aha)
    assert found.reason == NO_CONTACT
    assert not found.segments.any()
    assert [each.reason for each in found.slices] == [NO_CONTACT] * 3


def test_no_heart_no_segments():
    geometry = stack(heart(), THREE)
    found = find_segments(
        Volume4D(np.zeros((1, 3, *geometry.shape), np.uint8), geometry), SETTINGS.aha
    )
    assert found.reason == NO_CONTACT


def test_a_slice_without_right_ventricle_borrows_the_angle():
    body = heart()
    labels = masks(body, stack(body, THREE))
    data = labels.data.copy()
    data[0, 2][data[0, 2] == Label.RV] = 0
    found = find_segments(labels.with_data(data), SETTINGS.aha)
    assert [each.reference.from_slice for each in found.slices] == [0, 1, 1]
    assert found.slices[2].reference.angle_deg == found.slices[1].reference.angle_deg
    assert np.isin([13, 14, 15, 16], found.segments[2]).all()


@pytest.mark.parametrize("wide", [0, 2])
def test_of_two_neighbours_the_one_with_the_wider_arc_is_taken(wide):
    body = heart(off_centre=(2.0, 0.0))
    geometry = stack(body, THREE)
    labels = masks(body, geometry)
    data = _narrow(body, labels.data, geometry, 40)
    data[0, wide] = labels.data[0, wide]
    data[0, 1][data[0, 1] == Label.RV] = 0
    found = find_segments(labels.with_data(data), SETTINGS.aha)
    assert [each.reference.from_slice for each in found.slices] == [0, wide, 2]


def _narrow(body, labels, geometry, half_deg):
    """RV only within an angle of the middle of its arc about the cavity."""
    s, a, _ = body._from_cavity(pixels(geometry))
    away = np.abs(np.rad2deg(np.arctan2(a, s)))
    return np.where((labels == Label.RV) & (away > half_deg), 0, labels)


def test_mid_septum_where_no_arc_shows_its_ends():
    # The cavity's axis lies on the line to the RV, so the middle of the arc is the septum's.
    body = heart(off_centre=(2.0, 0.0))
    geometry = stack(body, [45.0])
    labels = masks(body, geometry)
    narrow = labels.with_data(_narrow(body, labels.data, geometry, 22))
    reference = find_segments(narrow, SETTINGS.aha).slices[0].reference
    assert reference.method == "mid-septum"
    direction = direction_lps(reference.angle_deg, geometry)
    # 60 degrees from the septum towards the anterior wall.
    angle = np.rad2deg(np.arctan2(direction @ body.anterior, direction @ body.septum))
    assert angle == pytest.approx(60, abs=2)


def test_a_narrow_arc_gives_way_to_its_neighbour_and_a_tiny_one_is_none():
    body = heart(off_centre=(2.0, 0.0))
    geometry = stack(body, THREE)
    labels = masks(body, geometry)
    narrow = _narrow(body, labels.data, geometry, 22)
    mixed = np.stack([narrow[0, 0], labels.data[0, 1], labels.data[0, 2]])[None]
    found = find_segments(labels.with_data(mixed), SETTINGS.aha)
    assert [each.reference.from_slice for each in found.slices] == [1, 1, 2]
    tiny = _narrow(body, labels.data, geometry, 5)
    assert find_segments(labels.with_data(tiny), SETTINGS.aha).reason == NO_CONTACT


def _axial(body, labels):
    """The heart laid along the body's axis, which its normal alone cannot tell."""
    return Volume4D(
        labels.data,
        StackGeometry(
            np.array([[0.0, 0, z] for z in THREE]),
            np.array([1.0, 0, 0]),
            np.array([0, 1.0, 0]),
            (1.0, 1.0),
            labels.geometry.shape,
        ),
    )


def test_areas_decide_where_directions_do_not():
    body = heart(taper=0.4)
    # Septum to the right, anterior wall behind: no usual position, and no usual axis either.
    lying = _axial(body, masks(body, stack(body, THREE, 60)))
    found = find_segments(lying, SETTINGS.aha)
    assert found.apex.signs == {PATIENT: 0, SEPTUM: 0, AREAS: 1}
    assert [each.level for each in found.slices] == list(Level)


def test_nothing_decides():
    body = heart()
    found = find_segments(_axial(body, masks(body, stack(body, THREE, 60))), SETTINGS.aha)
    assert found.reason == "Nothing tells which side of the stack faces the apex."
    assert not found.segments.any()
    assert found.slices[0].reason == found.reason


def test_directions_outweigh_areas():
    """A heart that widens towards the apex, as it seems where the RV is missed at the base."""
    body = heart(taper=-0.4, epicardium=25.0, cavity=16.0, rv_distance=24.0, rv_radius=22.0)
    found = find_segments(masks(body, stack(body, THREE, size=150)), SETTINGS.aha)
    assert found.apex.signs == {PATIENT: 1, SEPTUM: 1, AREAS: -1}
    assert [each.level for each in found.slices] == list(Level)


def test_a_contradiction_is_refused():
    body = heart()
    upside_down = LvExtent(90 * body.apex, np.zeros(3))
    found = find_segments(masks(body, stack(body, THREE)), SETTINGS.aha, upside_down)
    assert found.reason == (
        f"Contradiction on the side of the apex: {PATIENT} and {SEPTUM} against {EXTENT}."
    )
    assert not found.segments.any()


def test_a_mirrored_heart_is_refused():
    """Situs inversus: left and right exchanged, so that segments would run the wrong way."""
    body = heart(taper=0.4)
    geometry = stack(body, THREE)
    flip = np.array([-1.0, 1, 1])
    inverse = StackGeometry(
        geometry.positions_mm[::-1] * flip,
        geometry.row_cosine * flip,
        geometry.column_cosine * flip,
        geometry.pixel_spacing_mm,
        geometry.shape,
    )
    labels = masks(body, geometry).data[:, ::-1]
    found = find_segments(Volume4D(labels, inverse), SETTINGS.aha)
    assert found.apex.sign == 0
    assert "Contradiction" in found.reason


def test_several_phases_are_a_mistake():
    labels = masks(heart(), stack(heart(), [45.0]))
    twice = Volume4D(np.repeat(labels.data, 2, axis=0), labels.geometry)
    with pytest.raises(ValueError, match="Labels of 2 phases, expected 1"):
        find_segments(twice, SETTINGS.aha)


def test_apical_septum_is_centred_on_the_two_septal_segments():
    """Hand-worked: 14 runs from 15 to 105 degrees past the insertion, 2 and 3 from 0 to 120."""
    body = replace(heart(), off_centre=(0.0, 0.0))
    geometry = stack(body, THREE)
    found = find_segments(masks(body, geometry), SETTINGS.aha)
    angle = body.beyond_insertion_deg(pixels(geometry))
    for z, segments, low, high in ((0, (2, 3), 0, 120), (2, (14,), 15, 105)):
        held = angle[z][np.isin(found.segments[z], segments)]
        assert held.min() == pytest.approx(low, abs=2.5)
        assert held.max() == pytest.approx(high, abs=2.5)
