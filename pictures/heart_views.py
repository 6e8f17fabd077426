"""From where the left ventricle is looked at."""

from __future__ import annotations

import numpy as np

from cmr.volume import FloatArray
from cmr.wall.left_ventricle import LeftVentricle
from pictures.shaded import View

# Segments (Cerqueira et al. 2002).
_BASE, _APEX = range(1, 7), range(13, 17)
_ANTERIOR, _INFERIOR = (1, 7, 13), (4, 10, 15)

_BODY_VIEWS = tuple(
    View(f"From {name}", np.array(viewer, np.float64), np.array([0.0, 0, 1]))
    for name, viewer in (
        ("the front", (0, -1, 0)),
        ("the left", (1, 0, 0)),
        ("behind", (0, 1, 0)),
        ("the right", (-1, 0, 0)),
    )
)


def heart_views(ventricle: LeftVentricle) -> tuple[View, ...]:
    """Each wall from outside, base on top; four sides of the body where walls have no names."""
    places = [_centre(ventricle, group) for group in (_BASE, _APEX, _ANTERIOR, _INFERIOR)]
    if not np.isfinite(places).all():
        return _BODY_VIEWS
    base, apex, anterior, inferior = places
    up = _unit(base - apex)
    forward = _unit(_across(anterior - inferior, up))
    # Segments run anti-clockwise seen from the apex, from the anterior wall to the septum.
    to_septum = np.cross(forward, up)
    walls = (
        ("Septal", to_septum),
        ("Anterior", forward),
        ("Lateral", -to_septum),
        ("Inferior", -forward),
    )
    return tuple(View(f"{name} wall", viewer, up) for name, viewer in walls)


def _centre(ventricle: LeftVentricle, segments: range | tuple[int, ...]) -> FloatArray:
    """``(3,)`` LPS mm; NaN without any pixel."""
    pixels = np.argwhere(np.isin(ventricle.segments, segments))
    if not pixels.size:
        return np.full(3, np.nan)
    z, row, col = pixels.T
    geometry = ventricle.geometry
    steps = row[:, None] * geometry.pixel_spacing_mm[0] * geometry.column_cosine
    steps = steps + col[:, None] * geometry.pixel_spacing_mm[1] * geometry.row_cosine
    return np.asarray((geometry.positions_mm[z] + steps).mean(axis=0))


def _across(vector: FloatArray, axis: FloatArray) -> FloatArray:
    return vector - (vector @ axis) * axis


def _unit(vector: FloatArray) -> FloatArray:
    return np.asarray(vector / np.linalg.norm(vector))
