"""DICOM Segmentation of a map: AHA segments and LV blood pool, one BINARY instance a map."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
from pydicom.uid import SegmentationStorage

from cmr.errors import GeometryError
from cmr.labels import Label
from dicomio import codes, equipment, highdicom_fixes
from dicomio.mapped_tissue import MappedTissue
from dicomio.origin import Origin
from dicomio.seg_object import Mask, SegObject, Structure, WrittenSegment, build_seg, present
from dicomio.source import FrameRef
from dicomio.uids import file_name

BLOOD_POOL = 17
MYOCARDIUM = 18
"""Values beyond those of the AHA segments."""

# Hues of the ring go round it, its levels from light to dark: neighbours differ in both.
_RING = (
    (230, 80, 70),
    (235, 150, 50),
    (220, 205, 60),
    (90, 180, 80),
    (60, 160, 210),
    (150, 100, 200),
)
_LEVELS = ((1, 6, 1.0), (7, 6, 0.75), (13, 4, 0.5))


def _colours() -> dict[int, tuple[int, int, int]]:
    found = {}
    for first, count, light in _LEVELS:
        for i in range(count):
            red, green, blue = _RING[i * len(_RING) // count]
            found[first + i] = (round(red * light), round(green * light), round(blue * light))
    return found


def _title(meaning: str) -> str:
    return meaning.removeprefix("left ventricle ").capitalize()


STRUCTURES: tuple[Structure, ...] = (
    *(
        Structure(number, f"AHA {number} {_title(code.meaning)}", code, _colours()[number])
        for number, code in codes.AHA_SEGMENTS.items()
    ),
    Structure(BLOOD_POOL, "Left ventricular cavity", codes.LEFT_VENTRICLE, (250, 235, 235)),
    Structure(MYOCARDIUM, "Left ventricular myocardium", codes.LV_MYOCARDIUM, (80, 180, 80)),
)
"""In the order of segment numbers."""


@dataclass(frozen=True, eq=False)
class WrittenSegments:
    """The SEG of a map on disk.

    ``segments`` goes by AHA segment, :data:`BLOOD_POOL` or :data:`MYOCARDIUM`; ``images`` holds
    for each of them the images of the slices that it lies on.
    """

    path: Path
    series_uid: str
    sop_instance_uid: str
    segments: Mapping[int, WrittenSegment]
    images: Mapping[int, tuple[FrameRef, ...]]

    sop_class_uid: str = str(SegmentationStorage)


def write_segments(
    tissue: MappedTissue, series_number: int, origin: Origin, folder: Path
) -> WrittenSegments | None:
    """Write the segments of a map; None where no heart was found.

    Raises
    ------
    GeometryError
        Masks that do not lie on the slices of the source images.
    """
    mask = _mask(tissue)
    found = present(STRUCTURES, mask)
    if not found:
        return None
    uid = origin.uid(f"segments/{tissue.key}")
    written = WrittenSegments(
        path=folder / file_name(f"seg-{tissue.key}".replace("_", "-"), uid),
        series_uid=origin.uid(f"segments/{tissue.key}/series"),
        sop_instance_uid=uid,
        segments=MappingProxyType(
            {s.label: _segment(number, s, tissue, origin) for number, s in enumerate(found, 1)}
        ),
        images=MappingProxyType({s.label: _images_below(s, mask, tissue) for s in found}),
    )
    seg = build_seg(_object(tissue, written, series_number), mask, origin)
    highdicom_fixes.mark_moved(seg, tissue.moved, tissue.images.geometry)
    seg.save_as(written.path, enforce_file_format=True)
    return written


def tracking_uid(tissue: MappedTissue, label: int, origin: Origin) -> str:
    """UID of a region of a map, in its SEG and in the report."""
    return origin.uid(f"tracking/{tissue.key}/{label}")


def _mask(tissue: MappedTissue) -> Mask:
    """AHA segments and blood pool; the whole myocardium where it has no segments."""
    geometry = tissue.images.geometry
    expected = (geometry.n_slices, *geometry.shape)
    for name, array in (("labels", tissue.labels), ("segments", tissue.segments)):
        if array.shape != expected:
            raise GeometryError(f"SEG {tissue.key}: {name} {array.shape}, slices {expected}.")
    mask = np.where(tissue.labels == Label.LV, BLOOD_POOL, tissue.segments)
    if not tissue.segments.any():
        mask = np.where(tissue.labels == Label.MYOCARDIUM, MYOCARDIUM, mask)
    return mask.astype(np.uint8)


def _images_below(structure: Structure, mask: Mask, tissue: MappedTissue) -> tuple[FrameRef, ...]:
    slices = np.flatnonzero((mask == structure.label).any(axis=(1, 2)))
    return tuple(frame for z in slices for frame in tissue.images.at_slice(int(z)))


def _segment(
    number: int, structure: Structure, tissue: MappedTissue, origin: Origin
) -> WrittenSegment:
    return WrittenSegment(
        number=number,
        structure=structure,
        tracking_id=f"{tissue.title}, {structure.title}",
        tracking_uid=tracking_uid(tissue, structure.label, origin),
    )


def _object(tissue: MappedTissue, written: WrittenSegments, series_number: int) -> SegObject:
    geometry = tissue.images.geometry
    return SegObject(
        sop_instance_uid=written.sop_instance_uid,
        series_uid=written.series_uid,
        series_number=series_number,
        instance_number=1,
        content_label=f"SEG_{tissue.key.replace('-', '_').upper()}",
        content_description=f"Segments of the {tissue.title} map",
        series_description=f"{tissue.title} segments ({equipment.SERIES_NOTE})",
        algorithm=equipment.MAPPING_ALGORITHM,
        segments=list(written.segments.values()),
        geometry=geometry,
        images=[tissue.images.at_slice(z) for z in range(geometry.n_slices)],
    )
