"""Bloch simulation of MOLLI, and the T1 that the usual fit reads from its signals.

On resonance a balanced train with alternating pulses keeps the magnetisation in one plane: its
state is the transverse part ``m_xy``, in a frame that turns by 180 degrees each TR, and ``m_z``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize

from cmr.volume import FloatArray
from phantom.mapping_signal import MolliScheme, Readout


@dataclass(frozen=True, eq=False)
class BlochMolli:
    """MOLLI of tissues with ``(tissues,)`` relaxation times, equilibrium magnetisation 1.

    Each readout starts with half a pulse half a TR before the train and ends spoiled. TI runs from
    the inversion to the pulse of the centre of k-space. An inversion turns ``m_z`` into minus
    ``inversion_efficiency`` of it, and leaves nothing transverse.
    """

    t1_ms: FloatArray
    t2_ms: FloatArray
    readout: Readout
    inversion_efficiency: float

    def signals(self, scheme: MolliScheme, rr_ms: float) -> FloatArray:
        """``(n, tissues)`` signed signal at the centre of k-space, in the order of acquisition.

        Raises
        ------
        ValueError
            A readout that begins before its inversion, or that is longer than the heart beat.
        """
        before_ms = (self.readout.pulses // 2 + 0.5) * self.readout.tr_ms
        times_ms = scheme.inversion_ms(rr_ms)
        if before_ms > times_ms.min() or self.readout.duration_ms >= rr_ms:
            raise ValueError("MOLLI: expected readouts after their inversion, one a heart beat")
        found: list[FloatArray] = []
        m_z, clock_ms = np.ones_like(self.t1_ms), -times_ms[0]
        for beats in scheme.beats():
            inverted_ms = beats[0] * rr_ms - times_ms[len(found)]
            m_z = -self.inversion_efficiency * self._recovered(m_z, inverted_ms - clock_ms)
            clock_ms = inverted_ms
            for beat in beats:
                begun_ms = beat * rr_ms - before_ms
                signal, m_z = self.read(self._recovered(m_z, begun_ms - clock_ms))
                clock_ms = begun_ms + self.readout.duration_ms + self.readout.tr_ms / 2
                found.append(signal)
        return np.stack(found)

    def read(self, m_z: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Signal at the centre of k-space, and ``m_z`` after the train."""
        readout = self.readout
        angle = np.deg2rad(readout.flip_deg)
        decay = np.exp(-readout.tr_ms / self.t2_ms)
        m_xy = -np.sin(angle / 2) * m_z * np.sqrt(decay)
        m_z = self._recovered(np.cos(angle / 2) * m_z, readout.tr_ms / 2)
        signal = m_xy
        for pulse in range(readout.pulses):
            tilted = np.cos(angle) * m_xy + np.sin(angle) * m_z
            if pulse == readout.pulses // 2:
                signal = tilted * np.exp(-readout.te_ms / self.t2_ms)
            m_z = self._recovered(np.cos(angle) * m_z - np.sin(angle) * m_xy, readout.tr_ms)
            m_xy = -tilted * decay
        return signal, m_z

    def _recovered(self, m_z: FloatArray, duration_ms: float) -> FloatArray:
        return np.asarray(1 + (m_z - 1) * np.exp(-duration_ms / self.t1_ms))


def fitted_t1_ms(times_ms: FloatArray, signal: FloatArray) -> float:
    """T1 that the three-parameter fit with Look-Locker correction finds in ``(n,)`` signed signals.

    ``S = A - B exp(-TI/T1*)``, ``T1 = T1* (B/A - 1)`` (Messroghli 2004).
    """
    largest = float(np.abs(signal).max())
    (a, b, t1_star_ms), _ = optimize.curve_fit(
        lambda t, a, b, t1: a - b * np.exp(-t / t1),
        times_ms,
        signal,
        p0=(largest, 2 * largest, 800.0),
        xtol=1e-12,
        ftol=1e-12,
    )
    return float(t1_star_ms * (b / a - 1))
