"""A heart of circles that beats by a formula, for the pictures of the cine."""

from dataclasses import replace

import numpy as np

from cmr.labels import Label
from cmr.results_cine import Wall, WallSegment
from pictures.cine_page import CinePage
from tests.results_sample import cine_results

PHASES, SLICES, ED, ES = 20, 7, 1, 8
SPACING = (1.2, 1.5)
SHAPE = (140, 120)
# Down and along, from the upper left corner of the image.
LV_MM, RV_MM = (84.0, 105.0), (84.0, 68.0)
WALL_MM, RV_RADIUS_MM = 8.0, 16.0
STEP_MS = 40.0
NOTICE = "Research use only. Not a medical device. The networks are for non-commercial use."
# What each slice shows apart from the heart, so that a picture tells which slice it is.
MARK_MM = (50.0, 60.0)
PER, PFR = 137.0, 151.0


def endo_mm(phase, z):
    """Radius of the cavity: largest at ED, smallest at ES, narrower towards the apex."""
    squeeze = 0.5 * (1 - np.cos(np.pi * min(abs(phase - ED) / (ES - ED), 1.0)))
    if phase > ES:
        squeeze = 0.5 * (1 + np.cos(np.pi * (phase - ES) / (PHASES - ES)))
    return (27 - 1.5 * z) - 9 * squeeze


def away_mm(centre):
    row, col = np.indices(SHAPE)
    down, along = (row + 0.5) * SPACING[0] - centre[0], (col + 0.5) * SPACING[1] - centre[1]
    return np.hypot(down, along)


def heart(phase, z):
    """Labels of one slice; the first and the last slice are empty."""
    labels = np.zeros(SHAPE, np.uint8)
    if z in (0, SLICES - 1):
        return labels
    endo = endo_mm(phase, z)
    labels[away_mm(RV_MM) < RV_RADIUS_MM] = Label.RV
    labels[away_mm(LV_MM) < endo + WALL_MM] = Label.MYOCARDIUM
    labels[away_mm(LV_MM) < endo] = Label.LV
    return labels


def image(phase, z):
    """Grey; a bright disc that grows with the phase, whose brightness tells the slice."""
    grey = np.full(SHAPE, 60.0)
    grey[away_mm((40.0, 140.0)) < 3 + 0.4 * phase] = 100 + 20 * z
    grey[0, 0], grey[0, 1] = 0, 255
    return grey


def volume_ml(phase):
    return 0.9 * endo_mm(phase, 3) ** 2 / 4


def sample(base_first=True, **changes):
    """The page; slices counted from the base whichever end comes first."""
    order = range(SLICES) if base_first else range(SLICES - 1, -1, -1)
    labels, images = (
        np.array([[of(t, z) for z in order] for t in range(PHASES)]) for of in (heart, image)
    )
    lv = np.array([volume_ml(t) for t in range(PHASES)])
    agreement = np.full((PHASES, SLICES), 0.97)
    agreement[ES] = 0.9
    page = CinePage(
        images=images.astype(np.float32),
        labels=labels,
        pixel_spacing_mm=SPACING,
        base_first=base_first,
        volumes_ml={Label.LV: lv, Label.RV: 0.8 * lv + 60},
        excluded=frozenset(),
        slice_agreement=agreement,
        results=results(lv),
        notice=NOTICE,
    )
    return replace(page, **changes)


def results(lv, **changes):
    """With a fit through the points and rates that are easy to tell apart."""
    cine = cine_results()
    rates = {
        "peak_ejection_rate_ml_s": 411.0,
        "peak_filling_rate_ml_s": 388.0,
        "time_to_peak_ejection_ms": PER,
        "time_to_peak_filling_ms": PFR,
    }
    curve = {
        "time_ms": [STEP_MS * t for t in range(PHASES)],
        "lv_ml": list(lv),
        "rv_ml": list(0.8 * lv + 60),
        "lv_fitted_ml": list(lv),
        "rv_fitted_ml": list(0.8 * lv + 60),
    }
    wall = Wall(
        global_=WallSegment(chords_ed=9, chords_es=9),
        segments={n: segment(n) for n in range(1, 17)},
        slices=[],
        method="",
        levels="",
        not_measured="",
    )
    own = {
        "lv": cine.lv.model_copy(update=rates),
        "rv": cine.rv.model_copy(update=rates),
        "phases": cine.phases.model_copy(update={"count": PHASES, "ed": ED, "es": ES}),
        "curve": cine.curve.model_copy(update=curve),
        "wall": wall,
    }
    return cine.model_copy(update=own | changes)


def segment(n):
    """Segment 9 has no end-systolic wall."""
    late = {} if n == 9 else {"thickness_es_mm": 10.0 + n / 10, "thickening_pct": 40.0 + n}
    return WallSegment(thickness_ed_mm=6.0 + n / 10, chords_ed=9, chords_es=9, **late)
