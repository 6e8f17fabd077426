"""Thickness, thickening and regional EF against eccentric cylinders known by formula."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmr.assemble import withheld_reasons
from cmr.cine import CineSettings
from cmr.gate import LV_KEYS
from cmr.labels import Label
from cmr.records import Gate, Status
from cmr.volume import StackGeometry, Volume4D
from cmr.wall.assemble import wall_results
from cmr.wall.motion import KEYS, NO_PAIR, NO_SECTOR, measure_wall_motion
from tests.heart_masks import APP_YAML, geometry
from tests.tissue_heart import SETTINGS, heart, pixels, stack
from training.config import read_section

pytestmark = pytest.mark.requirement("REP-04")

WALL = read_section(APP_YAML, "cine", CineSettings).wall
GRIDS = [(45 * turn, mirrored) for mirrored in (False, True) for turn in range(8)]


def measured(volume, base_first=True):
    return measure_wall_motion(volume, 0, 1, base_first=base_first, aha=SETTINGS.aha, settings=WALL)


def true_chords(outer, inner, shift, count=20_000):
    """Chords of an eccentric ring, in closed form.

    What lies as far from both circles is an ellipse with its foci in their centres,
    ``|p| + |p - shift| = outer + inner``. Its normal cuts both circles at roots of quadratics.
    Returns angles about the centre of the inner circle and lengths, at equal steps of the ellipse.
    """
    shift = np.asarray(shift, float)
    apart = np.hypot(*shift)
    a = (outer + inner) / 2
    b = np.sqrt(a**2 - apart**2 / 4)
    turn = np.arctan2(shift[1], shift[0])
    fine = np.linspace(0, 2 * np.pi, 8 * count)
    length = np.r_[0, np.cumsum(np.hypot(np.diff(a * np.cos(fine)), np.diff(b * np.sin(fine))))]
    t = np.interp((np.arange(count) + 0.5) / count * length[-1], length, fine)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    points = shift / 2 + np.stack([a * np.cos(t), b * np.sin(t)], 1) @ rotation.T
    normals = np.stack([b * np.cos(t), a * np.sin(t)], 1) @ rotation.T
    normals /= np.linalg.norm(normals, axis=1)[:, None]

    def reach(centre, radius, sign):
        along = ((points - centre) * normals).sum(1)
        beyond = ((points - centre) ** 2).sum(1) - radius**2
        return -along + sign * np.sqrt(along**2 - beyond)

    thickness = reach(np.zeros(2), outer, 1) - reach(shift, inner, 1)
    out = points - shift
    return np.rad2deg(np.arctan2(out[:, 1], out[:, 0])), thickness


def rings(outer_px, inner_px, shift_px, centre_px, spacing):
    """One slice at ED and ES, the same: distances are pixels of the smaller spacing."""
    size = int(2 * outer_px + 16)
    unit = min(spacing)
    rows, cols = np.indices((size, size))
    down = (rows - (size - 1) / 2) * spacing[0] / unit - centre_px[0]
    right = (cols - (size - 1) / 2) * spacing[1] / unit - centre_px[1]
    labels = np.zeros((size, size), np.uint8)
    labels[np.hypot(right, down) < outer_px] = Label.MYOCARDIUM
    labels[np.hypot(right - shift_px[0], down - shift_px[1]) < inner_px] = Label.LV
    grid = geometry(1, spacing_mm=spacing, shape=(size, size))
    return Volume4D(np.stack([labels[None]] * 2), grid)


@pytest.mark.parametrize("spacing", [(1.0, 1.0), (1.5, 1.5), (1.2, 1.6)])
@pytest.mark.parametrize(
    ("outer", "inner", "shift"),
    [
        (9, 4, (1.0, 0.5)),
        (12, 7, (1.5, -1.0)),
        (20, 14, (2, 1)),
        (24, 18, (-2, 2)),
        (26, 8, (4, 0)),
    ],
)
def test_thickness_of_an_eccentric_ring(outer, inner, shift, spacing):
    """At ten places on the pixel grid: bias below 0.3 pixels, of the mean and of each sixth."""
    rng = np.random.default_rng(outer)
    angles, truth = true_chords(outer, inner, shift)
    sixth = (np.mod(angles, 360) // 60).astype(int)
    means, sixths = [], []
    for _ in range(10):
        motion = measured(rings(outer, inner, shift, rng.uniform(-0.5, 0.5, 2), spacing))
        thickness = motion.ed.thickness_mm / min(spacing)
        means.append(motion.whole.thickness_ed_mm / min(spacing) - truth.mean())
        middle = (motion.ed.endocardium + motion.ed.epicardium) / 2 * spacing
        centre = motion.ed.endocardium.mean(axis=0) * spacing
        down, right = (middle - centre).T
        found = (np.mod(np.rad2deg(np.arctan2(down, right)), 360) // 60).astype(int)
        sixths.append([thickness[found == k].mean() - truth[sixth == k].mean() for k in range(6)])
    assert abs(np.mean(means)) < 0.15
    assert np.abs(means).max() < 0.35  # at one place, of a cavity of 8 pixels
    assert np.abs(np.mean(sixths, axis=0)).max() < 0.3


SLICES_MM = np.arange(4, 90, 8.0)
ED = {"epicardium": 33.0, "cavity": 24.0, "off_centre": (3.0, -2.0)}
ES = {"epicardium": 32.0, "cavity": 17.0, "off_centre": (4.5, 2.0)}


def beating(turn_deg=0.0, mirrored=False, spacing=(1.3, 1.3)):
    """An eccentric cylinder at ED and ES on a turned or mirrored grid, and its formulas."""
    bodies = [heart(**ED), heart(**ES, rv_distance=31.0)]
    grid = stack(bodies[0], SLICES_MM, turn_deg, mirrored, spacing, 92)
    points = pixels(grid)
    labels = np.stack([body.labels(points) for body in bodies])
    return Volume4D(labels, grid), bodies, bool(grid.normal @ bodies[0].apex > 0)


def true_segments(shape, insertion_deg):
    """Mean thickness by segment of one level: six of 60 degrees, four of 90, from the formula."""
    septal, anterior = shape["off_centre"]
    angles, thickness = true_chords(shape["epicardium"], shape["cavity"], (septal, anterior))
    beyond = np.mod(insertion_deg - angles, 360)
    six = np.array([2, 3, 4, 5, 6, 1])[(beyond // 60).astype(int)]
    four = np.array([14, 15, 16, 13])[(np.mod(beyond - 15, 360) // 90).astype(int)]
    basal = {k: thickness[six == k].mean() for k in range(1, 7)}
    return basal | {k + 6: v for k, v in basal.items()} | {
        k: thickness[four == k].mean() for k in range(13, 17)
    }  # fmt: skip


@pytest.mark.parametrize(("turn", "mirrored"), GRIDS)
def test_every_segment_in_8_rotations_and_2_mirrorings(turn, mirrored):
    """Neighbouring segments differ by up to 2.5 mm: a shift by one of them would show."""
    volume, bodies, base_first = beating(turn, mirrored)
    assert base_first is not mirrored
    motion = measured(volume, base_first)
    insertion = bodies[0].insertion_deg
    for phase, shape in (("ed", ED), ("es", ES)):
        truth = true_segments(shape, insertion)
        assert np.ptp(list(truth.values())) > 4
        for k, expected in truth.items():
            found = getattr(motion.segments[k], f"thickness_{phase}_mm")
            # A wall of pixels of 1.3 mm; angles are known to 2.5 degrees.
            assert found == pytest.approx(expected, abs=0.3 * 1.3), (phase, k)
    for segment in motion.segments.values():
        es, ed = segment.thickness_es_mm, segment.thickness_ed_mm
        assert segment.thickening_pct == pytest.approx(100 * (es - ed) / ed)
        # Circles about the centre of each phase: every sector shrinks alike.
        assert segment.regional_ef_pct == pytest.approx(100 * (1 - (17 / 24) ** 2), abs=1.5)
        assert segment.reasons == {}


FACTORS = {0: 0.5, 1: 0.75, 2: 1.0}  # of the radius at ES, by pairs of opposite sixths


def uneven(spacing):
    """A round LV whose opposite sixths shrink alike, so that its centre stays where it is."""
    body = heart(off_centre=(0.0, 0.0))
    grid = stack(body, SLICES_MM, spacing=spacing, size=int(120 / min(spacing)))
    points = pixels(grid)
    ed = body.labels(points)
    es = ed.copy()
    _, septal, anterior = body.coordinates(points)
    pair = ((body.beyond_insertion_deg(points) // 60).astype(int)) % 3
    factor = np.choose(pair, list(FACTORS.values()))
    es[(ed == Label.LV) & (np.hypot(septal, anterior) >= body.cavity * factor)] = Label.MYOCARDIUM
    return Volume4D(np.stack([ed, es]), grid)


@pytest.mark.parametrize("spacing", [(1.0, 1.0), (1.4, 1.4)])
def test_regional_ejection_fraction_of_a_wall_that_moves_in_parts(spacing):
    motion = measured(uneven(spacing))
    # In the order from the insertion: 2 and 5, 3 and 6, 4 and 1.
    for pair, segments in enumerate(((2, 5), (3, 6), (4, 1))):
        expected = 100 * (1 - FACTORS[pair] ** 2)
        for k in (*segments, *(k + 6 for k in segments)):
            assert motion.segments[k].regional_ef_pct == pytest.approx(expected, abs=2.5)
    mean = 100 * (1 - np.mean(np.square(list(FACTORS.values()))))
    assert motion.whole.regional_ef_pct == pytest.approx(mean, abs=1)


def test_a_slice_that_es_lacks_counts_at_neither_and_says_so():
    volume, _, _ = beating()
    data = volume.data.copy()
    data[1, 0] = Label.BACKGROUND
    # What is left of a thick wall at ED must not be in the mean.
    data[0, 0][volume.data[1, 0] == Label.MYOCARDIUM] = Label.MYOCARDIUM
    motion, plain = measured(volume.with_data(data)), measured(volume)
    assert motion.reasons_ed[0] == ""
    assert motion.reasons_es[0] == "No LV wall on this slice."
    for k in range(1, 7):
        assert 0 not in motion.segments[k].slices
        assert motion.segments[k].chords_ed > motion.segments[k].chords_es
        assert motion.segments[k].thickness_ed_mm == pytest.approx(
            plain.segments[k].thickness_ed_mm, abs=0.1
        )


def test_an_open_ring_gives_what_it_has():
    """The basal septum open over 150 degrees on every basal slice, at ED."""
    volume, bodies, _ = beating()
    data = volume.data.copy()
    beyond = bodies[0].beyond_insertion_deg(pixels(volume.geometry))
    basal = np.zeros(volume.geometry.n_slices, bool)
    basal[:4] = True
    gap = basal[:, None, None] & (beyond < 150) & (data[0] == Label.MYOCARDIUM)
    data[0][gap] = Label.BACKGROUND
    motion, plain = measured(volume.with_data(data)), measured(volume)
    for k in (2, 3):
        assert np.isnan(motion.segments[k].thickness_ed_mm)
        assert motion.segments[k].reasons == dict.fromkeys(KEYS, NO_PAIR)
    for k in (5, 6):
        found, truth = motion.segments[k].thickness_ed_mm, plain.segments[k].thickness_ed_mm
        assert found == pytest.approx(truth, abs=0.3)
    assert motion.segments[8].thickness_ed_mm == plain.segments[8].thickness_ed_mm


def test_a_ring_open_by_more_than_half_says_how_many_chords_cross_it():
    volume, bodies, _ = beating()
    data = volume.data.copy()
    beyond = bodies[0].beyond_insertion_deg(pixels(volume.geometry))
    data[0, 0][(beyond[0] < 230) & (data[0, 0] == Label.MYOCARDIUM)] = Label.BACKGROUND
    motion = measured(volume.with_data(data))
    assert "of 100 chords cross the wall: the ring is open." in motion.reasons_ed[0]
    assert motion.reasons_es[0] == ""
    assert 0 not in motion.whole.slices


def test_without_rv_there_is_the_whole_wall_and_no_segment():
    volume, _, _ = beating()
    data = volume.data.copy()
    data[data == Label.RV] = Label.BACKGROUND
    motion, plain = measured(volume.with_data(data)), measured(volume)
    assert motion.whole.thickness_es_mm == pytest.approx(plain.whole.thickness_es_mm, abs=0.05)
    assert motion.whole.regional_ef_pct == pytest.approx(plain.whole.regional_ef_pct, abs=0.5)
    wall = wall_results(motion, volume.geometry, [], base_first=True)
    assert "right ventricle lies on the wall in no slice" in wall.not_measured
    for segment in wall.segments.values():
        assert set(segment.withheld) == set(KEYS)
        assert "right ventricle" in segment.withheld["thickening_pct"]


def test_a_cavity_that_systole_empties_is_told():
    volume, _, _ = beating()
    data = volume.data.copy()
    data[1, -3:][data[1, -3:] == Label.LV] = Label.MYOCARDIUM
    motion = measured(volume.with_data(data))
    assert motion.reasons_es[-1] == "No LV cavity on this slice."
    assert motion.segments[13].slices == (7,)


def test_a_sector_without_cavity_has_thickness_but_no_ejection_fraction():
    """A crescent, as a network may draw: its centre is not in it, nor is every sector."""
    volume, _, _ = beating()
    data = volume.data.copy()
    rows, cols = np.indices(volume.geometry.shape)
    for labels in data.reshape(-1, *volume.geometry.shape):
        cavity = labels == Label.LV
        row, col = np.argwhere(cavity).mean(axis=0)
        radius = np.sqrt(np.count_nonzero(cavity) / np.pi)
        angle = np.rad2deg(np.arctan2(rows - row, cols - col))
        crescent = (np.hypot(rows - row, cols - col) > 0.7 * radius) & (abs(angle) < 80)
        labels[cavity & ~crescent] = Label.MYOCARDIUM
    motion = measured(volume.with_data(data))
    told = [one for one in motion.segments.values() if one.reasons.get(KEYS[3]) == NO_SECTOR]
    assert told
    for one in told:
        assert np.isnan(one.regional_ef_pct)
        assert one.thickness_ed_mm > 0
        assert list(one.reasons) == ["regional_ef_pct"]


@given(factor=st.floats(0.6, 2.0))
@settings(max_examples=6, deadline=None)
def test_thickness_scales_with_the_pixels(factor):
    volume, _, _ = beating()
    grid = volume.geometry
    larger = StackGeometry(
        factor * grid.positions_mm, grid.row_cosine, grid.column_cosine,
        (1.3 * factor, 1.3 * factor), grid.shape,
    )  # fmt: skip
    plain, scaled = (
        measured(Volume4D(volume.data[:, 4:7], g.take_slices([4, 5, 6]))) for g in (grid, larger)
    )
    assert scaled.whole.thickness_ed_mm == pytest.approx(factor * plain.whole.thickness_ed_mm)
    assert scaled.whole.thickening_pct == pytest.approx(plain.whole.thickening_pct)


def test_results_say_what_was_measured_where():
    volume, _, base_first = beating(mirrored=True)
    motion = measured(volume, base_first)
    wall = wall_results(motion, volume.geometry, [], base_first=base_first)
    assert list(wall.segments) == list(range(1, 17))
    for k, one in wall.segments.items():
        found = motion.segments[k]
        assert one.thickness_ed_mm == round(found.thickness_ed_mm, 2)
        assert one.thickening_pct == round(found.thickening_pct, 1)
        assert (one.chords_ed, one.chords_es) == (found.chords_ed, found.chords_es)
        assert one.withheld == {}
    assert wall.not_measured == ""
    assert wall.levels == "thirds of the given LV extent"
    # The mirrored stack runs from apex to base; slices are told base first.
    assert [one.level for one in wall.slices] == ["basal"] * 4 + ["mid"] * 3 + ["apical"] * 4
    assert all(one.chords_ed == one.chords_es == 100 for one in wall.slices)
    total = sum(one.chords_ed for one in wall.segments.values())
    assert total == sum(one.chords_ed for one in wall.slices) == wall.global_.chords_ed


def test_a_gate_on_the_lv_withholds_the_wall():
    volume, _, base_first = beating()
    gate = Gate(
        name="mid_ventricular_ring", status=Status.WITHHELD, figure=50, limit=90, unit="%",
        message="Open.", withholds=list(LV_KEYS),
    )  # fmt: skip
    assert "cine.wall" in withheld_reasons([gate])
    wall = wall_results(measured(volume, base_first), volume.geometry, [gate], base_first=True)
    assert "mid_ventricular_ring" in wall.not_measured
    for one in (wall.global_, *wall.segments.values()):
        assert list(one.values()) == []
        assert set(one.withheld) == set(KEYS)
