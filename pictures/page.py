"""A figure measured in inches from its top left corner, and its way to PNG."""

from __future__ import annotations

import io

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

# Of print, and half of it on a screen of twice the common density.
DPI = 200
# Of zlib; more takes twice the time for a hundredth of the size.
_COMPRESSION = 6


def new_page(width_in: float, height_in: float) -> Figure:
    """A white figure of whole pixels."""
    size = [round(inches * DPI) / DPI for inches in (width_in, height_in)]
    figure = Figure(figsize=(size[0], size[1]), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def axes_at(page: Figure, left_in: float, top_in: float, width_in: float, height_in: float) -> Axes:
    """Axes of the given size whose upper left corner lies at ``(left_in, top_in)``."""
    width, height = (float(inches) for inches in page.get_size_inches())
    bottom = height - top_in - height_in
    return page.add_axes((left_in / width, bottom / height, width_in / width, height_in / height))


def pixels_of(page: Figure, dpi: int = DPI) -> npt.NDArray[np.uint8]:
    """``(row, col, 3)`` as drawn."""
    page.set_dpi(dpi)
    canvas = FigureCanvasAgg(page)
    canvas.draw()  # type: ignore[no-untyped-call]
    drawn = np.asarray(canvas.buffer_rgba())  # type: ignore[no-untyped-call]
    return np.array(drawn[..., :3])


def png_of(page: Figure) -> bytes:
    """PNG, the same bytes for the same figure."""
    buffer = io.BytesIO()
    # Colours alone: matplotlib's own way adds opacity and the name of the software.
    image = Image.fromarray(pixels_of(page))
    image.save(buffer, format="PNG", dpi=(DPI, DPI), compress_level=_COMPRESSION)
    return buffer.getvalue()
