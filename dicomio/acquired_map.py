"""Read every mapping acquisition of a study into arrays, with the images they come from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cmr.mapping.acquired import AcquiredMap, ScannerMap, SourceImages
from cmr.mapping.fitting import Protocol, SliceImages
from cmr.mapping.plausible import PlausibleSettings
from cmr.volume import FloatArray, StackGeometry
from dicomio.map_pixels import MapImages, read_map, read_parameter
from dicomio.mapping_pixels import MappingImages, read_mapping
from dicomio.mapping_source import (
    Acquisition,
    FitParameter,
    MappingSource,
    MappingStudy,
    MapSource,
    ParameterSource,
)
from dicomio.pixels import FrameUnreadable, check_size
from dicomio.source import ImageSource

_SAME_PLACE_MM = 0.1


@dataclass(frozen=True, eq=False)
class ReadMap:
    """One acquisition and the images that its pixels come from; None where there are none."""

    acquired: AcquiredMap
    source_images: ImageSource | None
    scanner_images: ImageSource | None


def read_acquisitions(
    study: MappingStudy, settings: PlausibleSettings
) -> tuple[tuple[ReadMap, ...], tuple[str, ...]]:
    """Every acquisition of which something can be read, and the faults of those without anything.

    Source images, map and fit parameters of one acquisition come together. All are in memory at
    once, so together they may have no more pixels than one stack.
    """
    read: list[ReadMap] = []
    lost: list[str] = []
    room = _Room()
    for source, scanner in _pairs(study):
        found = _read(source, scanner, study.parameters, settings, room)
        if found.acquired.source is None and found.acquired.scanner is None:
            lost += found.acquired.faults
        else:
            read.append(found)
    return tuple(read), tuple(lost)


class _Room:
    """Counts the pixels of a study before they are read."""

    def __init__(self) -> None:
        self._pixels = 0

    def take(self, what: str, geometry: StackGeometry, times: int = 1) -> None:
        """Make room for a stack of so many images a slice; fails where there is none."""
        images = times * geometry.n_slices
        self._pixels = check_size(what, geometry.shape, images, self._pixels)


def _pairs(study: MappingStudy) -> list[tuple[MappingSource | None, MapSource | None]]:
    """In the order of the study, source images first."""
    maps = {m.acquisition.number: m for m in study.maps}
    pairs: list[tuple[MappingSource | None, MapSource | None]] = [
        (source, maps.pop(source.acquisition.number, None)) for source in study.sources
    ]
    return pairs + [(None, left) for left in maps.values()]


def _read(
    source: MappingSource | None,
    scanner: MapSource | None,
    parameters: tuple[ParameterSource, ...],
    settings: PlausibleSettings,
    room: _Room,
) -> ReadMap:
    faults: list[str] = []
    images = maps = None
    if source is not None:
        try:
            what = f"{source.acquisition.kind} source images"
            room.take(what, source.geometry, len(source.frames))
            images = read_mapping(source)
        except FrameUnreadable as fault:
            faults.append(str(fault))
    if scanner is not None:
        try:
            room.take(f"{scanner.acquisition.kind} map", scanner.geometry)
            maps = read_map(scanner, settings)
        except FrameUnreadable as fault:
            faults.append(str(fault))
    one = source or scanner
    assert one is not None
    about = one.acquisition
    return ReadMap(
        AcquiredMap(
            protocol=Protocol(about.kind, about.method, about.sequence, about.contrast),
            contrast_reason=about.contrast_reason,
            field_strength_t=about.field_strength_t,
            manufacturer=about.manufacturer,
            source=_source(images) if images else None,
            scanner=_scanner(maps, parameters, room) if maps else None,
            faults=tuple(faults),
        ),
        images.source.images if images else None,
        maps.source.images if maps else None,
    )


def _source(images: MappingImages) -> SourceImages:
    source = images.source
    slices = []
    for z in range(source.geometry.n_slices):
        phase = None if images.phase_rad is None else images.phase_rad[:, z]
        known = phase is not None and bool(np.isfinite(phase).all())
        slices.append(
            SliceImages(
                images.data[:, z],
                phase if known else None,
                source.times_ms[:, z],
                source.inversion[:, z],
            )
        )
    return SourceImages(
        slices=tuple(slices),
        geometry=source.geometry,
        cycle_phase=source.cycle_phase,
        series_uids=source.series_uids,
        left_out=source.left_out,
        notes=source.notes,
    )


def _scanner(maps: MapImages, parameters: tuple[ParameterSource, ...], room: _Room) -> ScannerMap:
    source = maps.source
    r2, notes = _r_squared(source.acquisition, source.geometry, parameters, room)
    return ScannerMap(
        values=maps.values,
        r2=r2,
        geometry=source.geometry,
        cycle_phase=source.cycle_phase,
        series_uids=source.series_uids,
        flags=maps.flags,
        left_out=source.left_out,
        notes=(*maps.notes, *notes),
    )


def _r_squared(
    acquisition: Acquisition,
    geometry: StackGeometry,
    parameters: tuple[ParameterSource, ...],
    room: _Room,
) -> tuple[FloatArray | None, tuple[str, ...]]:
    """The scanner's R² on the slices of its map, NaN where it has none; None without any."""
    for stored in parameters:
        if stored.acquisition.number != acquisition.number:
            continue
        try:
            room.take("its planes", stored.geometry)
            planes = read_parameter(stored, FitParameter.R_SQUARED)
        except FrameUnreadable as fault:
            reason = str(fault).removesuffix(".")
            return None, (f"The scanner's goodness of fit cannot be read: {reason}.",)
        if planes is None or planes.shape[1:] != geometry.shape:
            continue
        away = np.linalg.norm(
            geometry.positions_mm[:, None] - stored.geometry.positions_mm, axis=-1
        )
        near = away.min(axis=1) <= _SAME_PLACE_MM
        found = np.where(near[:, None, None], planes[away.argmin(axis=1)], np.nan)
        return found, ()
    return None, ()
