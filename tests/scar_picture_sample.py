"""A ventricle with a scar, its images and its results, for the pictures."""

from dataclasses import replace

import numpy as np

from cmr.records import Model
from cmr.results_scar import (
    GrayZone,
    LateStack,
    Layers,
    Remote,
    Scar,
    ScarSegment,
    ScarSlice,
)
from cmr.scar.surface import make_surfaces
from pictures.scar_page import ScarPage
from tests.scar_surface_shapes import cut, degrees, ellipsoid, ventricle
from tests.test_scar_surface import SETTINGS

HEIGHTS = np.arange(-36.0, 45, 8)
CLASSES = ("0", "1-25", "26-50", "51-75", "76-100")
MODEL = Model(name="late_sax", version="1", sha256="0" * 64, provider="cpu", precision="fp32")
NOTICE = "Research use only. Not a medical device."


def numbers(a, b, h):
    """AHA segments: the apex towards larger ``h``, anterior towards negative ``b``.

    They run anti-clockwise seen from the apex, so that the septum is on the side of positive ``a``.
    """
    turn = (degrees(a, b) + 60) % 360  # from the border of segments 1 and 2
    ring = np.array([2, 3, 4, 5, 6, 1])[(turn // 60).astype(int)]
    apical = np.array([14, 15, 16, 13])[((turn - 15) % 360 // 90).astype(int)]
    return np.where(h < -16, ring, np.where(h < 16, ring + 6, apical))


def scar_of(a, b, h, share):
    """Of an anterior infarct that grows deeper and wider towards the apex."""
    away = np.abs((degrees(a, b) + 75 + 180) % 360 - 180)
    wide = 62 * np.sin(np.pi * np.clip((h + 34) / 84, 0, 1))
    deep = 0.35 + 0.65 * np.clip((h + 20) / 40, 0, 1)
    return (away < wide) & (share < deep * (1 - 0.5 * (away / 62) ** 2))


def images_of(lv, scar, gray, no_reflow):
    """Nulled wall, grey blood, bright scar, a bright ring of fat; Rayleigh noise."""
    rng = np.random.default_rng(4)
    shape = lv.wall.shape
    row, col = np.indices(shape[1:])
    middle = np.argwhere(lv.wall)[:, 1:].mean(axis=0)
    away = np.hypot(row - middle[0], (col - middle[1]) * 0.9)
    grey = np.where(away > 36, 520.0, 230.0) + np.zeros(shape)
    grey[lv.wall], grey[lv.cavity] = 25, 430
    grey[scar], grey[gray], grey[no_reflow] = 780, 350, 60
    return np.hypot(grey + rng.normal(0, 28, shape), rng.normal(0, 28, shape))


def sample(frame="oblique", **changes):
    """Page and surfaces."""
    stack = cut(HEIGHTS, frame)
    lv = ventricle(stack, ellipsoid(23, 74), ellipsoid(33, 84), numbers)
    a, b, h = stack.pixels
    inner, outer = (
        r * np.sqrt(np.clip(1 - ((h + 40) / n) ** 2, 0, 1)) for r, n in ((23, 74), (33, 84))
    )
    share = (np.hypot(a, b) - inner) / np.maximum(outer - inner, 1)
    scar = lv.wall & scar_of(a, b, h, share)
    core = lv.wall & scar_of(a, b, h, share + 0.16)
    no_reflow = core & scar_of(a, b, h, share + 0.55) & (np.abs(h) < 25)
    page = ScarPage(
        images_of(lv, scar, scar & ~core, no_reflow),
        lv,
        scar,
        core,
        scar & ~core,
        no_reflow,
        results(lv, scar),
        NOTICE,
    )
    return replace(page, **changes), make_surfaces(lv, scar, SETTINGS)


def results(lv, scar, **changes):
    """Shares of pixels by segment; a made-up class by share, so that every class is there."""
    segments = {}
    for n in range(1, 17):
        here = lv.segments == n
        pct = 100 * scar[here].mean()
        segments[n] = ScarSegment(
            scar_pct=pct,
            transmurality_pct=pct,
            transmurality_class=CLASSES[int(np.ceil(pct / 25.0001))],
            chords=30,
        )
    levels = ["basal"] * 3 + ["mid"] * 4 + ["apical"] * 4
    return Scar(
        mass_g=21.437,
        pct_lv_mass=18.04,
        lv_mass_g=118.8,
        core_pct=11.2,
        gray_pct=6.8,
        mvo_g=1.9,
        mvo_pct=1.6,
        segments_over_50=4,
        method="ewa",
        method_reason="Best on the phantom.",
        gray_definition="sd_2_3",
        methods={},
        gray_zones={"sd_2_3": GrayZone()},
        remote=Remote(pixels=400),
        layers=Layers(),
        territories={},
        segments=segments,
        slices=[
            ScarSlice(position_mm=8.0 * z, level=level, reason="", wall_mm2=1.0, scar_mm2=0.0)
            for z, level in enumerate(levels)
        ],
        stack=LateStack(
            kind="psir",
            reason="",
            zero="",
            series_uids=[],
            slices=11,
            pixel_spacing_mm=(1.3, 1.3),
            inversion_ms=[],
            left_out=[],
            not_taken=[],
        ),
        notes=[],
        model=MODEL,
        heart_model=MODEL,
    ).model_copy(update=changes)
