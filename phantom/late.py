"""Contrast of a late-enhancement image: inversion recovery after gadolinium."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from cmr.volume import FloatArray
from phantom.appearance import Appearance
from phantom.tissue import Tissue

# Relaxivity of a gadolinium chelate (Rohrer 2005: 4.1 /s/mM at 1.5 T in plasma) times a blood
# concentration of 0.5 mM some ten minutes after a double dose.
_BLOOD_RATE_PER_S = 2.0
# Uptake relative to blood: extracellular share over plasma share.
UPTAKE = {
    Tissue.BLOOD: 1.0,
    Tissue.MYOCARDIUM: 0.45,
    Tissue.MUSCLE: 0.25,
    Tissue.LIVER: 0.5,
    Tissue.SPLEEN: 0.7,
}


def late_signals(appearance: Appearance) -> npt.NDArray[np.float32]:
    """``(tissues,)`` magnitudes at 1.5 T with healthy myocardium nulled, blood 1.

    ``|1 - 2 exp(-TI/T1)|`` with ``TI = ln 2 x T1`` of myocardium after contrast.
    """
    native_ms = np.array([appearance.tissues[t.name.lower()].t1_ms[0] for t in Tissue])
    t1_ms = after_contrast_ms(native_ms, np.array([UPTAKE.get(t, 0.0) for t in Tissue]))
    density = np.array([appearance.tissues[t.name.lower()].density for t in Tissue])
    signal = np.abs(inverted(density, t1_ms, nulling_ms(t1_ms)))
    return np.asarray(signal / signal[Tissue.BLOOD], dtype=np.float32)


def after_contrast_ms(native_t1_ms: FloatArray, uptake: FloatArray) -> FloatArray:
    """T1 with an uptake relative to blood."""
    return np.asarray(1000 / (1000 / native_t1_ms + uptake * _BLOOD_RATE_PER_S))


def nulling_ms(t1_ms: FloatArray) -> float:
    """Inversion time that nulls healthy wall; ``t1_ms`` in the order of ``Tissue``."""
    return float(np.log(2) * t1_ms[Tissue.MYOCARDIUM])


def inverted(density: FloatArray, t1_ms: FloatArray, inversion_ms: float) -> FloatArray:
    """Signed signal after a perfect inversion and full recovery before it."""
    return np.asarray(density * (1 - 2 * np.exp(-inversion_ms / t1_ms)))
