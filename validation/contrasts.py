"""Mapping images of real hearts with known outlines: physics on ACDC's cine images and labels.

Apart from the generator that trains (:mod:`training.synthesis`): fixed literature tissues, the
phantom's signal models, maps fitted to noisy images by the application's own fits. Tissue values:
wall T1 and T2 rounded from Gottbrecht 2019 and Hanson 2020, blood and ECV in
:mod:`phantom.mapping_tissue`, other tissues in ``phantom/appearance.yaml`` (Stanisz 2005,
de Bazelaire 2004).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from cmr.body import Range
from cmr.labels import Label
from cmr.relaxometry.settings import FitSettings
from cmr.relaxometry.t1 import fit_molli
from cmr.relaxometry.t2 import fit_decay
from cmr.volume import FloatArray
from phantom.appearance import load_appearance
from phantom.mapping_protocol import MOLLI_SCHEMES
from phantom.mapping_settings import MappingSettings, Protocol
from phantom.mapping_signal import (
    Readout,
    decay_model,
    look_locker_t1_ms,
    molli_model,
    saturation_model,
)
from phantom.mapping_tissue import mapped_tissues
from phantom.tissue import Tissue

FIELDS_T = (1.5, 3.0)
NATIVE_INVERSION_MS = (120.0, 300.0, 600.0, 1000.0, 2500.0)  # 600: the wall's null
POST_INVERSION_MS = (120.0, 300.0, 600.0, 2500.0)  # 300: the wall's null
SATURATION_MS = 300.0
_T2_PREP_MS = (0.0, 25.0, 55.0)
_RR_MS = 1000.0
_SNR = 20.0  # of relaxed wall
_PSF_MM = 0.8  # SD: the pixels of about 1.9 mm that mapping is acquired with
_COIL_LOSS = 0.5  # of the signal, from one corner of the image to the other
# Map pixels that the fit leaves open hold noise up to these values, as on scanners.
_OPEN_T1_MS, _OPEN_T2_MS = 4000.0, 300.0
_FIT = FitSettings(
    t1_ms=Range(low=20, high=8000),
    t2_ms=Range(low=2, high=2000),
    t2_star_ms=Range(low=0.5, high=500),
    rician_noise=False,
    free_saturation_amplitude=True,
    max_sd_fraction=1,  # scanners show what they find
    noise_floor_fraction=0.005,
    shortest_rr_ms=250,
)
# Upper ends of the grey levels of air, lung, muscle, liver and blood in a normalised cine, from the
# wall's level (0) to the blood's (1); brighter is fat. Air and lung: shares of the wall's level.
_AIR, _LUNG, _MUSCLE, _LIVER, _BLOOD = 0.15, 0.5, 0.25, 0.55, 1.35


@dataclass(frozen=True)
class Anatomy:
    """What each pixel of a stack is made of.

    Parameters
    ----------
    tissues
        ``(z, row, col)`` of :class:`phantom.tissue.Tissue`.
    detail
        ``(z, row, col)`` relative density: the cine's own fine structure.
    spacing_mm
        Distance of rows and of columns.
    """

    tissues: npt.NDArray[np.uint8]
    detail: FloatArray
    spacing_mm: tuple[float, float]


def read_anatomy(
    images: FloatArray, labels: npt.NDArray[np.uint8], spacing_mm: tuple[float, float]
) -> Anatomy:
    """See tissues in ``(z, row, col)`` cine images in 0–1 and an expert's labels.

    Wall is wall; what is dark in a cavity is papillary muscle; all else goes by its grey level.
    """
    wall = float(np.median(images[labels == Label.MYOCARDIUM]))
    blood = float(np.median(images[labels == Label.LV]))
    level = (images - wall) / (blood - wall)
    chosen = [images < _AIR * wall, images < _LUNG * wall]
    chosen += [level < limit for limit in (_MUSCLE, _LIVER, _BLOOD)]
    kinds = (Tissue.AIR, Tissue.LUNG, Tissue.MUSCLE, Tissue.LIVER, Tissue.BLOOD)
    tissues = np.select(chosen, kinds, Tissue.FAT).astype(np.uint8)
    cavity = np.isin(labels, (Label.RV, Label.LV))
    tissues[cavity] = np.where(level[cavity] < 0.5, Tissue.MYOCARDIUM, Tissue.BLOOD)
    tissues[labels == Label.MYOCARDIUM] = Tissue.MYOCARDIUM
    smooth = ndimage.gaussian_filter(images, (0, *(3 / np.array(spacing_mm))))
    return Anatomy(tissues, 1 + 0.3 * (images - smooth) / blood, spacing_mm)


def native_contrasts(
    anatomy: Anatomy, field_t: float, rng: np.random.Generator
) -> dict[str, FloatArray]:
    """``(z, row, col)`` images before contrast, by name."""
    tissues = mapped_tissues(load_appearance(), field_t, MappingSettings())
    density = _relative(tissues.density)
    saturation = saturation_model(np.array([SATURATION_MS]), tissues.t1_ms, density)
    prepared = decay_model(np.array(_T2_PREP_MS), tissues.t2_ms, density)
    sources = [scan(anatomy, signal, rng) for signal in prepared]
    t2 = fit_decay(np.array(sources), _T2_PREP_MS, _FIT.t2_ms, _FIT, with_offset=False).value_ms
    return {
        **_inversions(anatomy, tissues.t1_ms, tissues.t2_ms, density, Protocol.NATIVE_MOLLI, rng),
        f"SR {SATURATION_MS:g} ms": scan(anatomy, saturation[0], rng),
        "T2 map": _filled(t2, _OPEN_T2_MS, rng),
    }


def post_contrasts(
    anatomy: Anatomy, field_t: float, rng: np.random.Generator
) -> dict[str, FloatArray]:
    """``(z, row, col)`` images after contrast, by name."""
    tissues = mapped_tissues(load_appearance(), field_t, MappingSettings())
    density = _relative(tissues.density)
    return _inversions(
        anatomy, tissues.post_t1_ms, tissues.t2_ms, density, Protocol.POST_MOLLI, rng
    )


def scan(anatomy: Anatomy, signals: FloatArray, rng: np.random.Generator) -> FloatArray:
    """``(z, row, col)`` magnitude image of ``(tissues,)`` signed signals.

    Shared pixels add their signals before the magnitude is taken, so that a dark line parts
    tissues of opposite sign; noise lies in both channels (Rician).
    """
    sharp = signals[anatomy.tissues] * anatomy.detail
    blurred = ndimage.gaussian_filter(sharp, (0, *(_PSF_MM / np.array(anatomy.spacing_mm))))
    rows, cols = (np.linspace(0, 0.5, n) for n in sharp.shape[1:])
    shaded = blurred * (1 - _COIL_LOSS * (rows[:, None] + cols))
    real, imaginary = rng.normal(0, 1 / _SNR, (2, *sharp.shape))
    return np.asarray(np.hypot(shaded + real, imaginary), np.float32)


def _inversions(  # noqa: PLR0913
    anatomy: Anatomy,
    t1_ms: FloatArray,
    t2_ms: FloatArray,
    density: FloatArray,
    protocol: Protocol,
    rng: np.random.Generator,
) -> dict[str, FloatArray]:
    """Images at some inversion times, and the map of a whole MOLLI acquisition."""
    star_ms = look_locker_t1_ms(t1_ms, t2_ms, Readout(), _RR_MS)
    native = protocol is Protocol.NATIVE_MOLLI
    shown_ms = NATIVE_INVERSION_MS if native else POST_INVERSION_MS
    acquired_ms = MOLLI_SCHEMES[protocol].inversion_ms(_RR_MS)
    shown, acquired = (
        [
            scan(anatomy, signal, rng)
            for signal in molli_model(np.array(times_ms), t1_ms, star_ms, density)
        ]
        for times_ms in (shown_ms, acquired_ms)
    )
    found = {f"IR {time_ms:g} ms": image for time_ms, image in zip(shown_ms, shown, strict=True)}
    fitted = fit_molli(np.array(acquired), acquired_ms, _FIT).value_ms
    return found | {"T1 map": _filled(fitted, _OPEN_T1_MS, rng)}


def _filled(values: FloatArray, upper: float, rng: np.random.Generator) -> FloatArray:
    noise = rng.uniform(0, upper, values.shape)
    return np.asarray(np.where(np.isfinite(values), np.clip(values, 0, upper), noise), np.float32)


def _relative(density: FloatArray) -> FloatArray:
    return np.asarray(density / density[Tissue.MYOCARDIUM])
