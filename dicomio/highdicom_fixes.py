"""Work-arounds for highdicom 0.28.2, each with the upstream issue; delete them as it grows.

1. Source images of one SEG must share one series and one orientation, bit by bit, and hold one
   image a position (highdicom #302, #174, #369). Cine stacks often have one series a slice, and
   several images a position: so a SEG is built on plain stand-in headers, one a slice, and
   :func:`set_sources` puts the true references in their place.
2. With an Enhanced multi-frame source, each frame refers to every phase at its position
   (highdicom #174): :func:`set_sources` leaves the one frame that was segmented.
3. ``Measurement`` has no argument for the modifiers of TID 300 and 1419 nor for an equation:
   :func:`add_to_measurement`.
4. The group's Measurement Method is written CONTAINS; TID 1501 row 5 and TID 1419 row 1 want HAS
   CONCEPT MOD: :func:`fix_group_method`.
5. Content Creator Name (type 2) is left out of SEG and parametric map; the Dimension Organization
   UID is random: :func:`complete`.
6. Pixel Measures that it is given are dropped for those of the source where the pixel spacing
   agrees: :func:`stand_in_headers` therefore carries the extent of a slice.

7. Frames of a map are sorted by the text of their positions, so a stack may run either way; dcmqi
   1.5.7 (paramap2itkimage) takes them in stored order, along the normal: :func:`sort_frames`.
8. Uncertainties of a measurement are written without unit: they are made as properties instead.
9. References of a Key Object get a concept name, which TID 2010 does not have:
   :func:`unname_references`.

A search of the upstream issues found none for 3 to 9.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
from highdicom.sr import CodedConcept, ContentSequence, Measurement
from highdicom.sr.value_types import ContentItem
from pydicom.dataset import Dataset
from pydicom.uid import UID, MRImageStorage

from cmr.volume import FloatArray, StackGeometry
from dicomio import codes
from dicomio.source import FrameRef


def stand_in_headers(
    geometry: StackGeometry, extent_mm: float, study_uid: str, frame_of_reference_uid: str
) -> list[Dataset]:
    """Make one minimal header a slice, with the geometry of the stack and provisional UIDs.

    ``extent_mm`` serves as slice thickness and spacing between slices.
    """
    orientation = decimals(_orthonormal(geometry.row_cosine, geometry.column_cosine))
    headers = []
    for z, position in enumerate(geometry.positions_mm):
        header = blank_header(MRImageStorage, f"2.25.{z + 1}")
        header.StudyInstanceUID = study_uid
        header.SeriesInstanceUID = "2.25.0"
        header.FrameOfReferenceUID = frame_of_reference_uid
        header.Modality = "MR"
        header.Rows, header.Columns = geometry.shape
        header.ImagePositionPatient = decimals(position)
        header.ImageOrientationPatient = orientation
        header.PixelSpacing = decimals(geometry.pixel_spacing_mm)
        (header.SliceThickness,) = (header.SpacingBetweenSlices,) = decimals([extent_mm])
        headers.append(header)
    return headers


def _orthonormal(row: FloatArray, column: FloatArray) -> FloatArray:
    """Right the axes: sources are off by up to 1e-3, validators refuse more than 1e-4."""
    row = row / np.linalg.norm(row)
    column = column - (column @ row) * row
    return np.concatenate([row, column / np.linalg.norm(column)])


def blank_header(sop_class_uid: str, sop_instance_uid: str) -> Dataset:
    """Make a header whose patient and study are blank: the true ones follow with the whitelist."""
    header = Dataset()
    header.SOPClassUID, header.SOPInstanceUID = sop_class_uid, sop_instance_uid
    for keyword in ("PatientName", "PatientID", "PatientBirthDate", "PatientSex"):
        setattr(header, keyword, "")
    for keyword in ("AccessionNumber", "StudyID", "StudyDate", "StudyTime"):
        setattr(header, keyword, "")
    return header


def decimals(values: Iterable[float]) -> list[float]:
    """Round to numbers that fit a decimal string (16 characters) and read back as themselves."""
    return [float(f"{value:.9g}") for value in values]


def set_sources(
    target: Dataset, images: Sequence[Sequence[FrameRef]], geometry: StackGeometry
) -> None:
    """Refer to ``images`` (of each slice) in place of the stand-ins: per frame, object, series."""
    for group in target.PerFrameFunctionalGroupsSequence:
        (derivation,) = group.DerivationImageSequence
        (stand_in,) = derivation.SourceImageSequence
        # An item a frame: highdicom cannot read one with several frame numbers.
        derivation.SourceImageSequence = [
            _referring(stand_in, frame) for frame in images[slice_of(group, geometry)]
        ]
    frames = [frame for slice_images in images for frame in slice_images]
    target.SourceImageSequence = [reference(*item) for item in instances(frames)]
    target.ReferencedSeriesSequence = [
        _series_item(uid, [f for f in frames if f.series_uid == uid])
        for uid in dict.fromkeys(frame.series_uid for frame in frames)
    ]


def instances(frames: Sequence[FrameRef]) -> list[tuple[FrameRef, list[int]]]:
    """List each source instance once, with the numbers of its frames, if it has several."""
    by_instance: dict[str, tuple[FrameRef, list[int]]] = {}
    for frame in frames:
        numbers = by_instance.setdefault(frame.sop_instance_uid, (frame, []))[1]
        if frame.frame_number:
            numbers.append(frame.frame_number)
    return list(by_instance.values())


def reference(frame: FrameRef, frame_numbers: Sequence[int] = ()) -> Dataset:
    """Make an item that refers to the instance of ``frame``."""
    item = Dataset()
    item.ReferencedSOPClassUID = frame.sop_class_uid
    item.ReferencedSOPInstanceUID = frame.sop_instance_uid
    if frame_numbers:
        item.ReferencedFrameNumber = list(frame_numbers)
    return item


def complete(target: Dataset, creator: str, dimension_uid: UID) -> None:
    """Add the content creator, and make the dimension organisation's UID reproducible."""
    target.ContentCreatorName = creator
    target.DimensionOrganizationSequence[0].DimensionOrganizationUID = dimension_uid
    for dimension in target.DimensionIndexSequence:
        dimension.DimensionOrganizationUID = dimension_uid


