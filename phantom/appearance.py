"""The ranges of ``appearance.yaml`` as typed settings, and draws from them."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated

import numpy as np
import yaml
from pydantic import AfterValidator

from cmr.settings import Section


def _ordered(pair: tuple[float, float]) -> tuple[float, float]:
    if pair[0] > pair[1]:
        raise ValueError(f"range {pair}: expected the lower bound first")
    return pair


Range = Annotated[tuple[float, float], AfterValidator(_ordered)]
ByField = tuple[float, float]
"""A value at 1.5 T and one at 3 T."""


class HeartRanges(Section):
    """Size, shape and motion of the heart."""

    edv_ml: Range
    ef_pct: Range
    mass_to_volume_g_ml: Range
    length_to_size: Range
    truncation: Range
    apex_wall_mm: Range
    apex_thickening: Range
    mapse_at_ef60_mm: Range
    ellipticity: Range
    rv_edv_ratio: Range
    rv_sv_ratio: Range
    rv_half_angle_deg: Range
    rv_skew: Range
    rv_length_share: Range
    tapse_ratio: Range
    rv_base_mm: Range
    rv_wall_mm: Range
    epicardial_fat_mm: Range
    papillary_ml: Range
    trabecular_share: Range
    heart_rate_bpm: Range
    ejection_intercept_ms: Range
    early_filling_share: Range


class BodyRanges(Section):
    """Chest, organs and the place of the heart in them."""

    half_width_mm: Range
    half_depth_mm: Range
    subcutaneous_fat_mm: Range
    chest_wall_mm: Range
    right_dome_mm: Range
    left_dome_mm: Range
    azimuth_deg: Range
    elevation_deg: Range
    roll_deg: Range
    base_left_mm: Range
    chest_gap_mm: Range
    base_up_mm: Range
    aorta_radius_mm: Range
    height_m: Range
    body_mass_index: Range


class ScanRanges(Section):
    """Contrast, noise and planning."""

    field_strength_t: ByField
    flip_deg: tuple[Range, Range]
    tr_ms: Range
    inflow: Range
    blood_snr: Range
    blur_px: Range
    coil_gain: Range
    coil_depth_mm: Range
    shading: Range
    blood_texture: Range
    breath_hold_mm: Range
    rr_variation: Range
    tilt_deg: Range
    in_plane_turn_deg: Range
    off_centre_mm: Range


class TissueValues(Section):
    """Relaxation times at 1.5 T and 3 T, proton density relative to water."""

    t1_ms: ByField
    t2_ms: ByField
    density: float


class Appearance(Section):
    """All of ``appearance.yaml``."""

    heart: HeartRanges
    body: BodyRanges
    scan: ScanRanges
    tissue_variation: Range
    tissues: dict[str, TissueValues]


@cache
def load_appearance() -> Appearance:
    """Read and check the ranges."""
    text = Path(__file__).with_name("appearance.yaml").read_text(encoding="utf-8")
    return Appearance.model_validate(yaml.safe_load(text))


def draw(rng: np.random.Generator, bounds: tuple[float, float]) -> float:
    """One uniform draw from a range."""
    return float(rng.uniform(*bounds))
