"""Surfaces as a shaded image, hidden parts hidden pixel by pixel (matplotlib sorts triangles)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from matplotlib.colors import to_rgb

from cmr.scar.surface_mould import Surface
from cmr.volume import FloatArray

# Rays to a pixel along each side, so that edges are smooth.
_FINER = 2
_LIGHT = np.array([-0.35, 0.45, 0.82])
_AMBIENT, _DIFFUSE, _GLOSS, _GLOSS_POWER = 0.38, 0.62, 0.16, 24
# Glass is denser where it is seen edge-on.
_EDGE_POWER = 2.5


@dataclass(frozen=True, eq=False)
class View:
    """How a scene is looked at, in patient coordinates.

    Attributes
    ----------
    name
        Such as ``Septal wall``.
    viewer, up
        ``(3,)`` unit vectors at right angles: from the scene to the viewer, and up.
    """

    name: str
    viewer: FloatArray
    up: FloatArray

    @property
    def axes(self) -> FloatArray:
        """``(3, 3)``: to the right, up, to the viewer."""
        return np.stack([np.cross(self.up, self.viewer), self.up, self.viewer])


@dataclass(frozen=True, eq=False)
class Body:
    """A surface and its look; ``opacity`` is that of its face, 1 for none shining through."""

    surface: Surface
    colour: str
    opacity: float = 1.0


@dataclass(frozen=True, eq=False)
class _Layer:
    """What is seen of a body, pixel by pixel: which ``(n,)``, how near, in what colour."""

    pixels: npt.NDArray[np.int64]
    depth: FloatArray
    colour: FloatArray
    opacity: FloatArray


def shaded(
    bodies: list[Body], view: View, centre_mm: FloatArray, mm_per_px: float, shape: tuple[int, int]
) -> npt.NDArray[np.float64]:
    """``(rows, columns, 3)`` in 0-1 on white, ``centre_mm`` in the middle; no perspective.

    Opaque bodies hide each other; bodies that shine through lie over them, in their order.
    """
    fine = shape[0] * _FINER, shape[1] * _FINER
    image = np.ones((fine[0] * fine[1], 3), np.float32)
    solid = [b for b in bodies if b.opacity == 1]
    for group in [solid, *([b] for b in bodies if b.opacity < 1)]:
        front = np.full(len(image), -np.inf)
        layers = [_layer(b, view, centre_mm, mm_per_px / _FINER, fine) for b in group]
        for layer in layers:
            front[layer.pixels] = np.maximum(front[layer.pixels], layer.depth)
        for layer in layers:
            seen = layer.depth == front[layer.pixels]
            where, opacity = layer.pixels[seen], layer.opacity[seen, None]
            image[where] += opacity * (layer.colour[seen] - image[where])
    return np.asarray(image.reshape(shape[0], _FINER, shape[1], _FINER, 3).mean(axis=(1, 3)))


def _layer(
    body: Body, view: View, centre_mm: FloatArray, mm_per_px: float, shape: tuple[int, int]
) -> _Layer:
    surface = body.surface
    seen = (surface.vertices_mm - centre_mm) @ view.axes.T / mm_per_px
    places = seen * [1, -1, 1] + [shape[1] / 2, shape[0] / 2, 0]
    pixels, depth, normals = _rasterised(
        places, surface.faces, _normals(seen, surface.faces), shape
    )
    return _Layer(pixels, depth, *_lit(normals, body))


def _normals(points: FloatArray, faces: npt.NDArray[np.int64]) -> FloatArray:
    """``(n, 3)`` unit normals of vertices, means over their triangles by area."""
    a, b, c = np.moveaxis(points[faces], 1, 0)
    across = np.cross(b - a, c - a)
    total = np.stack(
        [
            np.bincount(faces.ravel(), np.repeat(across[:, i], 3), minlength=len(points))
            for i in range(3)
        ],
        axis=-1,
    )
    return np.asarray(total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-12))


def _rasterised(
    places: FloatArray, faces: npt.NDArray[np.int64], normals: FloatArray, shape: tuple[int, int]
) -> tuple[npt.NDArray[np.int64], FloatArray, FloatArray]:
    """Pixels ``(n,)`` that a triangle covers, depth and normal ``(n, 3)`` of the front-most."""
    faces = faces[_twice_area(*np.moveaxis(places[faces, :2], 1, 0)) < 0]  # rows run down
    corners = np.moveaxis(places[faces], 1, 0)
    hit, column, row = _covered(corners[..., :2], shape)
    depths = _depths(corners, hit, column + 0.5, row + 0.5)
    pixels = row * shape[1] + column
    front = np.full(shape[0] * shape[1], -np.inf)
    np.maximum.at(front, pixels, depths)
    seen = np.flatnonzero(depths == front[pixels])
    hit, middles = hit[seen], np.stack([column[seen], row[seen]], axis=-1) + 0.5
    shares = _shares(corners[:, hit, :2], middles)
    normal = np.zeros((len(seen), 3))
    for n in range(3):
        normal += shares[:, n, None] * normals[faces[hit, n]]
    return pixels[seen], depths[seen], normal


def _covered(
    corners: FloatArray, shape: tuple[int, int]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Triangle, column and row of every pixel whose middle lies in a triangle ``(3, n, 2)``."""
    heights = corners[..., 1]
    low, high = np.ceil(heights.min(axis=0) - 0.5), np.floor(heights.max(axis=0) - 0.5)
    triangle, row = _members(np.maximum(low, 0), np.minimum(high, shape[0] - 1))
    left, right = np.full(row.shape, np.inf), np.full(row.shape, -np.inf)
    for n in range(3):
        (ax, ay), (bx, by) = corners[n, triangle].T, corners[n - 1, triangle].T
        along = (row + 0.5 - ay) / np.where(by == ay, np.nan, by - ay)
        met = (along >= 0) & (along <= 1)
        x = ax + along * (bx - ax)
        left = np.where(met, np.minimum(left, x), left)
        right = np.where(met, np.maximum(right, x), right)
    crossed = np.flatnonzero(left <= right)
    first, last = np.ceil(left[crossed] - 0.5), np.floor(right[crossed] - 0.5)
    line, column = _members(np.maximum(first, 0), np.minimum(last, shape[1] - 1))
    return triangle[crossed[line]], column, row[crossed[line]]


