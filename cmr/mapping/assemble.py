"""From measured maps and gates to the results schema: withheld numbers out, reasons in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import isfinite
from types import SimpleNamespace
from typing import Any, TypeVar

from cmr.assemble import fill, withheld_reasons
from cmr.mapping.about import MapAbout
from cmr.mapping.measure import MeasuredTissue
from cmr.records import Gate, Model, Status, most_severe
from cmr.results_mapping import (
    EcvMapResults,
    EcvRegion,
    HaematocritRecord,
    MapQc,
    PostShift,
    ReferenceRange,
    Region,
    RelaxationMapResults,
    RelaxationRegion,
    SegmentAngle,
)
from cmr.results_mapping import Mapping as MappingResults
from cmr.tissue.aha import AhaSlice
from cmr.tissue.reference import ReferenceSettings, compare
from cmr.tissue.reference import Region as RangeRegion
from cmr.tissue.regions import SliceStatistics
from cmr.tissue.statistics import RegionStatistics

_POSITION_DECIMALS = 2
_RANGE_DECIMALS = 2
_NO_R2 = "the map came without a goodness of fit"
_NO_PIXELS = "the region has no pixels"

R = TypeVar("R", bound=Region)
# Region and the dotted path of its record, to the record.
Record = Callable[[RegionStatistics, str], R]


def relaxation_results(
    measured: MeasuredTissue,
    about: MapAbout,
    gates: Sequence[Gate],
    ranges: ReferenceSettings,
) -> RelaxationMapResults:
    """T1, T2 or T2* of every region."""
    kept_back = withheld_reasons(gates)

    def record(region: RegionStatistics, path: str) -> RelaxationRegion:
        return _region(RelaxationRegion, region, "ms", region.median_error, (path, kept_back))

    return RelaxationMapResults(**_map(measured, about, gates, ranges, record))


def ecv_results(  # noqa: PLR0913 - an ECV map has two sources more than other maps
    measured: MeasuredTissue,
    about: MapAbout,
    gates: Sequence[Gate],
    ranges: ReferenceSettings,
    haematocrit: HaematocritRecord | None,
    post_shift: Sequence[PostShift],
    errors_pct: Mapping[str, float],
) -> EcvMapResults:
    """Extracellular volume of every region.

    Parameters
    ----------
    errors_pct
        Standard error of each region by its path below the map, such as ``segments.3``, with what
        blood and haematocrit add; regions that are not named have that of their pixels alone.
    """
    kept_back = withheld_reasons(gates)
    prefix = f"mapping.{about.key}."

    def record(region: RegionStatistics, path: str) -> EcvRegion:
        error = errors_pct.get(path.removeprefix(prefix), region.median_error)
        return _region(EcvRegion, region, "pct", error, (path, kept_back))

    return EcvMapResults(
        **_map(measured, about, gates, ranges, record),
        haematocrit=haematocrit,
        post_shift=list(post_shift),
    )


def mapping_results(
    maps: Sequence[RelaxationMapResults | EcvMapResults],
    not_measured: Mapping[str, str],
    model: Model,
) -> MappingResults:
    """All maps of a study: the first of a quantity under its name, further ones beside."""
    named: dict[str, RelaxationMapResults | EcvMapResults] = {}
    others: list[RelaxationMapResults | EcvMapResults] = []
    for one in maps:
        if one.quantity == "t1" or one.quantity in named:
            others.append(one)
        else:
            named[one.quantity] = one
    return MappingResults(**named, others=others, not_measured=dict(not_measured), model=model)


def _region(
    kind: type[R],
    region: RegionStatistics,
    suffix: str,
    error: float,
    withheld: tuple[str, Mapping[str, str]],
) -> R:
    path, kept_back = withheld
    names = {
        f"median_{suffix}": region.median,
        f"mean_{suffix}": region.mean,
        f"sd_{suffix}": region.sd,
        f"uncertainty_{suffix}": error if isfinite(region.median) else float("nan"),
    }
    why = dict.fromkeys(names, region.reason)
    why |= {"left_out_pct": region.reason or _NO_PIXELS, "r2": region.reason or _NO_R2}
    values = {**names, "left_out_pct": 100 * region.left_out_fraction, "r2": region.r2}
    return fill(
        kind,
        SimpleNamespace(**values),
        path,
        kept_back,
        why,
        pixels=region.pixels,
        undetermined_pixels=region.undetermined_pixels,
        poor_fit_pixels=region.poor_fit_pixels,
    )


def _map(
    measured: MeasuredTissue,
    about: MapAbout,
    gates: Sequence[Gate],
    ranges: ReferenceSettings,
    record: Record[R],
) -> dict[str, Any]:
    """Fields that every map has."""
    statistics, path = measured.statistics, f"mapping.{about.key}"
    geometry = measured.heart.labels.geometry
    along = geometry.slice_positions_mm
    apex = measured.aha.apex
    whole = record(statistics.whole, f"{path}.global")
    septal = record(statistics.septal, f"{path}.septal")
    shown: tuple[tuple[RangeRegion, float, Region], ...] = (
        ("global", statistics.whole.median, whole),
        ("septal", statistics.septal.median, septal),
    )
    return {
        "quantity": about.quantity,
        "sequence": about.sequence,
        "source": about.source,
        "source_reason": about.source_reason,
        "global_": whole,
        "global_of": statistics.whole_of,
        "septal": septal,
        "blood": record(statistics.blood, f"{path}.blood"),
        "segments": {k: record(v, f"{path}.segments.{k}") for k, v in statistics.segments.items()},
        "slices": [
            _slice(aha, found, f"{path}.slices.{z}", record, position_mm=float(along[z] - along[0]))
            for z, (aha, found) in enumerate(
                zip(measured.aha.slices, statistics.slices, strict=True)
            )
        ],
        "level_method": measured.aha.level_method,
        "apex_evidence": "" if apex is None else _evidence(apex.signs),
        "reference": _references(shown, about, ranges),
        "series_uids": list(about.series_uids),
        "field_strength_t": round(about.field_strength_t, 3)
        if isfinite(about.field_strength_t)
        else None,
        "manufacturer": about.manufacturer,
        "pixel_spacing_mm": geometry.pixel_spacing_mm,
        "contrast_reason": about.contrast_reason,
        "fit": about.fit,
        "scanner_check": about.scanner_check,
        "left_out": list(about.left_out),
        "notes": list(about.notes),
        "qc": _qc(gates),
    }


def _slice(
    aha: AhaSlice, found: SliceStatistics, path: str, record: Record[R], *, position_mm: float
) -> dict[str, Any]:
    reference = None
    if aha.reference is not None:
        reference = SegmentAngle(
            angle_deg=round(aha.reference.angle_deg, 1),
            method=aha.reference.method,
            from_slice=aha.reference.from_slice,
        )
    return {
        "position_mm": round(position_mm, _POSITION_DECIMALS),
        "level": None if aha.level is None else aha.level.value,
        "reference": reference,
        "reason": aha.reason,
        "wall": record(found.wall, f"{path}.wall"),
        "blood": record(found.blood, f"{path}.blood"),
        "segments": {k: record(v, f"{path}.segments.{k}") for k, v in found.segments.items()},
    }


def _evidence(signs: Mapping[str, int]) -> str:
    says = {1: "apex along the stack normal", -1: "apex against it", 0: "undecided"}
    return "; ".join(f"{name}: {says[sign]}" for name, sign in signs.items())


def _references(
    shown: Sequence[tuple[RangeRegion, float, Region]], about: MapAbout, ranges: ReferenceSettings
) -> list[ReferenceRange]:
    """Ranges beside the medians that are reported: a z-score would give a withheld one away."""
    quantity = about.quantity
    if quantity not in ("native_t1", "t2", "ecv"):
        return []
    field = about.field_strength_t if isfinite(about.field_strength_t) else None
    found = []
    for region, value, told in shown:
        if any(key.startswith("median_") for key in told.withheld):
            continue
        beside = compare(value, quantity, region, field, about.sequence, ranges)
        found.append(
            ReferenceRange(
                region=region,
                kind=beside.kind,
                low=_known(beside.low),
                high=_known(beside.high),
                z=_known(beside.z),
                source=beside.source,
                reason=beside.reason,
            )
        )
    return found


def _known(value: float) -> float | None:
    return round(value, _RANGE_DECIMALS) if isfinite(value) else None


def _qc(gates: Sequence[Gate]) -> MapQc:
    return MapQc(
        status=most_severe(g.status for g in gates),
        not_passed=[g.name for g in gates if g.status is not Status.PASS],
    )
