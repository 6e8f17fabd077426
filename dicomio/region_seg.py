"""DICOM Segmentation of regions of one stack: named masks in, one BINARY instance out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
from pydicom.uid import SegmentationStorage

from cmr.errors import GeometryError
from dicomio import equipment
from dicomio.equipment import Algorithm
from dicomio.origin import Origin
from dicomio.seg_object import Masks, SegObject, Structure, WrittenSegment, build_seg, present
from dicomio.seg_split import Whole
from dicomio.source import FrameRef, ImageSource
from dicomio.uids import file_name


@dataclass(frozen=True, eq=False)
class Regions:
    """Regions of one stack, to be written as one SEG.

    Attributes
    ----------
    key
        Unique in the study; enters file name and UIDs.
    title
        What the regions were drawn on; enters their tracking identifiers.
    series, description, short
        Of the object, in words; ``short``, of 24 letters at most, begins the names of its parts.
    images
        What was drawn on; the masks lie on its slices.
    structures, masks
        Structures without a voxel are not written.
    algorithms
        By label, what drew the structure.
    moved
        By slice, whether images were shifted onto each other.
    """

    key: str
    title: str
    series: str
    description: str
    short: str
    images: ImageSource
    structures: Sequence[Structure]
    masks: Masks
    algorithms: Mapping[int, Algorithm]
    moved: Sequence[bool]


@dataclass(frozen=True, eq=False)
class WrittenRegions:
    """A SEG of regions on disk.

    ``segments`` goes by the label of the structure; ``images`` holds for each of them the images
    of the slices that it lies on. ``whole`` is what parts by source series are cut from.
    """

    path: Path
    series_uid: str
    sop_instance_uid: str
    segments: Mapping[int, WrittenSegment]
    images: Mapping[int, tuple[FrameRef, ...]]
    whole: Whole

    sop_class_uid: str = str(SegmentationStorage)


def write_regions(
    regions: Regions, series_number: int, origin: Origin, folder: Path
) -> WrittenRegions | None:
    """Write one SEG to ``folder``; None where no structure has a voxel."""
    found = present(regions.structures, regions.masks)
    if not found:
        return None
    segments = {s.label: _segment(number, s, regions, origin) for number, s in enumerate(found, 1)}
    plan = _object(regions, list(segments.values()), series_number, origin)
    key = regions.key.replace("_", "-")
    written = WrittenRegions(
        path=folder / file_name(f"seg-{key}", plan.sop_instance_uid),
        series_uid=plan.series_uid,
        sop_instance_uid=plan.sop_instance_uid,
        segments=MappingProxyType(segments),
        images=MappingProxyType({s.label: _images_below(s, regions) for s in found}),
        whole=Whole(key, regions.short, plan, regions.masks),
    )
    build_seg(plan, regions.masks, origin).save_as(written.path, enforce_file_format=True)
    return written


def check_shapes(
    key: str, arrays: Mapping[str, npt.NDArray[np.generic]], images: ImageSource
) -> None:
    """Refuse named arrays that do not lie on the slices of ``images`` with a GeometryError."""
    expected = (images.geometry.n_slices, *images.geometry.shape)
    for name, array in arrays.items():
        if array.shape != expected:
            raise GeometryError(f"SEG {key}: {name} {array.shape}, slices {expected}.")


def tracking_uid(key: str, label: int, origin: Origin) -> str:
    """UID of a region, in its SEG and in the report."""
    return origin.uid(f"tracking/{key}/{label}")


def _images_below(structure: Structure, regions: Regions) -> tuple[FrameRef, ...]:
    slices = np.flatnonzero(regions.masks[structure.label].any(axis=(1, 2)))
    return tuple(frame for z in slices for frame in regions.images.at_slice(int(z)))


def _segment(number: int, structure: Structure, regions: Regions, origin: Origin) -> WrittenSegment:
    return WrittenSegment(
        number=number,
        structure=structure,
        algorithm=regions.algorithms[structure.label],
        tracking_id=f"{regions.title}, {structure.title}",
        tracking_uid=tracking_uid(regions.key, structure.label, origin),
    )


def _object(
    regions: Regions, segments: Sequence[WrittenSegment], series_number: int, origin: Origin
) -> SegObject:
    geometry = regions.images.geometry
    return SegObject(
        sop_instance_uid=origin.uid(f"segments/{regions.key}"),
        series_uid=origin.uid(f"segments/{regions.key}/series"),
        series_number=series_number,
        instance_number=1,
        content_label=f"SEG_{regions.key.replace('-', '_').upper()}",
        content_description=regions.description,
        series_description=f"{regions.series} ({equipment.SERIES_NOTE})",
        segments=segments,
        geometry=geometry,
        images=[regions.images.at_slice(z) for z in range(geometry.n_slices)],
        moved=regions.moved,
    )