def _members(
    first: FloatArray, last: FloatArray
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Index of the range and the number, for all whole numbers of the ranges ``(n,)``."""
    counts = np.maximum(last - first + 1, 0).astype(np.int64)
    which = np.repeat(np.arange(len(counts)), counts)
    begin = first.astype(np.int64) - (np.cumsum(counts) - counts)
    return which, np.arange(len(which)) + begin[which]


def _depths(
    corners: FloatArray, hit: npt.NDArray[np.int64], x: FloatArray, y: FloatArray
) -> FloatArray:
    """``(n,)`` depth of the plane of each triangle at a place."""
    a, b, c = corners
    across = np.cross(b - a, c - a)
    slope = -across[:, :2] / across[:, 2:]
    level = a[:, 2] - (slope * a[:, :2]).sum(axis=1)
    return np.asarray(level[hit] + slope[hit, 0] * x + slope[hit, 1] * y)


def _twice_area(a: FloatArray, b: FloatArray, c: FloatArray) -> FloatArray:
    """Of triangles with corners ``(n, 2)``; signed."""
    return np.asarray(
        (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
    )


def _shares(corners: FloatArray, points: FloatArray) -> FloatArray:
    """``(n, 3)`` barycentric coordinates of a point for each triangle."""
    a, b, c = corners
    parts = [_twice_area(points, *pair) for pair in ((b, c), (c, a), (a, b))]
    return np.stack(parts, axis=-1) / _twice_area(a, b, c)[:, None]


def _lit(normals: FloatArray, body: Body) -> tuple[FloatArray, FloatArray]:
    """Colour and opacity of each pixel from its normal (right, up, to the viewer)."""
    unit = normals.astype(np.float32)
    unit /= np.maximum(np.sqrt(np.einsum("ij,ij->i", unit, unit)), 1e-12)[:, None]
    light = _LIGHT / np.linalg.norm(_LIGHT)
    halfway = light + np.array([0, 0, 1])
    gloss = np.clip(_along(unit, halfway / np.linalg.norm(halfway)), 0, 1) ** _GLOSS_POWER
    bright = _AMBIENT + _DIFFUSE * np.clip(_along(unit, light), 0, 1)
    colour = np.multiply.outer(bright, np.array(to_rgb(body.colour), np.float32))
    colour += (_GLOSS * gloss)[:, None]
    facing = np.clip(unit[:, 2], 0, 1)
    clear = 1 - body.opacity
    opacity = body.opacity + (clear * (1 - facing) ** _EDGE_POWER if clear else 0 * facing)
    return np.clip(colour, 0, 1, out=colour), opacity


def _along(unit: FloatArray, direction: FloatArray) -> FloatArray:
    return np.asarray(unit @ direction.astype(np.float32))
