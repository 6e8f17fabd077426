"""The worst cases as pictures: reference and found contours over the images."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from PIL import Image, ImageColor

from validation.cohort.records import CaseRow
from validation.cohort.task import Outline, Picture

Array = npt.NDArray[Any]

# Light enough for a dark image, far apart in brightness, and apart for the colour-blind.
FOUND_COLOUR, REFERENCE_COLOUR = "#56b4e9", "#ffe14d"
_COLUMNS = 5
_TILE_IN = 1.75
_DPI = 120
_MARGIN_MM = 12.0
_WINDOW_PERCENT = (1, 99.5)
_GREYS = 128


@dataclass(frozen=True, eq=False)
class CaseImages:
    """What the run keeps of one picture of a case.

    Parameters
    ----------
    images, labels, reference
        ``(z, row, col)`` on one grid.
    pixel_spacing_mm
        Distance between rows and between columns.
    caption
        Of every slice.
    outlines
        What is drawn.
    """

    images: Array
    labels: Array
    reference: Array
    pixel_spacing_mm: tuple[float, float]
    caption: str
    outlines: tuple[Outline, ...]

    def shown(self) -> Array:
        """Voxels ``(z, row, col)`` of a shown structure in either mask."""
        drawn = [label for outline in self.outlines for label in outline.labels]
        return np.isin(self.labels, drawn) | np.isin(self.reference, drawn)

    def slices(self) -> list[int]:
        """At most five slices that hold a structure, from one end of the heart to the other."""
        held = np.flatnonzero(self.shown().any(axis=(1, 2)))
        at = np.unique(np.linspace(0, len(held) - 1, _COLUMNS).round().astype(int))
        return [int(z) for z in held[at]] if len(held) else []


def worst_cases(rows: Sequence[CaseRow], count: int) -> list[int]:
    """Indices of the measured cases with the lowest mean Dice, lowest first."""
    scores = {i: row.mean_dice for i, row in enumerate(rows) if not row.failure}
    ranked = sorted(
        (i for i, score in scores.items() if np.isfinite(score)), key=scores.__getitem__
    )
    return ranked[:count]


def case_picture(folder: Path, row: CaseRow, pictures: Sequence[Picture]) -> str:
    """PNG of one case as a ``data:`` URI; empty where the run kept no images of it.

    Parameters
    ----------
    folder
        Folder of the case, with ``NAME.npz`` of each picture.
    row
        The case; its overlaps say which structures the reference holds.
    """
    kept = [found for p in pictures if (found := _read(folder / f"{p.name}.npz", row, p))]
    tiles = [(found, slices) for found in kept if (slices := found.slices())]
    if not tiles:
        return ""
    figure = Figure(figsize=(_COLUMNS * _TILE_IN, len(tiles) * _TILE_IN), facecolor="black")
    grid = figure.subplots(len(tiles), _COLUMNS, squeeze=False)
    figure.subplots_adjust(0, 0, 1, 1, wspace=0.02, hspace=0.02)
    for axes_row, (found, slices) in zip(grid, tiles, strict=True):
        _draw(axes_row, found, slices)
    return _png(figure)


def _read(path: Path, row: CaseRow, picture: Picture) -> CaseImages | None:
    if not path.is_file():
        return None
    outlines = tuple(o for o in picture.outlines if not o.key or o.key in row.overlap)
    with np.load(path) as kept:
        spacing = kept["pixel_spacing_mm"]
        return CaseImages(
            kept["images"],
            kept["labels"],
            kept["reference"],
            (float(spacing[0]), float(spacing[1])),
            picture.caption,
            outlines or picture.outlines,
        )


def _draw(axes_row: Sequence[Axes], found: CaseImages, slices: list[int]) -> None:
    low, high = np.percentile(found.images, _WINDOW_PERCENT)
    window = _window_mm(found)
    for axes in axes_row:
        axes.set_axis_off()
    for axes, z in zip(axes_row, slices, strict=False):
        extent = _extent_mm(found.images.shape[1:], found.pixel_spacing_mm)
        axes.imshow(found.images[z], cmap="gray", vmin=low, vmax=high, extent=extent)
        _contours(axes, found, found.labels[z], FOUND_COLOUR, "solid")
        _contours(axes, found, found.reference[z], REFERENCE_COLOUR, (0, (2.5, 2)))
        axes.set(xlim=window[0], ylim=window[1])
        _caption(axes, f"{found.caption}  {z + 1}/{len(found.images)}".lstrip())


def _extent_mm(
    shape: tuple[int, ...], spacing: tuple[float, float]
) -> tuple[float, float, float, float]:
    """Edges of the image (left, right, bottom, top), with pixel centres at whole spacings."""
    height, width = shape[0] * spacing[0], shape[1] * spacing[1]
    half_row, half_col = spacing[0] / 2, spacing[1] / 2
    return (-half_col, width - half_col, height - half_row, -half_row)


def _window_mm(found: CaseImages) -> tuple[tuple[float, float], tuple[float, float]]:
    """Square around every structure of the stack, as limits of x and of y (downwards)."""
    rows, cols = np.nonzero(found.shown().any(axis=0))
    y, x = rows * found.pixel_spacing_mm[0], cols * found.pixel_spacing_mm[1]
    half = max(np.ptp(y), np.ptp(x)) / 2 + _MARGIN_MM
    cy, cx = (y.min() + y.max()) / 2, (x.min() + x.max()) / 2
    return (cx - half, cx + half), (cy + half, cy - half)


def _contours(axes: Axes, found: CaseImages, labels: Array, colour: str, style: Any) -> None:
    y = np.arange(labels.shape[0]) * found.pixel_spacing_mm[0]
    x = np.arange(labels.shape[1]) * found.pixel_spacing_mm[1]
    for outline in found.outlines:
        mask = np.isin(labels, outline.edge)
        if mask.any() and not mask.all():
            drawn = axes.contour(
                x, y, mask, [0.5], colors=[colour], linewidths=1.4, linestyles=[style]
            )
            drawn.set_path_effects([withStroke(linewidth=2.4, foreground=(0, 0, 0, 0.45))])


def _caption(axes: Axes, text: str) -> None:
    axes.text(
        0.04,
        0.95,
        text,
        transform=axes.transAxes,
        color="white",
        fontsize=8.5,
        va="top",
        path_effects=[withStroke(linewidth=2, foreground="black")],
    )


def _png(figure: Figure) -> str:
    """Palette PNG, a third of the size of true colour."""
    drawn, small = io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, format="png", dpi=_DPI)
    with Image.open(drawn) as picture:
        indexed = picture.convert("RGB").quantize(palette=_palette(), dither=Image.Dither.NONE)
    indexed.save(small, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(small.getvalue()).decode()


def _palette() -> Image.Image:
    """Greys, and each line colour blended with some: a fitted palette would tint the greys."""
    greys = np.linspace(0, 255, _GREYS)[:, None].repeat(3, axis=1)
    lines = np.array([ImageColor.getrgb(c) for c in (FOUND_COLOUR, REFERENCE_COLOUR)], float)
    under, share = np.meshgrid([0, 85, 170, 255], [0.25, 0.5, 0.75, 1.0])
    shades = share.ravel()[:, None] * lines[:, None] + ((1 - share) * under).ravel()[:, None]
    palette = Image.new("P", (1, 1))
    palette.putpalette(np.concatenate([greys, shades.reshape(-1, 3)]).astype(np.uint8).tobytes())
    return palette
