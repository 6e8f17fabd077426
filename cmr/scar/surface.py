"""Closed triangle surfaces of epicardium, endocardium and scar, in patient coordinates."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np

from cmr.anatomy import Mask, bounding_box, enclosed
from cmr.errors import GeometryError
from cmr.scar.surface_mould import MARGIN_MM, Mould, Surface, SurfaceSettings
from cmr.volume import StackGeometry
from cmr.wall.left_ventricle import LeftVentricle

Structure = Literal["epicardium", "endocardium", "scar"]

# Between surfaces that touch, so that they neither cross nor flicker.
_APART_MM = 0.05


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
    geometry, (filled, cavity, scar) = _cropped(ventricle.geometry, filled, ventricle.cavity, scar)
    mould = Mould(geometry, settings)
    surfaces: dict[Structure, Surface] = {}
    outer = mould.cast(mould.straight(filled), filled, np.array(np.inf))
    surfaces["epicardium"] = outer.surface
    room = outer.field - _APART_MM
    if cavity.any():
        inner = mould.cast(mould.straight(cavity), cavity, room)
        surfaces["endocardium"] = inner.surface
        room = np.minimum(room, -inner.field - _APART_MM)
    if scar.any():
        surfaces["scar"] = mould.cast(mould.along_wall(scar, cavity, filled), scar, room).surface
    return surfaces


def _cropped(geometry: StackGeometry, held: Mask, *masks: Mask) -> tuple[StackGeometry, list[Mask]]:
    """Geometry and masks with a margin around ``held``, beyond the image where need be."""
    rows, cols = bounding_box(np.any(held, axis=0))
    down, along = (int(np.ceil(MARGIN_MM / s)) for s in geometry.pixel_spacing_mm)
    margins = ((0, 0), (down, down), (along, along))
    cut = [np.pad(mask[:, rows, cols], margins) for mask in (held, *masks)]
    corners = geometry.to_patient_mm(
        np.arange(geometry.n_slices), rows.start - down, cols.start - along
    )
    shape = (cut[0].shape[1], cut[0].shape[2])
    return replace(geometry, positions_mm=corners, shape=shape), cut
