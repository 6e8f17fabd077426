"""Signals, noise and error bounds for the fits, written down apart from the code they test."""

import numpy as np
from scipy.special import i0e, i1e

from tests.tissue_heart import MAPPING

FIT = MAPPING.fit
LEAST_SQUARES = FIT.model_copy(update={"rician_noise": False})
# MOLLI 5(3)3 at 60 beats a minute: the images of the first inversion, then of the second.
MOLLI_MS = np.array([100.0, 1100, 2100, 3100, 4100, 180, 1180, 2180])
FIVE_MS = MOLLI_MS[:5]
PLATEAU = 1000.0


def inversion(t1_ms, times_ms, ratio=2.0):
    """``(n, ...)`` signed MOLLI signal with ``B / A = ratio`` and apparent T1 ``t1_ms``."""
    t1 = np.asarray(t1_ms, float)
    times = np.reshape(times_ms, (-1, *[1] * t1.ndim))
    return PLATEAU * (1 - ratio * np.exp(-times * (ratio - 1) / t1))


def noisy_complex(signal, snr, draws, seed):
    """``(n, draws)``: the signal at an unknown constant phase, with complex Gaussian noise.

    Each of both channels has an SD of ``PLATEAU / snr``, so that magnitudes are Rician.
    """
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal((2, len(signal), draws)) * PLATEAU / snr
    phase = np.exp(1j * rng.uniform(-np.pi, np.pi, draws))
    return (signal[:, None] + noise[0] + 1j * noise[1]) * phase


def molli_bound_ms(t1_ms, times_ms, snr, ratio=2.0, *, rician):
    """Cramér-Rao bound of the SD of T1 from A, B and T1*.

    For Gaussian noise of the signed signal each image carries the information ``1 / sigma^2``; for
    Rician magnitudes that is multiplied by a factor that falls to 0 at the zero crossing.
    """
    sigma, tau = PLATEAU / snr, t1_ms / (ratio - 1)
    amplitude, decay = ratio * PLATEAU, np.exp(-np.asarray(times_ms) / tau)
    jacobian = np.stack(
        [np.ones_like(decay), -decay, -amplitude * decay * np.asarray(times_ms) / tau**2], axis=1
    )
    signal = PLATEAU - amplitude * decay
    weight = np.array([_rician_information(abs(s) / sigma) if rician else 1.0 for s in signal])
    information = jacobian.T @ (jacobian * weight[:, None]) / sigma**2
    gradient = np.array([-tau * amplitude / PLATEAU**2, tau / PLATEAU, ratio - 1])
    return float(np.sqrt(gradient @ np.linalg.inv(information) @ gradient))


def _rician_information(snr):
    """Fisher information of a magnitude on its signal over that of a signed value."""
    m = np.linspace(1e-6, snr + 9, 6001)
    density = m * np.exp(-((m - snr) ** 2) / 2) * i0e(m * snr)
    score = m * i1e(m * snr) / i0e(m * snr) - snr
    return float(np.trapezoid(score**2 * density, m))
