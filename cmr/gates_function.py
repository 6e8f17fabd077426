"""Gates on volumes, mass and the volume curve."""

from __future__ import annotations

from math import isfinite, nan

import numpy as np

from cmr.gate import LV_KEYS, RV_KEYS, WALL_KEYS, Finding, review, withhold
from cmr.labels import Label
from cmr.records import Gate
from cmr.settings import Section
from cmr.volume import FloatArray
from cmr.volumetry import CineMeasurement, Function

_KEYS = {Label.LV: LV_KEYS, Label.MYOCARDIUM: WALL_KEYS, Label.RV: RV_KEYS}


class FunctionLimits(Section):
    """Limits on what was measured."""

    max_stroke_volume_difference_pct: float
    max_mass_difference_pct: float
    max_area_length_difference_pct: float
    max_curve_reversal_pct: float
    min_curve_phases: int
    max_excluded_phases_pct: float
    max_rate_scatter_pct: float


def function_gates(m: CineMeasurement, limits: FunctionLimits) -> tuple[Gate, ...]:
    """Judge what is present, ES below ED, EF, the phases, agreement of independent measures."""
    return (
        *(_present(m, label) for label in _KEYS),
        _es_below_ed("lv", m.lv, LV_KEYS),
        _es_below_ed("rv", m.rv, RV_KEYS),
        _ef_in_range("lv", m.lv, LV_KEYS),
        _ef_in_range("rv", m.rv, RV_KEYS),
        _phases_usable(m, limits),
        *_agreements(m, limits),
    )


def stroke_volume_difference_pct(m: CineMeasurement) -> float:
    """|LVSV - RVSV| over the larger of the two."""
    left, right = m.lv.sv_ml, m.rv.sv_ml
    larger = max(abs(left), abs(right))
    return 100 * abs(left - right) / larger if larger > 0 else nan


def mass_difference_pct(m: CineMeasurement) -> float:
    """|mass at ES - mass at ED| over mass at ED."""
    return 100 * abs(m.lv.mass_es_g - m.lv.mass_ed_g) / m.lv.mass_ed_g


def area_length_difference_pct(m: CineMeasurement) -> float:
    """|area-length - sum of slices| over the sum of slices, at ED."""
    return 100 * abs(m.lv.edv_area_length_ml - m.lv.edv_ml) / m.lv.edv_ml


def curve_reversal_pct(curve_ml: FloatArray, ed: int, es: int) -> float:
    """How far a volume curve is from falling once and rising once.

    The largest rise between ED and ES or the largest fall between ES and the next ED, from any
    phase to any later one, as a share of the ED volume (of the range it would flag every weakly
    beating heart). 0 for a curve with one valley and one peak.

    Parameters
    ----------
    curve_ml
        ``(t,)`` one periodic cycle; NaN phases are passed over.
    ed, es
        Phases of the largest and smallest volume.
    """
    cycle = np.roll(curve_ml, -ed)
    turn = (es - ed) % len(cycle)
    falling = cycle[: turn + 1]
    rising = np.append(cycle[turn:], cycle[0])
    worst = max(_largest_rise(falling), _largest_rise(-rising))
    return 100 * worst / float(cycle[0])


def _largest_rise(values: FloatArray) -> float:
    known = values[np.isfinite(values)]
    return float(np.max(known - np.minimum.accumulate(known)))


def _present(m: CineMeasurement, label: Label) -> Gate:
    areas = m.areas_mm2[label][[m.phases.ed, m.phases.es]]
    fewest = int((areas > 0).sum(axis=1).min())
    name = label.name.lower()
    message = f"Slices that hold {name} at ED or at ES, whichever has fewer."
    finding = Finding(f"{name}_present", fewest, 1, "{slices}", message)
    return withhold(finding, _KEYS[label], good=fewest > 0)


def _es_below_ed(side: str, function: Function, keys: tuple[str, ...]) -> Gate:
    ratio = function.esv_ml / function.edv_ml
    message = f"{side.upper()} ESV over EDV; it must be below 1."
    finding = Finding(f"{side}_es_below_ed", ratio, 1, "1", message)
    return withhold(finding, keys, good=ratio < 1)


def _ef_in_range(side: str, function: Function, keys: tuple[str, ...]) -> Gate:
    ef = function.ef_pct
    message = f"{side.upper()} ejection fraction; it must lie between 0 and 100 %."
    finding = Finding(f"{side}_ef_range", ef, 100, "%", message)
    return withhold(finding, keys, good=0 < ef < 100)


def _phases_usable(m: CineMeasurement, limits: FunctionLimits) -> Gate:
    excluded, limit = m.phases.excluded, limits.max_excluded_phases_pct
    share = 100 * len(excluded) / m.n_phases
    bad_ends = {excluded[t] for t in (m.phases.ed, m.phases.es) if t in excluded}
    if bad_ends:
        message = f"No phase is fit to be ED or ES: {'; '.join(sorted(bad_ends))}."
        finding = Finding("phases_usable", share, limit, "%", message)
        return withhold(finding, (*LV_KEYS, *RV_KEYS), good=False)
    message = "Phases left out of the choice of ED and ES."
    return review(Finding("phases_usable", share, limit, "%", message), good=share <= limit)


def _agreements(m: CineMeasurement, limits: FunctionLimits) -> tuple[Gate, ...]:
    findings = (
        Finding(
            "stroke_volume_difference",
            stroke_volume_difference_pct(m),
            limits.max_stroke_volume_difference_pct,
            "%",
            "Difference of LV and RV stroke volume, share of the larger.",
        ),
        Finding(
            "mass_difference",
            mass_difference_pct(m),
            limits.max_mass_difference_pct,
            "%",
            "Difference of LV mass at ES and ED, share of ED.",
        ),
        Finding(
            "area_length_difference",
            area_length_difference_pct(m),
            limits.max_area_length_difference_pct,
            "%",
            "Difference of LV EDV by area-length and by slices, share of the latter.",
        ),
        Finding(
            "curve_unimodal",
            _reversal_pct(m, limits.min_curve_phases),
            limits.max_curve_reversal_pct,
            "%",
            "Largest wrong-way change of the LV volume curve, share of EDV.",
        ),
        Finding(
            "rate_fit",
            rate_scatter_pct(m),
            limits.max_rate_scatter_pct,
            "%",
            "Scatter of volumes about the curve that rates come from, share of stroke volume.",
        ),
    )
    return tuple(review(f, good=f.figure <= f.limit) for f in findings)


def rate_scatter_pct(m: CineMeasurement) -> float:
    """Scatter about the fit that rates come from over stroke volume, the larger of LV and RV."""
    shares = [
        100 * side.rates.scatter_ml / side.sv_ml if side.sv_ml > 0 else nan for side in (m.lv, m.rv)
    ]
    known = [share for share in shares if isfinite(share)]
    return max(known, default=nan)


def _reversal_pct(m: CineMeasurement, min_phases: int) -> float:
    curve = m.volumes_ml[Label.LV].copy()
    curve[[t for t in m.phases.excluded if t not in (m.phases.ed, m.phases.es)]] = np.nan
    if np.isfinite(curve).sum() < min_phases:
        return nan
    return curve_reversal_pct(curve, m.phases.ed, m.phases.es)
