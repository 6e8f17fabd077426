"""Closed triangle surfaces of epicardium, endocardium and scar, in patient coordinates."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import NonNegativeFloat, PositiveFloat
from scipy import ndimage
from scipy.optimize import brentq
from skimage.measure import marching_cubes

from cmr.anatomy import Mask, bounding_box, enclosed
from cmr.errors import GeometryError
from cmr.scar.masks import LeftVentricle
from cmr.scar.shape_interpolation import FineGrid, Place, ThickSlices, straight
from cmr.scar.wall_place import wall_place
from cmr.settings import Section
from cmr.volume import FloatArray, StackGeometry

Structure = Literal["epicardium", "endocardium", "scar"]
Faces = npt.NDArray[np.int64]

_MM3_PER_ML = 1000.0
_MARGIN_MM = 6.0
# Smoothing must not see how far away emptiness is.
_HELD_MM = 4.0
# How far the outline may be moved for its volume, and how exactly.
_LEVEL_MM = 1.5
_LEVEL_TOLERANCE_MM = 0.005
# Between surfaces that touch, so that they neither cross nor flicker.
_APART_MM = 0.05


class SurfaceSettings(Section):
    """Section ``scar.surface`` of ``app.yaml``.

    Attributes
    ----------
    step_mm
        Edge of the cells in which triangles are made.
    smoothing_mm
        SD of the Gaussian over the interpolated distances; 0 for none.
    """

    step_mm: PositiveFloat
    smoothing_mm: NonNegativeFloat


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
    faces: Faces
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


def make_surfaces(
    ventricle: LeftVentricle, scar: Mask, settings: SurfaceSettings
) -> dict[Structure, Surface]:
    """Surfaces of what is there; an empty structure has none.

    The endocardium is kept inside the epicardium, the scar between the two. Each level is chosen
    so that the surface encloses the volume of its mask.

    Parameters
    ----------
    scar
        ``(z, row, col)``, within the wall.

    Raises
    ------
    GeometryError
        One slice, which stands for no known length.
    """
    if ventricle.geometry.n_slices < 2:
        raise GeometryError(
            "Surfaces of the left ventricle: one slice, expected two or more; the length that "
            "a single slice stands for is not known."
        )
    filled = ventricle.cavity | ventricle.wall
    filled |= enclosed(filled)
    if not filled.any():
        return {}
    geometry, (filled, cavity, scar) = _cropped(
        filled, (filled, ventricle.cavity, scar), ventricle.geometry
    )
    moulds = _Moulds(geometry, _grid(geometry, settings.step_mm), settings.smoothing_mm)
    everywhere = np.full((1, 1, 1), np.inf)
    epicardium = moulds.field(filled, straight, everywhere)
    found: dict[Structure, FloatArray] = {"epicardium": epicardium}
    wall = epicardium - _APART_MM
    if cavity.any():
        found["endocardium"] = moulds.field(cavity, straight, wall)
        wall = np.minimum(wall, -found["endocardium"] - _APART_MM)
    if scar.any():
        found["scar"] = moulds.field(scar, wall_place(cavity, filled, geometry), wall)
    masks: dict[Structure, Mask] = {"epicardium": filled, "endocardium": cavity, "scar": scar}
    return {name: moulds.surface(field, masks[name]) for name, field in found.items()}


@dataclass(frozen=True, eq=False)
class _Moulds:
    """Fields whose zero is the surface, on one grid."""

    geometry: StackGeometry
    grid: FineGrid
    smoothing_mm: float

    def field(self, mask: Mask, place: Place, limit: FloatArray) -> FloatArray:
        """Smoothed, not above ``limit``, and levelled to the volume of ``mask``."""
        raw = ThickSlices(mask, self.geometry).field(self.grid, place)
        smooth = ndimage.gaussian_filter(
            np.clip(raw, -_HELD_MM, _HELD_MM), self.smoothing_mm / self.grid.step_mm
        )
        wanted = self.volume_ml(mask)

        def excess_ml(level: float) -> float:
            shape = self._mesh(np.minimum(smooth - level, limit), wanted)
            return (shape.volume_ml if shape else 0.0) - wanted

        low, high = -_LEVEL_MM, _LEVEL_MM
        if excess_ml(low) <= 0:  # nothing more fits below the limit
            return np.minimum(smooth - low, limit)
        level = brentq(excess_ml, low, high, xtol=_LEVEL_TOLERANCE_MM)
        return np.minimum(smooth - level, limit)

    def surface(self, field: FloatArray, mask: Mask) -> Surface:
        """Of a field that was made here."""
        shape = self._mesh(field, self.volume_ml(mask))
        assert shape is not None
        return shape

    def volume_ml(self, mask: Mask) -> float:
        """Sum of areas times slice extents."""
        areas = mask.sum(axis=(1, 2)) * self.geometry.pixel_area_mm2
        return float(areas @ self.geometry.slice_extents_mm) / _MM3_PER_ML

    def _mesh(self, field: FloatArray, mask_volume_ml: float) -> Surface | None:
        """The zero of ``field`` in patient coordinates."""
        if field.max() <= 0:
            return None
        g, grid = self.geometry, self.grid
        steps, faces, _, _ = marching_cubes(field, 0.0, spacing=(grid.step_mm,) * 3)
        # Height, down and along are left-handed as is the order of corners, so it comes out right.
        away = steps + [grid.heights_mm[0], grid.downs_mm[0], grid.alongs_mm[0]]
        away[:, 0] -= g.slice_positions_mm[0]
        vertices = g.positions_mm[0] + away @ [g.normal, g.column_cosine, g.row_cosine]
        return Surface(vertices, faces.astype(np.int64), mask_volume_ml)


def _cropped(
    held: Mask, masks: tuple[Mask, ...], geometry: StackGeometry
) -> tuple[StackGeometry, tuple[Mask, ...]]:
    """Geometry and masks with a margin around ``held``, beyond the image where need be."""
    spacing = geometry.pixel_spacing_mm
    rows, cols = bounding_box(held.any(axis=0))
    down, along = (int(np.ceil(_MARGIN_MM / s)) for s in spacing)
    cut = tuple(
        np.pad(m[:, rows, cols], ((0, 0), (down, down), (along, along))) for m in masks
    )
    corner = geometry.to_patient_mm(
        np.arange(geometry.n_slices), rows.start - down, cols.start - along
    )
    return replace(geometry, positions_mm=corner, shape=cut[0].shape[1:]), cut


def _grid(geometry: StackGeometry, step_mm: float) -> FineGrid:
    """Over all of a cropped stack, and past its ends."""
    heights, extents = geometry.slice_positions_mm, geometry.slice_extents_mm
    away = geometry.positions_mm - geometry.positions_mm[0]
    ends = [(heights[0] - extents[0] / 2 - _MARGIN_MM, heights[-1] + extents[-1] / 2 + _MARGIN_MM)]
    for n, spacing, direction in zip(
        geometry.shape,
        geometry.pixel_spacing_mm,
        (geometry.column_cosine, geometry.row_cosine),
        strict=True,
    ):
        shifts = away @ direction
        ends.append((shifts.min(), shifts.max() + (n - 1) * spacing))
    return FineGrid(*(np.arange(low, high + step_mm, step_mm) for low, high in ends), step_mm)
