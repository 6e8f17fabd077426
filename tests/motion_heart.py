"""A heart in the plane that moves under a chest wall that does not: signals, labels and truth.

Written apart from the code it tests: tissue is drawn 4 x 4 times per pixel at its true place, so a
shift is no resampling.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from cmr.motion.settings import MotionSettings, PostSettings
from cmr.relaxometry.t1 import fit_molli, fit_saturation_recovery
from cmr.relaxometry.t2 import fit_decay
from tests.relaxometry_support import FIT

MOTION = MotionSettings(
    enabled=True,
    max_shift_mm=15,
    min_shift_px=0.1,
    min_contrast=3,
    min_correlation=0.5,
    min_gain_pct=3,
    post=PostSettings(max_angle_deg=3, min_correlation=0.5),
)
SPACING_MM = (1.5, 1.5)
SHAPE = (128, 136)
_FINE = 4
_LUNG, _WALL, _FAT, _BLOOD, _LIVER, _CHEST, _LESION = range(7)
DENSITY = np.array([0.05, 0.75, 0.75, 0.9, 0.7, 1.3, 0.78])
TRUE_MS = {
    "native": np.array([1200.0, 1150, 350, 1700, 800, 350, 1350]),
    "post": np.array([600.0, 450, 300, 320, 380, 330, 370]),
    "sasha": np.array([1200.0, 1150, 350, 1700, 800, 350, 1350]),
    "t2": np.array([40.0, 47, 90, 180, 40, 90, 60]),
}
# 5(3)3, 4(1)3(1)2; then SASHA with its image without saturation, and three T2 preparations.
TIMES_MS = {
    "native": np.array([100.0, 1100, 2100, 3100, 4100, 180, 1180, 2180]),
    "post": np.array([100.0, 1000, 1900, 2800, 180, 1080, 1980, 260, 1160]),
    "sasha": np.array([np.inf, 100, 180, 260, 340, 420, 500, 580, 660, 740]),
    "t2": np.array([0.0, 25, 55]),
}
REFERENCE = {"native": 4, "post": 3, "sasha": 0, "t2": 0}


def _fine_mm(shape, spacing_mm):
    axes = (
        ((np.arange(n * _FINE) + 0.5) / _FINE - 0.5 - (n - 1) / 2) * mm
        for n, mm in zip(shape, spacing_mm, strict=True)
    )
    return np.meshgrid(*axes, indexing="ij")


def tissue(shift_mm=(0.0, 0.0), shape=SHAPE, spacing_mm=SPACING_MM):
    """Fine grid of tissue numbers; the chest wall stays, the rest is displaced."""
    y, x = _fine_mm(shape, spacing_mm)
    down, right = y - shift_mm[0], x - shift_mm[1]
    radius, angle = np.hypot(down, right), np.arctan2(down, right)
    found = np.full(y.shape, _LUNG)
    found[((right + 25) / 85) ** 2 + ((down - 75) / 42) ** 2 < 1] = _LIVER
    rv = ((right + 38) ** 2, (down + 4) ** 2)
    found[rv[0] / 37**2 + rv[1] / 33**2 < 1] = _FAT
    found[rv[0] / 34**2 + rv[1] / 30**2 < 1] = _BLOOD
    found[radius < 33] = _WALL
    found[(radius < 33) & (angle > 0) & (angle < np.pi / 3)] = _LESION
    found[radius < 22] = _BLOOD
    for turn in (0.8, 2.4):
        found[np.hypot(down - 15 * np.sin(turn), right - 15 * np.cos(turn)) < 4] = _WALL
    found[y < -44 - 0.002 * x**2] = _CHEST
    return found


def image(signal, **place):
    """``(row, col)`` noise-free signed image of one signal for each tissue."""
    fine = signal[tissue(**place)]
    rows, cols = (n // _FINE for n in fine.shape)
    return ndimage.gaussian_filter(fine.reshape(rows, _FINE, cols, _FINE).mean((1, 3)), 0.6)


def signals(kind):
    """``(n, tissues)`` signed."""
    times, true = TIMES_MS[kind][:, None], TRUE_MS[kind]
    if kind == "t2":
        return DENSITY * np.exp(-times / true)
    if kind == "sasha":
        return DENSITY * (1 - np.exp(-times / true))
    apparent = true / (1 + true / 2500)
    plateau = DENSITY * apparent / true
    return plateau - plateau * (true / apparent + 1) * np.exp(-times / apparent)


@dataclass
class Study:
    """Complex images ``(n, row, col)``, true displacements and the model."""

    kind: str
    complex: np.ndarray
    shifts_mm: np.ndarray
    still: np.ndarray

    @property
    def magnitude(self):
        return np.abs(self.complex)

    @property
    def reference(self):
        return REFERENCE[self.kind]

    def shift_errors_px(self, found_mm):
        return np.hypot(*((found_mm - self.shifts_mm) / SPACING_MM[0]).T)


def _taken(signal, shifts_mm):
    pairs = zip(signal, shifts_mm, strict=True)
    return 1000 * np.stack([image(one, shift_mm=shift) for one, shift in pairs])


def make(kind, snr=None, largest_px=3.0, seed=0):
    """Displacements of quarters of a pixel; SNR of the wall in the reference image."""
    rng = np.random.default_rng(seed)
    steps = int(4 * largest_px)
    shifts = rng.integers(-steps, steps + 1, (len(TIMES_MS[kind]), 2)) / 4 * SPACING_MM
    shifts[REFERENCE[kind]] = 0
    signal = signals(kind)
    rows, cols = np.indices(SHAPE)
    phase = np.exp(1j * (0.02 * rows + 0.013 * cols + 1))
    sd = 0 if snr is None else abs(signal[REFERENCE[kind], _WALL]) / snr
    noise = rng.standard_normal((2, len(signal), *SHAPE))
    moved, still = (_taken(signal, places) * phase for places in (shifts, 0 * shifts))
    noise = 1000 * sd * (noise[0] + 1j * noise[1])
    return Study(kind, moved + noise, shifts, np.abs(still + noise))


def fit(kind, images):
    times = np.where(np.isinf(TIMES_MS[kind]), 1e7, TIMES_MS[kind])
    if kind == "t2":
        return fit_decay(images, times, FIT.t2_ms, FIT, with_offset=False)
    if kind == "sasha":
        return fit_saturation_recovery(images, times, FIT, free_amplitude=True)
    return fit_molli(images, times, FIT)


def model(kind):
    """The fitted magnitudes of :func:`fit`."""

    def fitted(images):
        found = fit(kind, np.abs(images))
        times = TIMES_MS[kind][:, None, None]
        decay = found.amplitude * np.exp(-times / found.time_constant_ms)
        return np.abs(found.plateau + decay if kind == "t2" else found.plateau - decay)

    return fitted


def disc(radius_mm=50.0):
    y, x = ((np.arange(n) - (n - 1) / 2) * mm for n, mm in zip(SHAPE, SPACING_MM, strict=True))
    return np.hypot(y[:, None], x) <= radius_mm


def sector_medians(values):
    """Six sectors of 60 degrees, inner 70 % of the wall's thickness."""
    y, x = ((np.arange(n) - (n - 1) / 2) * mm for n, mm in zip(SHAPE, SPACING_MM, strict=True))
    radius, angle = np.hypot(y[:, None], x), np.mod(np.arctan2(y[:, None], x), 2 * np.pi)
    middle = (radius > 22 + 0.15 * 11) & (radius < 33 - 0.15 * 11)
    sector = (angle // (np.pi / 3)).astype(int)
    return np.array([np.nanmedian(values[middle & (sector == k)]) for k in range(6)])


def true_sectors(kind):
    true = TRUE_MS[kind]
    return np.array([true[_LESION], *[true[_WALL]] * 5])
