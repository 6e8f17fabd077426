"""Volumes and function of both ventricles from the masks of a short-axis stack.

Conventions: papillary muscles belong to the LV cavity (the masks say so); the RV is measured at
the ED and ES of the LV, as the ACDC reference is, so that one ED and one ES segmentation hold
every volume that is reported.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import nan

import numpy as np

from cmr.anatomy import PhaseAnatomy, base_is_first, describe_phase
from cmr.area_length import bullet_volume_ml
from cmr.body import Body, BodySettings, Subject, describe_body
from cmr.labels import STRUCTURES, Label
from cmr.phases import ChosenPhases, PhaseSettings, choose_phases
from cmr.settings import Section
from cmr.volume import FloatArray, StackGeometry, Volume4D
from cmr.volume_rates import Cycle, Rates, RateSettings, measure_rates


class VolumetrySettings(Section):
    """Constants and conventions of the measurement."""

    myocardial_density_g_ml: float
    phases: PhaseSettings
    body: BodySettings
    rates: RateSettings


@dataclass(frozen=True)
class Function:
    """One ventricle. Names are those of :class:`cmr.results.Ventricle`; NaN is undefined."""

    edv_ml: float
    esv_ml: float
    heart_rate_bpm: float
    bsa_m2: float
    rates: Rates

    @property
    def sv_ml(self) -> float:
        """Stroke volume."""
        return self.edv_ml - self.esv_ml

    @property
    def ef_pct(self) -> float:
        """Ejection fraction; NaN for an empty ventricle."""
        return ejection_fraction_pct(self.edv_ml, self.esv_ml)

    @property
    def co_l_min(self) -> float:
        """Cardiac output."""
        return self.sv_ml * self.heart_rate_bpm / 1000

    @property
    def ci_l_min_m2(self) -> float:
        """Cardiac index."""
        return self.co_l_min / self.bsa_m2

    @property
    def edv_index_ml_m2(self) -> float:
        """End-diastolic volume index."""
        return self.edv_ml / self.bsa_m2

    @property
    def esv_index_ml_m2(self) -> float:
        """End-systolic volume index."""
        return self.esv_ml / self.bsa_m2

    @property
    def sv_index_ml_m2(self) -> float:
        """Stroke volume index."""
        return self.sv_ml / self.bsa_m2

    @property
    def peak_ejection_rate_ml_s(self) -> float:
        """Fastest emptying between ED and ES."""
        return self.rates.peak_ejection_rate_ml_s

    @property
    def peak_filling_rate_ml_s(self) -> float:
        """Fastest filling between ES and ED."""
        return self.rates.peak_filling_rate_ml_s

    @property
    def time_to_peak_ejection_ms(self) -> float:
        """From ED to the fastest emptying."""
        return self.rates.time_to_peak_ejection_ms

    @property
    def time_to_peak_filling_ms(self) -> float:
        """From ES to the fastest filling."""
        return self.rates.time_to_peak_filling_ms


@dataclass(frozen=True)
class LeftFunction(Function):
    """The left ventricle, with the mass of its wall and the area-length cross-check."""

    mass_ed_g: float
    mass_es_g: float
    edv_area_length_ml: float
    esv_area_length_ml: float

    @property
    def mass_ed_index_g_m2(self) -> float:
        """Mass index."""
        return self.mass_ed_g / self.bsa_m2

    @property
    def ef_area_length_pct(self) -> float:
        """Ejection fraction from the area-length volumes."""
        return ejection_fraction_pct(self.edv_area_length_ml, self.esv_area_length_ml)


@dataclass(frozen=True, eq=False)
class CineMeasurement:
    """Everything measured on one stack.

    Attributes
    ----------
    areas_mm2
        ``(t, z)`` of each structure.
    volumes_ml
        ``(t,)`` of each structure, every phase; NaN without slice pitch.
    times_ms
        ``(t,)`` mean delay over the slices; NaN where unknown.
    phases
        ED, ES and the phases that could not be either.
    base_first
        The first slice of the stack lies nearer to the base.
    """

    geometry: StackGeometry
    areas_mm2: Mapping[Label, FloatArray]
    volumes_ml: Mapping[Label, FloatArray]
    times_ms: FloatArray
    phases: ChosenPhases
    base_first: bool
    lv: LeftFunction
    rv: Function
    body: Body
    ed_anatomy: PhaseAnatomy
    es_anatomy: PhaseAnatomy

    @property
    def n_phases(self) -> int:
        """Number of cardiac phases."""
        return len(self.times_ms)

    @property
    def frame_spacing_ms(self) -> float:
        """Median time between phases: trigger delays, else RR over phases; NaN when unknown."""
        steps = np.diff(self.times_ms)
        forward = steps[steps > 0]
        if forward.size:
            return float(np.median(forward))
        return 60_000 / self.body.heart_rate_bpm / self.n_phases

    def slices_from_base(self, phase: int) -> list[int]:
        """Slices that hold LV at ``phase``, most basal first."""
        held = [int(z) for z in np.flatnonzero(self.areas_mm2[Label.LV][phase] > 0)]
        return held if self.base_first else held[::-1]

    def slice_volume_ml(self, phase: int, z: int) -> float:
        """LV volume of one slice."""
        extent = self.geometry.slice_extents_mm[z]
        return float(self.areas_mm2[Label.LV][phase, z] * extent / 1000)


def measure(labels: Volume4D, subject: Subject, settings: VolumetrySettings) -> CineMeasurement:
    """Measure both ventricles on labels ``(t, z, row, col)``.

    Volume: sum over slices of area × length along the normal that the slice stands for
    (``StackGeometry.slice_extents_mm``; thickness + gap, from positions). Mass: volume of the
    wall × density. ED and ES: see :func:`cmr.phases.choose_phases`; two phases are enough.

    Raises
    ------
    NoApplicableSeries
        No phase holds LV.
    """
    areas = {s: _areas_mm2(labels, s) for s in STRUCTURES}
    volumes = {s: _sum_over_slices_ml(areas[s], labels.geometry) for s in STRUCTURES}
    lv, wall, rv = (areas[s] for s in (Label.LV, Label.MYOCARDIUM, Label.RV))
    # Without slice pitch the areas of the one slice still put the phases in order.
    sizes = volumes[Label.LV] if labels.geometry.n_slices > 1 else lv.sum(axis=1)
    phases = choose_phases(lv, wall, sizes, settings.phases)
    body = describe_body(subject, labels.rr_ms, settings.body)
    positions = labels.geometry.slice_positions_mm
    times = _mean_over_slices(labels.times_ms)
    cycle = Cycle(times, 60_000 / body.heart_rate_bpm, phases.ed, phases.es)

    def rates(cavity: Label) -> Rates:
        sound = sound_volumes_ml(volumes[cavity], phases)
        return measure_rates(sound, cycle, settings.rates)

    return CineMeasurement(
        geometry=labels.geometry,
        areas_mm2=areas,
        volumes_ml=volumes,
        times_ms=times,
        phases=phases,
        base_first=base_is_first(lv.sum(axis=0), rv.sum(axis=0), positions),
        lv=LeftFunction(
            **_function(labels, Label.LV, phases, body),
            **_wall_and_check(labels, lv, phases, settings.myocardial_density_g_ml),
            rates=rates(Label.LV),
        ),
        rv=Function(**_function(labels, Label.RV, phases, body), rates=rates(Label.RV)),
        body=body,
        ed_anatomy=describe_phase(labels.data[phases.ed]),
        es_anatomy=describe_phase(labels.data[phases.es]),
    )


def ejection_fraction_pct(edv_ml: float, esv_ml: float) -> float:
    """``100 (EDV - ESV) / EDV``; NaN for an empty ventricle."""
    return 100 * (edv_ml - esv_ml) / edv_ml if edv_ml > 0 else nan


def phase_volume_ml(labels: Volume4D, structure: Label, phase: int) -> float:
    """Volume of one structure in one phase, whatever else the masks hold.

    See :func:`measure` for the sum over slices.

    Parameters
    ----------
    labels
        ``(t, z, row, col)`` masks.
    phase
        Index along t.

    Returns
    -------
    float
        ml. NaN where the structure is missing, as an empty mask measures nothing, and for a single
        slice, which has no pitch.
    """
    alone = Volume4D(labels.data[phase, None], labels.geometry)
    value = float(_sum_over_slices_ml(_areas_mm2(alone, structure), labels.geometry)[0])
    return value if value > 0 else float("nan")


def _areas_mm2(labels: Volume4D, structure: Label) -> FloatArray:
    count = np.count_nonzero(labels.data == structure, axis=(2, 3))
    return np.asarray(count * labels.geometry.pixel_area_mm2)


def _sum_over_slices_ml(areas_mm2: FloatArray, geometry: StackGeometry) -> FloatArray:
    return np.asarray(areas_mm2 @ geometry.slice_extents_mm / 1000)


def _mean_over_slices(times_ms: FloatArray) -> FloatArray:
    known = np.isfinite(times_ms)
    total = np.where(known, times_ms, 0).sum(axis=1)
    count = known.sum(axis=1)
    return np.asarray(np.where(count > 0, total / np.maximum(count, 1), np.nan))


def sound_volumes_ml(volumes_ml: FloatArray, phases: ChosenPhases) -> FloatArray:
    """``(t,)`` volumes that may be shown: NaN where the phase was left out or holds nothing."""
    sound = volumes_ml > 0
    sound[list(phases.excluded)] = False
    return np.where(sound, volumes_ml, np.nan)


def _function(
    labels: Volume4D, cavity: Label, phases: ChosenPhases, body: Body
) -> dict[str, float]:
    return {
        "edv_ml": phase_volume_ml(labels, cavity, phases.ed),
        "esv_ml": phase_volume_ml(labels, cavity, phases.es),
        "heart_rate_bpm": body.heart_rate_bpm,
        "bsa_m2": body.bsa_m2,
    }


def _wall_and_check(
    labels: Volume4D, cavity_mm2: FloatArray, phases: ChosenPhases, density_g_ml: float
) -> dict[str, float]:
    """Mass of the wall and area-length volumes, at ED and ES."""
    found = {}
    for name, phase in (("ed", phases.ed), ("es", phases.es)):
        wall_ml = phase_volume_ml(labels, Label.MYOCARDIUM, phase)
        found[f"mass_{name}_g"] = wall_ml * density_g_ml
        bullet_ml = bullet_volume_ml(cavity_mm2[phase], labels.geometry)
        found[f"{name}v_area_length_ml"] = bullet_ml
    return found
