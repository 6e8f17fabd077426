"""Tissue-mapping acquisitions of a phantom as arrays, with labels, AHA segments and truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cmr.volume import FloatArray, StackGeometry, Volume4D
from phantom.imaging import Advance
from phantom.mapping_protocol import MAPPED_PROTOCOLS, T1_PROTOCOLS
from phantom.mapping_session import BreathHold, Session
from phantom.mapping_settings import Protocol
from phantom.mapping_truth import MappingTruth, slice_truth
from phantom.settings import PhantomSettings
from phantom.subject import draw_subject


@dataclass(frozen=True, eq=False)
class MappingSeries:
    """One acquisition of three slices, ``n`` images each, in the order of acquisition.

    Attributes
    ----------
    images
        ``(n, z, row, col)`` magnitudes, whole numbers 0 to 4095. ``times_ms`` of this volume are
        trigger delays, the same for all images of a slice.
    phases
        The same for the phase, 0 to 4095 for -pi to pi; None where not asked for.
    times_ms
        ``(n, z)`` inversion, saturation, preparation or echo times; infinity for the SASHA image
        without saturation.
    beats
        ``(n, z)`` heart beat of each image from the start of its breath-hold.
    labels, segments
        ``(1, z, row, col)`` labels and AHA numbers (0 outside myocardium) at the reference image.
    reference
        Image that labels and truth belong to: the longest TI, or the shortest T2 weighting.
    shifts_mm
        ``(n, z, 2)`` displacement down the rows and along the columns against that image.
    scanner_map
        ``(1, z, row, col)`` stored values of the scanner's map of T1 (ms) or T2 (units of
        ``t2_map_unit_ms``); None where not asked for, and for T2*.
    """

    protocol: Protocol
    images: Volume4D
    phases: Volume4D | None
    times_ms: FloatArray
    beats: npt.NDArray[np.int_]
    labels: Volume4D
    segments: Volume4D
    reference: int
    shifts_mm: FloatArray
    scanner_map: Volume4D | None


@dataclass(frozen=True, eq=False)
class MappingStudy:
    """All acquisitions, and what is known of the tissue."""

    series: dict[Protocol, MappingSeries]
    truth: MappingTruth


def make_mapping(settings: PhantomSettings, advance: Advance = lambda: None) -> MappingStudy:
    """Take the acquisitions that ``settings.mapping`` asks for, without DICOM.

    ``advance`` is called after each slice of each acquisition.

    Raises
    ------
    ValueError
        Settings without a mapping part, or impossible tissue.
    """
    if settings.mapping is None:
        raise ValueError("phantom settings: expected a mapping part")
    session = Session(settings, settings.mapping, draw_subject(settings))
    taken: dict[Protocol, list[BreathHold]] = {}
    for protocol in settings.mapping.protocols:
        taken[protocol] = []
        for z in range(session.geometry.n_slices):
            taken[protocol].append(session.take(protocol, z))
            advance()
    series = {protocol: _series(session, protocol, holds) for protocol, holds in taken.items()}
    return MappingStudy(series, _truth(session, taken))


def mapping_plane_count(settings: PhantomSettings) -> int:
    """Calls of ``advance`` that :func:`make_mapping` makes."""
    return 3 * len(settings.mapping.protocols) if settings.mapping else 0


def _series(session: Session, protocol: Protocol, holds: list[BreathHold]) -> MappingSeries:
    settings, geometry = session.settings, session.geometry
    images = Volume4D(
        np.stack([hold.magnitude for hold in holds], axis=1),
        geometry,
        np.stack([np.full(len(h.weighting.beats), h.trigger_ms) for h in holds], axis=1),
        np.array([hold.rr_ms for hold in holds]),
    )
    phased = settings.phase_images and protocol in T1_PROTOCOLS
    mapped = settings.maps is not None and protocol in MAPPED_PROTOCOLS
    return MappingSeries(
        protocol=protocol,
        images=images,
        phases=images.with_data(np.stack([h.phase for h in holds], axis=1)) if phased else None,
        times_ms=np.stack([hold.weighting.times_ms for hold in holds], axis=1),
        beats=np.stack([hold.weighting.beats for hold in holds], axis=1),
        labels=_single(geometry, [hold.labels for hold in holds]),
        segments=_single(geometry, [hold.segments for hold in holds]),
        reference=holds[0].weighting.reference,
        shifts_mm=np.stack([hold.shifts_mm for hold in holds], axis=1),
        scanner_map=_single(geometry, [h.scanner_map for h in holds]) if mapped else None,
    )


def _single(geometry: StackGeometry, slices: list[npt.NDArray[np.generic]]) -> Volume4D:
    return Volume4D(np.stack(slices)[None], geometry)


def _truth(session: Session, taken: dict[Protocol, list[BreathHold]]) -> MappingTruth:
    lesion = session.settings.lesion
    segment = lesion.segment if lesion else None
    return MappingTruth(
        field_strength_t=session.field_strength_t,
        haematocrit_fraction=session.settings.haematocrit,
        lesion_segment=segment,
        slices=tuple(
            slice_truth(
                session.tissues,
                place,
                segment,
                {protocol: holds[z].read_t1_ms for protocol, holds in taken.items()},
            )
            for z, place in enumerate(session.places)
        ),
    )
