"""T1, T2, T2* and extracellular volume as DICOM Parametric Map, float32.

Value and standard deviation are series of their own: OHIF shows the first instance of a series of
maps and no other. Slices are frames. An undefined pixel is NaN, which Float Pixel Data may hold
(PS3.5, section 8.4). Float Pixel Padding Value (type 3) is left out: NaN is equal to nothing, so it
would suppress nothing, and the JSON of DICOMweb cannot hold it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import highdicom as hd
import numpy as np
import numpy.typing as npt
from highdicom.sr import CodeContentItem, CodedConcept
from pydicom.dataset import Dataset
from pydicom.sr.coding import Code
from pydicom.uid import ParametricMapStorage

from cmr.errors import GeometryError
from cmr.volume import StackGeometry
from dicomio import codes, equipment, highdicom_fixes
from dicomio.map_terms import contrast_modifiers, method_of, quantity_of
from dicomio.mapped_tissue import MappedTissue
from dicomio.origin import Origin
from dicomio.uids import file_name

Values = npt.NDArray[np.float32]

# Of the finite values; the rest lies outside the window that viewers start with.
_WINDOW_PERCENTILES = (2, 98)
_LEAST_WINDOW = 1.0  # DICOM allows no smaller one


@dataclass(frozen=True)
class Plane:
    """What a map shows of its quantity: the value, or how far it is known."""

    key: str
    suffix: str
    derivation: Code | None


VALUE = Plane("value", "", None)
SD = Plane("sd", ", SD", codes.STANDARD_DEVIATION)


@dataclass(frozen=True)
class WrittenPlane:
    """One parametric map on disk."""

    path: Path
    series_uid: str
    sop_instance_uid: str

    sop_class_uid: str = str(ParametricMapStorage)


def write_plane(
    tissue: MappedTissue, plane: Plane, series_number: int, origin: Origin, folder: Path
) -> WrittenPlane | None:
    """Write one plane of a map as a series of one instance; None where the map has no such plane.

    Raises
    ------
    GeometryError
        Values that do not lie on the slices of the source images.
    """
    values = tissue.values if plane is VALUE else tissue.sd
    if values is None:
        return None
    geometry = tissue.images.geometry
    expected = (geometry.n_slices, *geometry.shape)
    if values.shape != expected:
        raise GeometryError(f"Map {tissue.key}: values {values.shape}, slices {expected}.")
    kind = f"map/{tissue.key}/{plane.key}"
    uid = origin.uid(kind)
    written = WrittenPlane(
        path=folder / file_name(f"map-{tissue.key}-{plane.key}".replace("_", "-"), uid),
        series_uid=origin.uid(f"{kind}/series"),
        sop_instance_uid=uid,
    )
    made = _build(tissue, plane, values.astype(np.float32), written, series_number, origin)
    made.save_as(written.path, enforce_file_format=True)
    return written


def _build(  # noqa: PLR0913
    tissue: MappedTissue,
    plane: Plane,
    values: Values,
    written: WrittenPlane,
    series_number: int,
    origin: Origin,
) -> Dataset:
    geometry = tissue.images.geometry
    title = f"{tissue.title} map{plane.suffix}"
    made: Dataset = hd.pm.ParametricMap(
        source_images=highdicom_fixes.stand_in_headers(
            geometry,
            _thickness_mm(geometry),
            origin.study_uid,
            origin.frame_of_reference_uid(geometry),
        ),
        pixel_array=values,
        series_instance_uid=written.series_uid,
        series_number=series_number,
        sop_instance_uid=written.sop_instance_uid,
        instance_number=1,
        contains_recognizable_visual_features=False,
        real_world_value_mappings=[_mapping(tissue, plane, values, title)],
        voi_lut_transformations=[_window(values)],
        content_label=_label(tissue, plane),
        content_description=title,
        series_description=f"{title} ({equipment.MAP_NOTE})",
        **equipment.sop_class_arguments(origin),
    )
    equipment.stamp(made, origin)
    made.BodyPartExamined = "HEART"
    highdicom_fixes.complete(made, origin.identity.application, origin.uid("dimensions"))
    images = [tissue.images.at_slice(z) for z in range(geometry.n_slices)]
    highdicom_fixes.set_sources(made, images, geometry)
    highdicom_fixes.sort_frames(made, values, geometry)
    highdicom_fixes.mark_moved(made, tissue.moved, geometry)
    _describe_frames(made, geometry)
    codes.complete(made)
    return made


def _label(tissue: MappedTissue, plane: Plane) -> str:
    label = tissue.key if plane is VALUE else f"{tissue.key}_{plane.key}"
    return label.replace("-", "_").upper()


def _mapping(
    tissue: MappedTissue, plane: Plane, values: Values, title: str
) -> hd.pm.RealWorldValueMapping:
    finite = values[np.isfinite(values)]
    first, last = (finite.min(), finite.max()) if finite.size else (0, 0)
    mapping = hd.pm.RealWorldValueMapping(
        lut_label=_label(tissue, plane),
        lut_explanation=title,
        unit=codes.UNITS[tissue.kind.unit],
        value_range=(float(first), float(last)),
        slope=1.0,
        intercept=0.0,
    )
    mapping.QuantityDefinitionSequence = [
        CodeContentItem(name=CodedConcept.from_code(name), value=CodedConcept.from_code(value))
        for name, value in _definition(tissue, plane)
    ]
    return mapping


def _definition(tissue: MappedTissue, plane: Plane) -> Sequence[tuple[Code, Code]]:
    method = method_of(tissue)
    return [
        (codes.QUANTITY, quantity_of(tissue)),
        *contrast_modifiers(tissue),
        *([(codes.MEASUREMENT_METHOD, method)] if method else []),
        *([(codes.DERIVATION, plane.derivation)] if plane.derivation else []),
    ]


def _window(values: Values) -> hd.VOILUTTransformation:
    finite = values[np.isfinite(values)]
    low, high = np.percentile(finite, _WINDOW_PERCENTILES) if finite.size else (0.0, 1.0)
    centre, width = highdicom_fixes.decimals([(low + high) / 2, max(high - low, _LEAST_WINDOW)])
    return hd.VOILUTTransformation(window_center=centre, window_width=width)


def _thickness_mm(geometry: StackGeometry) -> float:
    """Thickness of the slices; where it is unknown, the distance of their planes."""
    for known in (geometry.slice_thickness_mm, geometry.pitch_mm):
        if np.isfinite(known):
            return known
    raise GeometryError("Map: one slice of unknown thickness; its extent cannot be stated.")


def _describe_frames(made: Dataset, geometry: StackGeometry) -> None:
    """State spacing and anatomy; dcmqi 1.5.7 crashes on a map without Frame Anatomy."""
    shared = made.SharedFunctionalGroupsSequence[0]
    (measures,) = shared.PixelMeasuresSequence
    if geometry.is_regular:
        (measures.SpacingBetweenSlices,) = highdicom_fixes.decimals([geometry.gaps_mm.mean()])
    else:
        del measures.SpacingBetweenSlices  # of one slice, or not the same from slice to slice
    anatomy = Dataset()
    anatomy.FrameLaterality = "U"
    anatomy.AnatomicRegionSequence = [CodedConcept.from_code(codes.HEART)]
    shared.FrameAnatomySequence = [anatomy]
