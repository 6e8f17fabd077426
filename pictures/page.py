"""A figure measured in inches from its top left corner, and its way to PNG."""

from __future__ import annotations

import io

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

# Of print, and half of it on a screen of twice the common density.
DPI = 200


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


def png_of(page: Figure) -> bytes:
    """PNG, the same bytes for the same figure."""
    buffer = io.BytesIO()
    # Without the name of the software, which would change the bytes with each version.
    page.savefig(buffer, format="png", dpi=DPI, metadata={"Software": None})
    return buffer.getvalue()
