"""From a mask of thick slices to a surface of its volume."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from pydantic import Field
from scipy import ndimage
from scipy.interpolate import make_interp_spline
from scipy.optimize import brentq
from skimage.measure import marching_cubes

from cmr.anatomy import Mask
from cmr.scar.shape_interpolation import shape_field
from cmr.scar.unrolled_wall import sampled, unroll
from cmr.settings import Section
from cmr.volume import FloatArray, StackGeometry

# Free of the structure, all around; more than smoothing and levelling can fill.
MARGIN_MM = 6.0

_MM3_PER_ML = 1000.0
# Smoothing must not see how far away emptiness is.
_HELD_MM = 4.0
# How far the outline may be moved for its volume, and how exactly.
_LEVEL_MM = 1.5
_LEVEL_TOLERANCE_MM = 0.005
# Points of the grid; a pixel of one slice holds more.
_SPECK = 2


class SurfaceSettings(Section):
    """Section ``scar.surface`` of ``app.yaml``.

    Attributes
    ----------
    step_mm
        Edge of the cells in which triangles are made.
    smoothing_mm
        SD of the Gaussian over the interpolated distances; 0 for none.
    """

    step_mm: float = Field(gt=0, le=2)
    smoothing_mm: float = Field(ge=0, le=2)


@dataclass(frozen=True, eq=False)
class Surface:
    """Triangles round one structure.

    Attributes
    ----------
    vertices_mm
        ``(n, 3)`` DICOM patient coordinates (LPS).
    faces
        ``(m, 3)`` vertices of each triangle, counter-clockwise seen from outside.
    mask_volume_ml
        Sum over slices of mask area times slice extent, which the surface was made to enclose.
    """

    vertices_mm: FloatArray
    faces: npt.NDArray[np.int64]
    mask_volume_ml: float

    @cached_property
    def volume_ml(self) -> float:
        """Enclosed volume by the divergence theorem; negative if the surface were inside out."""
        corners = (self.vertices_mm - self.vertices_mm.mean(axis=0))[self.faces]
        spat = np.einsum("ij,ij->", corners[:, 0], np.cross(corners[:, 1], corners[:, 2]))
        return float(spat) / 6 / _MM3_PER_ML

    @cached_property
    def closed(self) -> bool:
        """Every edge belongs to two triangles, which run along it in opposite directions."""
        edges = self.faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2)
        there, back = (np.sort(e @ [len(self.vertices_mm), 1]) for e in (edges, edges[:, ::-1]))
        return bool(np.all(np.diff(there) > 0)) and np.array_equal(there, back)


@dataclass(frozen=True, eq=False)
class Cast:
    """A surface, and the field on the grid of its mould (mm, positive inside) whose zero it is."""

    field: FloatArray
    surface: Surface


class Mould:
    """Makes surfaces of one stack whose masks have a free margin in plane.

    Axes of the grid are height along the normal, down the rows and along the columns.
    """

    def __init__(self, geometry: StackGeometry, settings: SurfaceSettings) -> None:
        self._geometry, self._settings = geometry, settings
        slices, halves = geometry.slice_positions_mm, geometry.slice_extents_mm / 2
        step = settings.step_mm
        ends = slices[0] - halves[0] - MARGIN_MM, slices[-1] + halves[-1] + MARGIN_MM
        self._heights_mm = np.arange(*ends, step)
        sides = np.multiply(geometry.shape, geometry.pixel_spacing_mm)
        axes = np.meshgrid(*(np.arange(0, side, step) for side in sides), indexing="ij")
        self._plane = np.stack(axes, axis=-1)

    def straight(self, mask: Mask) -> FloatArray:
        """Distances to a mask ``(z, row, col)`` whose slices are joined straight upwards."""
        g = self._geometry
        spacings = [g.pixel_spacing_mm] * g.n_slices
        field = shape_field(mask, spacings, g.slice_positions_mm, self._heights_mm)
        return np.stack([sampled(plane, self._plane, g.pixel_spacing_mm) for plane in field])

    def along_wall(self, mask: Mask, cavity: Mask, filled: Mask) -> FloatArray:
        """Distances to a part of the wall between ``cavity`` and ``filled``, joined along it."""
        g = self._geometry
        wall = unroll(cavity, filled, g.pixel_spacing_mm, g.slice_positions_mm)
        return wall.field(mask, filled & ~cavity, self._heights_mm, self._plane)

    def cast(self, field: FloatArray, mask: Mask, limit: FloatArray) -> Cast:
        """Smooth ``field``, keep it below ``limit``, and level it to the volume of ``mask``."""
        sd = self._settings.smoothing_mm / self._settings.step_mm
        smooth = ndimage.gaussian_filter(np.clip(field, -_HELD_MM, _HELD_MM), sd)
        wanted = self._volume_ml(mask)

        def at(level: float) -> Cast:
            kept = _without_specks(np.minimum(smooth - level, limit))
            return Cast(kept, self._surface(kept, wanted))

        def excess_ml(level: float) -> float:
            return at(level).surface.volume_ml - wanted

        ends = -_LEVEL_MM, _LEVEL_MM
        if excess_ml(ends[0]) <= 0:  # it fills the whole limit
            return at(ends[0])
        return at(brentq(excess_ml, *ends, xtol=_LEVEL_TOLERANCE_MM))

    def _volume_ml(self, mask: Mask) -> float:
        """Sum of areas times slice extents."""
        areas = mask.sum(axis=(1, 2)) * self._geometry.pixel_area_mm2
        return float(areas @ self._geometry.slice_extents_mm) / _MM3_PER_ML

    def _surface(self, field: FloatArray, mask_volume_ml: float) -> Surface:
        """The zero of ``field`` in patient coordinates; no triangles where nothing is inside."""
        if field.max() <= 0:
            return Surface(np.zeros((1, 3)), np.zeros((0, 3), np.int64), mask_volume_ml)
        g = self._geometry
        # Height, down, along are left-handed, as is the order of corners: it comes out right.
        steps, faces, _, _ = marching_cubes(field, 0.0, spacing=(self._settings.step_mm,) * 3)
        origins = make_interp_spline(g.slice_positions_mm, g.positions_mm, k=1)
        vertices = (
            origins(steps[:, 0] + self._heights_mm[0])
            + np.outer(steps[:, 1], g.column_cosine)
            + np.outer(steps[:, 2], g.row_cosine)
        )
        return Surface(vertices, faces.astype(np.int64), mask_volume_ml)


def _without_specks(field: FloatArray) -> FloatArray:
    """Lone points taken out, which remain where a field grazes its limit."""
    parts, _ = ndimage.label(field > 0)
    speck = np.bincount(parts.ravel()) <= _SPECK
    speck[0] = False
    return np.where(speck[parts], -field, field)
