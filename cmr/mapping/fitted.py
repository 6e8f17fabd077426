"""One acquisition fitted, and which of its maps is measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from cmr.mapping.about import MapAbout, quantity_of
from cmr.mapping.acquired import AcquiredMap, ScannerMap, SourceImages
from cmr.mapping.contrasts import as_image
from cmr.mapping.fitting import Protocol, SliceFit, fit_slice, most_signal, stacked
from cmr.mapping.measure import TissueValues
from cmr.mapping.scanner_check import compare_with_scanner
from cmr.mapping.settings import MappingSettings
from cmr.relaxometry.result import Reason, RelaxationMap
from cmr.results_mapping import FitRecord, ScannerCheck, SliceMotion
from cmr.volume import FloatArray, StackGeometry

_TIME_DECIMALS = 1
_REASONS = {
    Reason.NO_SIGNAL: "no signal",
    Reason.NOT_FINITE: "image values that are not finite",
    Reason.NO_MINIMUM: "no best time constant within the limits",
    Reason.WRONG_SHAPE: "signal of another shape",
    Reason.NO_CORRECTION: "no Look-Locker correction",
    Reason.UNCERTAIN: "standard deviation too large",
    Reason.AMBIGUOUS: "two polarities fit alike",
    Reason.NOT_FITTED: "slice not fitted",
}


@dataclass(frozen=True, eq=False)
class FittedMap:
    """An acquisition with the map fitted to its source images; None where it has none."""

    acquired: AcquiredMap
    map: RelaxationMap | None
    record: FitRecord | None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class ChosenMap:
    """The map of an acquisition that is measured.

    Attributes
    ----------
    contrasts
        ``(k, z, row, col)``: everything that shows the heart on this grid.
    shown
        ``(z, row, col)``: each slice's image with the most signal, or the map without images.
    fitted
        The fitted map where it lies on this grid, whether it is the one that is measured or not.
    """

    tissue: TissueValues
    geometry: StackGeometry
    cycle_phase: FloatArray
    contrasts: npt.NDArray[np.float32]
    shown: npt.NDArray[np.float32]
    about: MapAbout
    fitted: RelaxationMap | None


def fit_acquisition(
    acquired: AcquiredMap, motion: tuple[SliceMotion, ...], settings: MappingSettings
) -> FittedMap:
    """Fit every slice of the source images, as aligned before."""
    source = acquired.source
    if source is None:
        return FittedMap(acquired, None, None)
    fits = [fit_slice(one, acquired.protocol, settings.fit) for one in source.slices]
    found = stacked(fits)
    along = source.geometry.slice_positions_mm
    notes = tuple(
        f"Slice at {position:.1f} mm: {fit.reason}"
        for position, fit in zip(along, fits, strict=True)
        if fit.reason
    )
    return FittedMap(acquired, found, _record(fits, found, motion), notes)


def _record(
    fits: list[SliceFit], found: RelaxationMap, motion: tuple[SliceMotion, ...]
) -> FitRecord:
    counts = found.counts()
    return FitRecord(
        model=next((fit.model for fit in fits if fit.model), "none"),
        times_ms=[[_finite(t) for t in fit.used.times_ms] for fit in fits],
        phase_used=any(fit.used.phase_rad is not None for fit in fits),
        pixels=counts[Reason.DETERMINED],
        undetermined={name: counts[reason] for reason, name in _REASONS.items() if counts[reason]},
        motion=list(motion),
    )


def _finite(time_ms: float) -> float | None:
    return round(float(time_ms), _TIME_DECIMALS) if np.isfinite(time_ms) else None


def choose_map(fitted: FittedMap, key: str, settings: MappingSettings) -> ChosenMap:
    """The scanner's map or the fitted one, by preference, what there is, and whether it is sound.

    A fitted map stands in for a scanner's map whose values are doubted.
    """
    acquired, scanner = fitted.acquired, fitted.acquired.scanner
    usable = fitted.map is not None and bool((fitted.map.reason == Reason.DETERMINED).any())
    if scanner is None:
        return _fitted(fitted, key, "The study has no map of the scanner.", None)
    check = _check(fitted, scanner, settings)
    if usable and scanner.flags:
        return _fitted(fitted, key, f"The scanner's map is doubted: {scanner.flags[0]}.", check)
    if usable and settings.preferred == "fitted":
        return _fitted(fitted, key, "Fitted maps are preferred (mapping.preferred).", check)
    reason = "The scanner's maps are preferred (mapping.preferred)."
    if fitted.map is None:
        reason = "The study has no source images of this map."
    elif not usable:
        reason = "No pixel of the source images could be fitted."
    one_grid = acquired.on_one_grid
    if acquired.source is not None and not one_grid:
        reason += " Its pixels are not those of the source images, so they are not compared."
    contrasts = [as_image(scanner.values, acquired.protocol.kind)[None]]
    if one_grid and acquired.source is not None:
        contrasts += _of_source(fitted, acquired.source)
    return ChosenMap(
        tissue=TissueValues(scanner.values, None, scanner.r2),
        geometry=scanner.geometry,
        cycle_phase=scanner.cycle_phase,
        contrasts=np.concatenate(contrasts),
        shown=_shown(acquired.source, acquired.protocol) if one_grid else contrasts[0][0],
        about=_about(fitted, key, "scanner", reason, check),
        fitted=fitted.map if one_grid else None,
    )


def _fitted(fitted: FittedMap, key: str, reason: str, check: ScannerCheck | None) -> ChosenMap:
    source, found = fitted.acquired.source, fitted.map
    assert source is not None
    assert found is not None
    return ChosenMap(
        tissue=TissueValues(found.value_ms, found.sd_ms, found.r2),
        geometry=source.geometry,
        cycle_phase=source.cycle_phase,
        contrasts=np.concatenate(_of_source(fitted, source)),
        shown=_shown(source, fitted.acquired.protocol),
        about=_about(fitted, key, "fitted", reason, check),
        fitted=found,
    )


def _of_source(fitted: FittedMap, source: SourceImages) -> list[npt.NDArray[np.float32]]:
    """Source images, and the map made of them."""
    found = [source.magnitudes]
    if fitted.map is not None:
        found.append(as_image(fitted.map.value_ms, fitted.acquired.protocol.kind)[None])
    return found


def _shown(source: SourceImages | None, protocol: Protocol) -> npt.NDArray[np.float32]:
    assert source is not None
    return np.stack([s.magnitude[most_signal(s, protocol)] for s in source.slices])


def _check(
    fitted: FittedMap, scanner: ScannerMap, settings: MappingSettings
) -> ScannerCheck | None:
    if fitted.map is None or not fitted.acquired.on_one_grid:
        return None
    # Without the scanner's R², our own uncertainty tells tissue from air and lung.
    sure = fitted.map.sd_ms <= settings.scanner_check.max_sd_fraction * fitted.map.value_ms
    values = fitted.map.value_ms
    if scanner.r2 is None:
        values = np.where(sure, values, np.nan)
    return compare_with_scanner(values, scanner.values, scanner.r2, settings.scanner_check)


def _about(
    fitted: FittedMap,
    key: str,
    source: Literal["scanner", "fitted"],
    reason: str,
    check: ScannerCheck | None,
) -> MapAbout:
    acquired = fitted.acquired
    parts = [p for p in (acquired.source, acquired.scanner) if p is not None]
    own = acquired.scanner if source == "scanner" else acquired.source
    assert own is not None
    return MapAbout(
        key=key,
        kind=acquired.protocol.kind,
        contrast=acquired.protocol.contrast,
        contrast_reason=acquired.contrast_reason,
        sequence=acquired.protocol.sequence,
        source=source,
        source_reason=reason,
        series_uids=own.series_uids,
        field_strength_t=acquired.field_strength_t,
        manufacturer=acquired.manufacturer,
        flags=acquired.scanner.flags if acquired.scanner is not None else (),
        left_out=tuple(text for p in parts for text in p.left_out) + acquired.faults,
        notes=tuple(text for p in parts for text in p.notes) + fitted.notes,
        fit=fitted.record,
        scanner_check=check,
    )


def keys_of(fitted: tuple[FittedMap, ...]) -> tuple[str, ...]:
    """Name of each map: its quantity, with a number from the second of a quantity on."""
    names: list[str] = []
    seen: dict[str, int] = {}
    for one in fitted:
        quantity = quantity_of(one.acquired.protocol.kind, one.acquired.protocol.contrast)
        seen[quantity] = seen.get(quantity, 0) + 1
        number = seen[quantity]
        names.append(quantity if number == 1 else f"{quantity}-{number}")
    return tuple(names)
