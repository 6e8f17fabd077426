"""Truth of the digital heart's wall and rates: against formulas, and measured on its masks."""

import numpy as np
import pytest

from cmr.body import Subject
from cmr.cine import measure_heart
from cmr.cleanup import CleanUpSettings, clean
from cmr.labels import Label
from cmr.preprocess import PreprocessSettings
from cmr.resample import CropGrid
from phantom.appearance import load_appearance
from phantom.heart import draw_heart
from phantom.motion import CycleShape
from phantom.settings import PhantomSettings
from phantom.study import make_cine
from phantom.subject import draw_subject
from phantom.wall_truth import motion_truth
from tests.heart_masks import APP_YAML, VOLUMETRY
from tests.test_wall_motion import SETTINGS, WALL
from training.config import read_section

pytestmark = pytest.mark.requirement("REP-04")


@pytest.mark.parametrize("seed", range(5))
def test_steepest_slopes_are_those_of_the_curve(seed):
    cycle = draw_heart(load_appearance().heart, np.random.default_rng(seed), 25).cycle
    times = np.linspace(0, 1, 400_001)
    slope = np.gradient(cycle.fullness(times), times)
    emptying, filling = cycle.steepest()
    assert emptying.slope == pytest.approx(-slope.min(), rel=1e-4)
    assert filling.slope == pytest.approx(slope.max(), rel=1e-4)
    assert emptying.after == pytest.approx(times[np.argmin(slope)], abs=1e-3)
    assert cycle.systole_share + filling.after == pytest.approx(times[np.argmax(slope)], abs=1e-3)


def test_an_atrium_that_fills_more_is_the_steepest():
    early, atrial = (CycleShape(0.36, share).steepest()[1] for share in (0.8, 0.2))
    assert early.after == pytest.approx(0.64 * 0.225)
    assert atrial.after == pytest.approx(0.64 * 0.85)


@pytest.fixture(scope="module")
def imaged():
    """Few phases, as ED and ES alone are measured here."""
    settings = PhantomSettings(seed=0, phases=6)
    _, labels, truth = make_cine(settings)
    return draw_subject(settings), labels, truth


def test_truth_of_a_level_slice_is_the_difference_of_radii(imaged):
    """In the middle of the ventricle both surfaces are nearly cylinders about the axis."""
    subject, _, truth = imaged
    shape = subject.scene.shape
    for phase, time in (("ed", 0.0), ("es", shape.cycle.systole_share)):
        now = shape.at(time)
        depths = np.linspace(1, 2, 20) / 3 * shape.length_mm
        wall = now.epicardium.section_radius_mm(depths) - now.endocardium.section_radius_mm(depths)
        found = [getattr(truth.motion.segments[k], f"thickness_{phase}_mm") for k in range(7, 13)]
        assert wall.min() - 0.7 < min(found) <= max(found) < wall.max() + 0.7
        assert np.mean(found) == pytest.approx(wall.mean(), rel=0.06)


def test_thickness_on_true_masks_is_within_03_pixels(imaged):
    """And thickening and regional EF as near as that allows, in all 16 segments."""
    _, labels, truth = imaged
    motion = measure_heart(labels, Subject(), VOLUMETRY, SETTINGS.aha, WALL).wall
    assert sorted(truth.motion.segments) == list(range(1, 17))
    pixel_mm = min(labels.geometry.pixel_spacing_mm)
    for k, true in truth.motion.segments.items():
        found = motion.segments[k]
        assert found.thickness_ed_mm == pytest.approx(true.thickness_ed_mm, abs=0.3 * pixel_mm)
        assert found.thickness_es_mm == pytest.approx(true.thickness_es_mm, abs=0.3 * pixel_mm)
        assert found.thickening_pct == pytest.approx(true.thickening_pct, abs=6)
        assert found.regional_ef_pct == pytest.approx(true.regional_ef_pct, abs=3)


def test_the_way_through_the_network_makes_no_wall_thinner(imaged):
    """True masks to its grid, back, and through the clean-up: what is thinner then is its doing."""
    _, labels, truth = imaged
    seen = read_section(APP_YAML, "preprocessing", PreprocessSettings)
    geometry = labels.geometry
    centre = np.argwhere(labels.data == Label.LV).mean(axis=0)[2:]
    grid = CropGrid(
        geometry.shape, geometry.pixel_spacing_mm, seen.matrix, seen.spacing_mm, tuple(centre)
    )
    shares = np.stack([grid.to_crop((labels.data == k).astype(np.float32)) for k in Label])
    drawn = np.stack([shares.argmax(axis=0) == k for k in range(len(Label))]).astype(np.float32)
    back = labels.with_data(grid.to_native(drawn).argmax(axis=0).astype(np.uint8))
    cleaned = clean(back, read_section(APP_YAML, "cleanup", CleanUpSettings)).labels
    assert (cleaned.data != labels.data).any()
    motion = measure_heart(cleaned, Subject(), VOLUMETRY, SETTINGS.aha, WALL).wall
    for phase in ("ed", "es"):
        off = [
            getattr(motion.segments[k], f"thickness_{phase}_mm")
            - getattr(true, f"thickness_{phase}_mm")
            for k, true in truth.motion.segments.items()
        ]
        assert abs(np.mean(off)) < 0.05


def test_rates_of_the_truth_belong_to_the_stroke_volumes(imaged):
    subject, labels, truth = imaged
    shape = subject.scene.shape
    again = motion_truth(subject.scene, labels.geometry, labels.data[[0, truth.phases.es]])
    assert again == truth.motion
    share = truth.motion.rv.peak_filling_rate_ml_s / truth.motion.lv.peak_filling_rate_ml_s
    stroke = (shape.rv_edv_ml - shape.rv_esv_ml) / (shape.edv_ml - shape.esv_ml)
    assert share == pytest.approx(stroke)