def sort_frames(target: Dataset, values: npt.NDArray[np.float32], geometry: StackGeometry) -> None:
    """Store the frames of a map, one a slice, in the order of the slices of ``values``."""
    groups = sorted(
        target.PerFrameFunctionalGroupsSequence, key=lambda group: slice_of(group, geometry)
    )
    for rank, group in enumerate(groups, 1):
        group.FrameContentSequence[0].DimensionIndexValues = [rank]
    target.PerFrameFunctionalGroupsSequence = groups
    target.FloatPixelData = values.astype("<f4").tobytes()


def mark_moved(target: Dataset, moved: Sequence[bool], geometry: StackGeometry) -> None:
    """Say of which slices the source images were shifted onto each other."""
    for group in target.PerFrameFunctionalGroupsSequence:
        if moved[slice_of(group, geometry)]:
            for source in group.DerivationImageSequence[0].SourceImageSequence:
                source.SpatialLocationsPreserved = "NO"


def add_to_measurement(measurement: Measurement, items: Iterable[ContentItem]) -> None:
    """Append content items below the NUM item of ``measurement``."""
    num = measurement[0]
    for item in items:
        if "ContentSequence" not in num:  # an empty one is not valid
            num.ContentSequence = ContentSequence()
        num.ContentSequence.append(item)


def fix_group_method(group: Dataset) -> None:
    """Make the Measurement Method of a measurement group a modifier of its concept."""
    for item in group.ContentSequence:
        if item.name == CodedConcept.from_code(codes.MEASUREMENT_METHOD):
            item.RelationshipType = "HAS CONCEPT MOD"


def unname_references(key_object: Dataset) -> None:
    """Take the concept names off the references of a Key Object Selection."""
    for item in key_object.ContentSequence:
        if item.ValueType in ("IMAGE", "COMPOSITE"):
            item.pop("ConceptNameCodeSequence", None)


def slice_of(group: Dataset, geometry: StackGeometry) -> int:
    """Find the slice that a per-frame functional group lies on."""
    position = np.array(group.PlanePositionSequence[0].ImagePositionPatient, float)
    return int(np.argmin(np.abs(geometry.slice_positions_mm - position @ geometry.normal)))


def _referring(stand_in: Dataset, frame: FrameRef) -> Dataset:
    item = Dataset()
    item.update(stand_in)
    item.update(reference(frame, [frame.frame_number] if frame.frame_number else []))
    return item


def _series_item(series_uid: str, frames: Sequence[FrameRef]) -> Dataset:
    item = Dataset()
    item.SeriesInstanceUID = series_uid
    item.ReferencedInstanceSequence = [reference(frame) for frame, _ in instances(frames)]
    return item
