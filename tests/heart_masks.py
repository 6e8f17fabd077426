"""Masks with a known truth for the tests of clean-up, volumetry, gates and assembly."""

import numpy as np

from cmr.cleanup import CleanUpSettings
from cmr.labels import Label
from cmr.quality import QualitySettings
from cmr.volume import StackGeometry, Volume4D
from cmr.volumetry import VolumetrySettings
from tests.conftest import ROOT
from training.config import read_section

APP_YAML = ROOT / "app.yaml"
CLEANUP = read_section(APP_YAML, "cleanup", CleanUpSettings)
VOLUMETRY = read_section(APP_YAML, "volumetry", VolumetrySettings)
QUALITY = read_section(APP_YAML, "quality", QualitySettings)


def geometry(n_slices=10, pitch_mm=8.0, spacing_mm=(1.5, 1.5), shape=(96, 96), positions=None):
    """Axial stack; ``positions`` (z,) overrides the even pitch."""
    along = pitch_mm * np.arange(n_slices) if positions is None else np.asarray(positions, float)
    return StackGeometry(
        np.column_stack([np.zeros((len(along), 2)), along]),
        np.array([1.0, 0, 0]),
        np.array([0, 1.0, 0]),
        spacing_mm,
        shape,
        slice_thickness_mm=6.0,
    )


def heart(radii_mm, stack, wall_mm=9.0, rv=True):
    """Labels (t, z, row, col) of a round LV in a ring, with an RV beside it.

    ``radii_mm`` (t, z) is the radius of the cavity; 0 leaves LV, wall and RV out of the slice.
    """
    radii_mm = np.asarray(radii_mm, float)
    rows, cols = np.indices(stack.shape)
    down, right = (
        (i - (n - 1) / 2) * s
        for i, n, s in zip((rows, cols), stack.shape, stack.pixel_spacing_mm, strict=True)
    )
    distance = np.hypot(down, right)
    out = np.zeros((*radii_mm.shape, *stack.shape), np.uint8)
    for (t, z), radius in np.ndenumerate(radii_mm):
        if radius > 0:
            beside = np.hypot(down, right + radius + wall_mm)
            if rv:
                out[t, z][beside <= radius * 0.9] = Label.RV
            out[t, z][distance <= radius + wall_mm] = Label.MYOCARDIUM
            out[t, z][distance <= radius] = Label.LV
    return out


# Narrow at the apex (last slice), nothing in the first: a base and an apex that are clear.
ED_RADII_MM = np.array([0, 24, 24.5, 24.5, 24, 23, 21, 18, 14, 0.0])


def beating_radii(n_phases=25, depth=0.3):
    """(t, z) radii: largest at phase 0, smallest at 36 % of the cycle, one valley."""
    phase = np.arange(n_phases) / n_phases
    warped = np.where(phase < 0.36, phase / 0.72, 0.5 + (phase - 0.36) / 1.28)
    return ED_RADII_MM * (1 - depth * (1 - np.cos(2 * np.pi * warped)) / 2)[:, None]


def beating_heart(n_phases=25, rr_ms=1000.0, **kwargs):
    """A sound cine whose gates all pass."""
    stack = geometry()
    labels = heart(beating_radii(n_phases, **kwargs), stack)
    times = np.tile(rr_ms * np.arange(n_phases)[:, None] / n_phases, (1, stack.n_slices))
    return Volume4D(labels, stack, times, np.full(stack.n_slices, rr_ms))
