"""Choice of end-diastole and end-systole from the LV volume curve."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cmr.errors import NoApplicableSeries
from cmr.settings import Section
from cmr.volume import FloatArray


class PhaseSettings(Section):
    """When a phase is left out of the choice.

    Attributes
    ----------
    spike_fraction
        Distance from the median of the phase and its two neighbours, as a share of the range of
        that running median, above which a phase is a spike, if a slice more or less would not
        explain it.
    spike_phases
        Spikes are looked for in curves of at least this many phases.
    """

    spike_fraction: float
    spike_phases: int


@dataclass(frozen=True)
class ChosenPhases:
    """Indices of end-diastole and end-systole; ``excluded`` says why a phase could not be."""

    ed: int
    es: int
    excluded: dict[int, str]


def choose_phases(
    lv_mm2: FloatArray, myocardium_mm2: FloatArray, lv_ml: FloatArray, settings: PhaseSettings
) -> ChosenPhases:
    """ED and ES: the largest and smallest LV volume among the phases that can be trusted.

    A phase is left out when it lacks the LV or its wall, when a slice between two slices with LV
    has none, or when its volume alone jumps away from both neighbours in time (the curve is
    periodic). A basal slice that leaves the LV at ES alone is no such jump.
    If no phase passes, the phases that hold LV at all are used.

    Parameters
    ----------
    lv_mm2, myocardium_mm2
        ``(t, z)`` areas.
    lv_ml
        ``(t,)`` LV volume, all finite.

    Raises
    ------
    NoApplicableSeries
        No phase holds LV.
    """
    if not (lv_mm2 > 0).any():
        raise NoApplicableSeries(
            "Short-axis cine: no left ventricle was found in any phase. "
            "Check that the series shows the heart."
        )
    excluded = _incomplete(lv_mm2, myocardium_mm2)
    sound = np.where(_kept(excluded, len(lv_ml)), lv_ml, np.nan)
    spikes = _spikes(sound, _slice_ml(lv_mm2, lv_ml), settings)
    excluded |= dict.fromkeys(spikes, "LV volume jumps away from both neighbouring phases")
    usable = _kept(excluded, len(lv_ml))
    if not usable.any():
        usable = lv_ml > 0
    return ChosenPhases(
        ed=int(np.argmax(np.where(usable, lv_ml, -np.inf))),
        es=int(np.argmin(np.where(usable, lv_ml, np.inf))),
        excluded=excluded,
    )


def _kept(excluded: dict[int, str], count: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    kept = np.ones(count, bool)
    kept[list(excluded)] = False
    return kept


def _incomplete(lv_mm2: FloatArray, myocardium_mm2: FloatArray) -> dict[int, str]:
    reasons = {}
    for t, (cavity, wall) in enumerate(zip(lv_mm2, myocardium_mm2, strict=True)):
        held = np.flatnonzero(cavity)
        if not held.size:
            reasons[t] = "no LV"
        elif not wall.any():
            reasons[t] = "no myocardium"
        elif held[-1] - held[0] + 1 > held.size:
            reasons[t] = "a slice between two slices with LV has none"
    return reasons


def _slice_ml(lv_mm2: FloatArray, lv_ml: FloatArray) -> float:
    """Volume of the largest slice: what a basal slice that leaves the LV at ES takes with it."""
    held = lv_mm2.sum(axis=1) > 0
    return float(np.max(lv_ml[held] * lv_mm2[held].max(axis=1) / lv_mm2[held].sum(axis=1)))


def _spikes(curve: FloatArray, slice_ml: float, settings: PhaseSettings) -> list[int]:
    """Phases that jump by more than a slice; ``curve`` is NaN where a phase is out already."""
    known = np.flatnonzero(np.isfinite(curve))
    if known.size < settings.spike_phases:
        return []
    values = curve[known]
    median = np.median([np.roll(values, 1), values, np.roll(values, -1)], axis=0)
    jump = np.abs(values - median) > max(settings.spike_fraction * np.ptp(median), slice_ml)
    return [int(t) for t in known[jump]]
