"""The one type for image and mask data: array, geometry and times, checked once, read-only."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from cmr.errors import GeometryError

FloatArray = npt.NDArray[np.floating[Any]]

_ORTHONORMAL_TOLERANCE = 1e-3
# Positions are written with about 1e-4 mm; gaps that differ by less are the same gap.
_REGULAR_TOLERANCE_MM = 0.1


def _frozen(values: npt.ArrayLike, dtype: npt.DTypeLike = np.float64) -> npt.NDArray[Any]:
    array = np.array(values, dtype=dtype)
    array.flags.writeable = False
    return array


@dataclass(frozen=True, eq=False)
class StackGeometry:
    """Where the pixels of a stack of parallel slices lie, in DICOM patient coordinates (LPS, mm).

    Parameters
    ----------
    positions_mm
        ``(z, 3)``: centre of pixel (row 0, col 0) of each slice (ImagePositionPatient),
        ascending along :attr:`normal`.
    row_cosine, column_cosine
        ``(3,)``: direction of increasing column index and of increasing row index, in this
        order (the two halves of ImageOrientationPatient).
    pixel_spacing_mm
        ``(row spacing, column spacing)``: distance between rows, distance between columns.
    shape
        ``(rows, columns)``.
    slice_thickness_mm
        Excited thickness, NaN when unknown. Never used as the slice pitch.
    frame_of_reference_uid
        Empty when unknown.

    Raises
    ------
    GeometryError
        Directions that are not orthonormal, positions out of order or repeated.
    """

    positions_mm: FloatArray
    row_cosine: FloatArray
    column_cosine: FloatArray
    pixel_spacing_mm: tuple[float, float]
    shape: tuple[int, int]
    slice_thickness_mm: float = float("nan")
    frame_of_reference_uid: str = ""

    def __post_init__(self) -> None:
        for name in ("positions_mm", "row_cosine", "column_cosine"):
            object.__setattr__(self, name, _frozen(getattr(self, name)))
        _check_directions(self.row_cosine, self.column_cosine)
        if self.positions_mm.ndim != 2 or self.positions_mm.shape[1] != 3 or not self.n_slices:
            raise GeometryError(f"Positions: shape {self.positions_mm.shape}, expected (z, 3).")
        if min(self.pixel_spacing_mm) <= 0 or min(self.shape) <= 0:
            raise GeometryError(
                f"Pixel spacing {self.pixel_spacing_mm} mm and matrix {self.shape}: "
                "expected positive numbers."
            )
        if np.any(np.diff(self.slice_positions_mm) <= 0):
            raise GeometryError("Slice positions repeat or are not in ascending order.")

    @property
    def n_slices(self) -> int:
        """Number of stack positions."""
        return int(self.positions_mm.shape[0])

    @cached_property
    def normal(self) -> FloatArray:
        """``(3,)`` unit normal, row cosine × column cosine."""
        return _frozen(np.cross(self.row_cosine, self.column_cosine))

    @cached_property
    def slice_positions_mm(self) -> FloatArray:
        """``(z,)`` position of each slice along the normal."""
        return _frozen(self.positions_mm @ self.normal)

    @cached_property
    def gaps_mm(self) -> FloatArray:
        """``(z - 1,)`` distance of neighbouring slice planes."""
        return _frozen(np.diff(self.slice_positions_mm))

    @property
    def pitch_mm(self) -> float:
        """Median distance of neighbouring slices (thickness + gap); NaN for one slice."""
        return float(np.median(self.gaps_mm)) if self.n_slices > 1 else float("nan")

    @property
    def is_regular(self) -> bool:
        """True when all gaps are equal within 0.1 mm."""
        return self.n_slices > 1 and bool(np.ptp(self.gaps_mm) <= _REGULAR_TOLERANCE_MM)

    @cached_property
    def slice_extents_mm(self) -> FloatArray:
        """``(z,)`` length along the normal that each slice stands for.

        Half the distance to each neighbour; an end slice mirrors its only gap, so that a
        regular stack gives the pitch everywhere. NaN for a single slice.
        """
        if self.n_slices == 1:
            return _frozen([np.nan])
        padded = np.concatenate([self.gaps_mm[:1], self.gaps_mm, self.gaps_mm[-1:]])
        return _frozen((padded[:-1] + padded[1:]) / 2)

    @property
    def pixel_area_mm2(self) -> float:
        """Area of one pixel."""
        return self.pixel_spacing_mm[0] * self.pixel_spacing_mm[1]

    def to_patient_mm(self, z: npt.ArrayLike, row: npt.ArrayLike, col: npt.ArrayLike) -> FloatArray:
        """``(..., 3)`` patient coordinates of slices ``z`` and fractional ``row``, ``col``."""
        row_step = np.multiply.outer(np.asarray(row) * self.pixel_spacing_mm[0], self.column_cosine)
        col_step = np.multiply.outer(np.asarray(col) * self.pixel_spacing_mm[1], self.row_cosine)
        return np.asarray(self.positions_mm[np.asarray(z)] + row_step + col_step)

    def take_slices(self, keep: npt.ArrayLike) -> StackGeometry:
        """The same stack with only the slices ``keep`` (indices or booleans)."""
        return replace(self, positions_mm=self.positions_mm[np.asarray(keep)])


def _check_directions(row_cosine: FloatArray, column_cosine: FloatArray) -> None:
    gram = np.array(
        [row_cosine @ row_cosine, column_cosine @ column_cosine, row_cosine @ column_cosine]
    )
    if not np.allclose(gram, [1, 1, 0], atol=_ORTHONORMAL_TOLERANCE):
        raise GeometryError("Image orientation: the two directions are not orthonormal.")


@dataclass(frozen=True, eq=False)
class Volume4D:
    """Images or masks of one stack over the cycle.

    Parameters
    ----------
    data
        ``(t, z, row, col)``; float32 images or uint8 labels.
    geometry
        Geometry of the stack.
    times_ms
        ``(t, z)`` delay of each image after the R wave; NaN where unknown. Slices of one stack
        may come from different heart beats, so phases correspond by rank, not by time.
    rr_ms
        ``(z,)`` length of the cardiac cycle during each slice; NaN where unknown.
    """

    data: npt.NDArray[Any]
    geometry: StackGeometry
    times_ms: FloatArray = field(default_factory=lambda: np.empty(0))
    rr_ms: FloatArray = field(default_factory=lambda: np.empty(0))

    def __post_init__(self) -> None:
        expected = (self.geometry.n_slices, *self.geometry.shape)
        if self.data.ndim != 4 or self.data.shape[1:] != expected:
            raise GeometryError(
                f"Volume: array {self.data.shape}, expected (t, {', '.join(map(str, expected))})."
            )
        view = self.data.view()
        view.flags.writeable = False
        object.__setattr__(self, "data", view)
        for name, shape in (("times_ms", self.data.shape[:2]), ("rr_ms", self.data.shape[1:2])):
            values = getattr(self, name)
            full = np.full(shape, np.nan) if np.size(values) == 0 else values
            if np.shape(full) != shape:
                raise GeometryError(f"Volume: {name} {np.shape(full)}, expected {shape}.")
            object.__setattr__(self, name, _frozen(full))

    @property
    def n_phases(self) -> int:
        """Number of cardiac phases."""
        return int(self.data.shape[0])

    def with_data(self, data: npt.NDArray[Any]) -> Volume4D:
        """The same geometry and times with other data, such as a mask."""
        return replace(self, data=data)
