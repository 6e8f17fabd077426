"""Contrast of a late-enhancement image: inversion recovery after gadolinium."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

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
    t1_ms = np.array([_t1_after_ms(appearance, tissue) for tissue in Tissue])
    inversion_ms = np.log(2) * t1_ms[Tissue.MYOCARDIUM]
    density = np.array([appearance.tissues[t.name.lower()].density for t in Tissue])
    signal = density * np.abs(1 - 2 * np.exp(-inversion_ms / t1_ms))
    return np.asarray(signal / signal[Tissue.BLOOD], dtype=np.float32)


def _t1_after_ms(appearance: Appearance, tissue: Tissue) -> float:
    native_ms = appearance.tissues[tissue.name.lower()].t1_ms[0]
    rate_per_s = 1000 / native_ms + UPTAKE.get(tissue, 0.0) * _BLOOD_RATE_PER_S
    return 1000 / rate_per_s
