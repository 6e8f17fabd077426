"""The images of one slice of each acquisition: times, heart beats and signals of every tissue."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cmr.volume import FloatArray
from phantom.bloch import BlochMolli, fitted_t1_ms
from phantom.mapping_settings import MappingSettings, MolliSignal, Protocol
from phantom.mapping_signal import (
    NATIVE_SCHEME,
    POST_SCHEME,
    Readout,
    decay_model,
    echo_ms,
    look_locker_t1_ms,
    molli_model,
    saturation_model,
    saturation_ms,
)
from phantom.mapping_tissue import MappedTissues
from phantom.tissue import Tissue

MOLLI_READOUT = Readout()
MOLLI_SCHEMES = {Protocol.NATIVE_MOLLI: NATIVE_SCHEME, Protocol.POST_MOLLI: POST_SCHEME}
T1_PROTOCOLS = (*MOLLI_SCHEMES, Protocol.SASHA)
# The scanner makes maps of these.
MAPPED_PROTOCOLS = (*T1_PROTOCOLS, Protocol.T2_PREP)
# Heart beats from one T2-prepared image to the next, for recovery.
_T2_PREP_BEATS = 4


@dataclass(frozen=True, eq=False)
class Weighting:
    """The ``n`` images of one slice, in the order of acquisition.

    ``times_ms`` ``(n,)`` are inversion, saturation, preparation or echo times; ``beats`` ``(n,)``
    count from the first heart beat; ``signals`` ``(n, tissues + 1)`` are signed, with fully relaxed
    blood 1. The reference image has the longest TI or the shortest T2 weighting.
    """

    times_ms: FloatArray
    beats: npt.NDArray[np.int_]
    signals: FloatArray
    reference: int


def weighting(
    protocol: Protocol, settings: MappingSettings, tissues: MappedTissues, rr_ms: float
) -> Weighting:
    """One slice of an acquisition at a steady heart beat of ``rr_ms``."""
    density = tissues.density / tissues.density[Tissue.BLOOD]
    if protocol in MOLLI_SCHEMES:
        return _molli(protocol, settings, tissues, rr_ms)
    if protocol is Protocol.SASHA:
        times_ms = saturation_ms(rr_ms)
        signals = saturation_model(times_ms, tissues.t1_ms, density)
        return Weighting(times_ms, np.arange(len(times_ms)), signals, int(np.argmax(times_ms)))
    prepared = protocol is Protocol.T2_PREP
    times_ms = np.array(settings.t2_prep_ms) if prepared else echo_ms()
    decay_ms = tissues.t2_ms if prepared else tissues.t2_star_ms
    beats = np.arange(len(times_ms)) * (_T2_PREP_BEATS if prepared else 0)
    signals = decay_model(times_ms, decay_ms, density)
    return Weighting(times_ms, beats, signals, int(np.argmin(times_ms)))


def _molli(
    protocol: Protocol, settings: MappingSettings, tissues: MappedTissues, rr_ms: float
) -> Weighting:
    scheme, readout = MOLLI_SCHEMES[protocol], MOLLI_READOUT
    t1_ms = t1_of(protocol, tissues)
    times_ms = scheme.inversion_ms(rr_ms)
    density = tissues.density / tissues.density[Tissue.BLOOD]
    if settings.signal is MolliSignal.BLOCH:
        train = BlochMolli(t1_ms, tissues.t2_ms, readout, settings.inversion_efficiency)
        relaxed, _ = train.read(np.ones_like(t1_ms))
        signals = density * train.signals(scheme, rr_ms) / relaxed[Tissue.BLOOD]
    else:
        t1_star_ms = look_locker_t1_ms(t1_ms, tissues.t2_ms, readout, rr_ms)
        signals = molli_model(times_ms, t1_ms, t1_star_ms, density)
    beats = np.concatenate([np.array(group) for group in scheme.beats()])
    return Weighting(times_ms, beats, signals, int(np.argmax(times_ms)))


def t1_of(protocol: Protocol, tissues: MappedTissues) -> FloatArray:
    """``(tissues + 1,)`` true T1 during an acquisition."""
    return tissues.post_t1_ms if protocol is Protocol.POST_MOLLI else tissues.t1_ms


def read_t1_ms(
    protocol: Protocol, settings: MappingSettings, tissues: MappedTissues, taken: Weighting
) -> FloatArray:
    """``(tissues + 1,)`` T1 that a fit of the noise-free signals finds; NaN without signal."""
    visible = tissues.density > 0
    t1_ms = np.where(visible, t1_of(protocol, tissues), np.nan)
    if protocol in MOLLI_SCHEMES and settings.signal is MolliSignal.BLOCH:
        for kind in np.flatnonzero(visible):
            t1_ms[kind] = fitted_t1_ms(taken.times_ms, taken.signals[:, kind])
    return t1_ms
