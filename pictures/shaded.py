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
_AMBIENT, _DIFFUSE, _GLOSS, _GLOSS_POWER = 0.38, 0.62, 0.16, 24.0
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
    """What is seen of some bodies: depth (-inf for nothing), colour and opacity by pixel."""

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
    image = np.ones((*fine, 3))
    solid = [b for b in bodies if b.opacity == 1]
    for group in [solid, *([b] for b in bodies if b.opacity < 1)]:
        layers = [_layer(b, view, centre_mm, mm_per_px / _FINER, fine) for b in group]
        for layer in _nearest(layers):
            image += layer.opacity[..., None] * (layer.colour - image)
    return np.asarray(image.reshape(shape[0], _FINER, shape[1], _FINER, 3).mean(axis=(1, 3)))


def _nearest(layers: list[_Layer]) -> list[_Layer]:
    """Each layer where it is in front of the others."""
    front = np.max([layer.depth for layer in layers], axis=0) if layers else None
    return [
        _Layer(one.depth, one.colour, np.where(one.depth == front, one.opacity, 0))
        for one in layers
    ]


def _layer(
    body: Body, view: View, centre_mm: FloatArray, mm_per_px: float, shape: tuple[int, int]
) -> _Layer:
    surface = body.surface
    seen = (surface.vertices_mm - centre_mm) @ view.axes.T / mm_per_px
    places = seen * [1, -1, 1] + [shape[1] / 2, shape[0] / 2, 0]
    depth, normals = _rasterised(places, surface.faces, _normals(seen, surface.faces), shape)
    colour, opacity = _lit(normals, body)
    return _Layer(depth, colour, np.where(np.isfinite(depth), opacity, 0))


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
) -> tuple[FloatArray, FloatArray]:
    """Depth ``shape`` and normal ``(*shape, 3)`` of the front-most triangle at each pixel.

    All triangles at once, one pixel of their bounding boxes after the other: they are small.
    """
    faces = faces[_twice_area(*np.moveaxis(places[faces, :2], 1, 0)) < 0]  # rows run down
    corners = np.moveaxis(places[faces, :2], 1, 0)
    first = np.floor(corners.min(axis=0))
    sizes = (np.floor(corners.max(axis=0)) - first + 1).max(axis=0, initial=0).astype(int)
    hits, weights, pixels = [], [], []
    for step in np.ndindex(*sizes):
        pixel = first + step
        shares = _shares(corners, pixel + 0.5)
        hit = np.flatnonzero((shares >= 0).all(axis=1) & _within(pixel, shape))
        hits.append(faces[hit])
        weights.append(shares[hit])
        pixels.append(pixel[hit].astype(int))
    met, share, pixel = (np.concatenate(v) for v in (hits, weights, pixels))
    depths = np.einsum("ij,ij->i", share, places[met, 2])
    order = np.argsort(depths, kind="stable")  # the front-most is written last
    depth, normal = np.full(shape, -np.inf), np.zeros((*shape, 3))
    column, row = pixel[order].T
    depth[row, column] = depths[order]
    normal[row, column] = np.einsum("ij,ijk->ik", share, normals[met])[order]
    return depth, normal


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


def _within(pixel: FloatArray, shape: tuple[int, int]) -> npt.NDArray[np.bool_]:
    column, row = pixel.T
    return np.asarray((column >= 0) & (row >= 0) & (column < shape[1]) & (row < shape[0]))


def _lit(normals: FloatArray, body: Body) -> tuple[FloatArray, FloatArray]:
    """Colour and opacity of each pixel from its normal (right, up, to the viewer)."""
    length = np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1e-12)
    unit, light = normals / length, _LIGHT / np.linalg.norm(_LIGHT)
    halfway = light + np.array([0, 0, 1])
    gloss = np.clip(unit @ (halfway / np.linalg.norm(halfway)), 0, 1) ** _GLOSS_POWER
    bright = _AMBIENT + _DIFFUSE * np.clip(unit @ light, 0, 1)
    colour = np.multiply.outer(bright, to_rgb(body.colour)) + _GLOSS * gloss[..., None]
    facing = np.clip(unit[..., 2], 0, 1)
    opacity = body.opacity + (1 - body.opacity) * (1 - facing) ** _EDGE_POWER
    return np.clip(colour, 0, 1), opacity
