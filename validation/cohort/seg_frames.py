"""Frames of a DICOM SEG, of this application or of another maker, as plain arrays.

pydicom alone reads them: highdicom's volumes refuse the uneven stacks that this application
writes, and its reader refuses files without attributes that no mask depends on.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pydicom
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.sr.coding import Code
from pydicom.uid import UID, SegmentationStorage

from cmr.errors import UsageError
from cmr.labels import Label
from cmr.volume import FloatArray
from dicomio.quiet import quiet
from dicomio.seg import STRUCTURES

# pydicom 3.0.2 does not know the second: Label Map Segmentation Storage.
_CLASSES = (SegmentationStorage, UID("1.2.840.10008.5.1.4.1.1.66.7"))
_KINDS = ("BINARY", "FRACTIONAL", "LABELMAP")
_MOST_VOXELS = 1 << 28
# Directions (cosines) and pixel spacings (mm) that differ by less are rounded copies of one.
_SAME = 1e-3


@dataclass(frozen=True, eq=False)
class SegFrames:
    """Frames of a SEG, and where each lies.

    Parameters
    ----------
    labels
        ``(n, row, col)`` of :class:`cmr.labels.Label`.
    number
        Segment of each frame; 0 in a label map, whose frames hold all segments.
    positions_mm
        ``(n, 3)`` LPS of pixel (row 0, col 0).
    orientation
        ``(6,)`` ImageOrientationPatient.
    pixel_spacing_mm
        ``(2,)`` row and column spacing.
    spacing_mm, thickness_mm
        SpacingBetweenSlices and SliceThickness; NaN where not stated.
    frame_of_reference_uid
        Empty when not stated.
    """

    labels: npt.NDArray[np.uint8]
    number: tuple[int, ...]
    positions_mm: FloatArray
    orientation: FloatArray
    pixel_spacing_mm: FloatArray
    spacing_mm: float
    thickness_mm: float
    frame_of_reference_uid: str


def read_frames(path: Path) -> SegFrames:
    """Read the frames of a file of the SEG or the label map SEG class.

    Raises
    ------
    UsageError
        A file that is no such object or is damaged; segments or frames without code or place.
    """
    try:
        with quiet():
            return _frames(_open(path))
    except UsageError:
        raise
    except OSError as error:
        raise UsageError("Mask file: cannot be opened or read.") from error
    except Exception as error:  # pydicom raises almost anything on garbage
        raise UsageError("DICOM SEG: damaged or truncated; export it again.") from error


def _open(path: Path) -> Dataset:
    try:
        dataset = pydicom.dcmread(path)
    except InvalidDicomError as error:
        raise UsageError("Mask file: neither NIfTI (.nii, .nii.gz) nor DICOM.") from error
    if dataset.SOPClassUID not in _CLASSES:
        name = dataset.SOPClassUID.name if dataset.SOPClassUID.keyword else "unknown class"
        raise UsageError(f"DICOM file: {name}, expected a Segmentation.")
    if "PixelData" not in dataset:
        raise UsageError("DICOM SEG: damaged or truncated, without pixel data; export it again.")
    if dataset.SegmentationType not in _KINDS:
        raise UsageError(f"DICOM SEG: unknown type, expected one of {', '.join(_KINDS)}.")
    if dataset.Rows * dataset.Columns * int(dataset.NumberOfFrames) > _MOST_VOXELS:
        raise UsageError(f"DICOM SEG: more than {_MOST_VOXELS} voxels; it is no short-axis stack.")
    return dataset


def _frames(dataset: Dataset) -> SegFrames:
    structures = _structures(dataset)
    stored = dataset.pixel_array.reshape(-1, dataset.Rows, dataset.Columns)
    groups = dataset.PerFrameFunctionalGroupsSequence
    if len(groups) != len(stored):
        raise UsageError(f"DICOM SEG: {len(stored)} frames, places of {len(groups)}.")
    (shared,) = dataset.get("SharedFunctionalGroupsSequence") or [Dataset()]
    measures = [_item(g, shared, "PixelMeasuresSequence") for g in groups]
    directions = [_item(g, shared, "PlaneOrientationSequence") for g in groups]
    places = [_item(g, shared, "PlanePositionSequence") for g in groups]
    number = (0,) * len(groups)
    if dataset.SegmentationType != "LABELMAP":
        segments = [_item(g, shared, "SegmentIdentificationSequence") for g in groups]
        number = tuple(int(s.ReferencedSegmentNumber) for s in segments)
    return SegFrames(
        labels=_labels(dataset, stored, number, structures),
        number=number,
        positions_mm=_numbers(places, "ImagePositionPatient", 3),
        orientation=_one(_numbers(directions, "ImageOrientationPatient", 6)),
        pixel_spacing_mm=_one(_numbers(measures, "PixelSpacing", 2)),
        spacing_mm=abs(float(measures[0].get("SpacingBetweenSlices") or np.nan)),
        thickness_mm=float(measures[0].get("SliceThickness") or np.nan),
        frame_of_reference_uid=str(dataset.get("FrameOfReferenceUID", "")),
    )


def _structures(dataset: Dataset) -> dict[int, Label]:
    """Segment number to label."""
    found: dict[int, Label] = {}
    for segment in dataset.SegmentSequence:
        number = int(segment.SegmentNumber)
        if number == 0:  # a label map may describe its background
            continue
        label = _label_of(segment, number)
        if label in found.values():
            raise UsageError(f"DICOM SEG: two segments of {label.name}; one phase a file is read.")
        found[number] = label
    return found


def _label_of(segment: Dataset, number: int) -> Label:
    (item,) = segment.get("SegmentedPropertyTypeCodeSequence") or [Dataset()]
    if "CodeValue" not in item or "CodingSchemeDesignator" not in item:
        raise UsageError(f"DICOM SEG: segment {number} has no coded type.")
    code = Code(item.CodeValue, item.CodingSchemeDesignator, item.get("CodeMeaning", ""))
    for structure in STRUCTURES:
        if code == structure.code:  # pydicom takes SRT codes for their SNOMED CT successors
            return Label(structure.label)
    known = ", ".join(f"{s.code.value} {s.code.meaning}" for s in STRUCTURES)
    raise UsageError(
        # Cut and in ASCII: a damaged header may put anything here.
        f"DICOM SEG: segment {number} is of type {code.value!a:.18} "
        f"({code.scheme_designator!a:.18}), expected SCT {known}. Leave it out or code it so."
    )


def _item(own: Dataset, shared: Dataset, keyword: str) -> Dataset:
    """Item of a functional group, of the frame or of all frames."""
    found = own.get(keyword) or shared.get(keyword)
    if not found:
        raise UsageError(f"DICOM SEG: {keyword} is missing; its frames have no place.")
    return Dataset(found[0])


def _labels(
    dataset: Dataset,
    stored: npt.NDArray[Any],
    number: tuple[int, ...],
    structures: dict[int, Label],
) -> npt.NDArray[np.uint8]:
    """Stored values to labels."""
    used = set(np.unique(stored).tolist() if dataset.SegmentationType == "LABELMAP" else number)
    if unknown := sorted(used - structures.keys() - {0}):
        raise UsageError(f"DICOM SEG: segments {unknown[:5]} are not described.")
    if dataset.SegmentationType == "LABELMAP":
        table = np.zeros(max(structures, default=0) + 1, np.uint8)
        table[list(structures)] = list(structures.values())
        return np.asarray(table[stored])
    whole = dataset.MaximumFractionalValue if dataset.SegmentationType == "FRACTIONAL" else 1
    values = np.array([structures[n] for n in number], np.uint8)
    return np.where(stored > whole / 2, values[:, None, None], np.uint8(0))


def _numbers(items: list[Dataset], keyword: str, count: int) -> FloatArray:
    """``(n, count)`` values of an attribute that every item must hold."""
    values = [item.get(keyword) or [] for item in items]
    if any(len(numbers) != count for numbers in values):
        raise UsageError(f"DICOM SEG: {keyword} is missing; its frames have no place.")
    array = np.array(values, float)
    if not np.isfinite(array).all():
        raise UsageError(f"DICOM SEG: {keyword} holds no numbers.")
    return array


def _one(values: FloatArray) -> FloatArray:
    """Give the values that all frames share."""
    if np.ptp(values, axis=0).max() > _SAME:
        raise UsageError("DICOM SEG: frames of different direction or spacing; one stack is read.")
    return np.asarray(values[0])
