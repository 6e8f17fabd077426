"""Classes in order, each with a colour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from pictures.colours import Colour
from pictures.lettering import INK, MUTED, SMALL


@dataclass(frozen=True, eq=False)
class ClassScale:
    """Colour of each class, in their order.

    Attributes
    ----------
    colours
        By name of the class, such as ``26-50``.
    unit
        Such as ``%``.
    """

    colours: Mapping[str, Colour]
    unit: str


def draw_classes(axes: Axes, scale: ClassScale) -> None:
    """A row of boxes with the names below and the unit beside them."""
    axes.set(xlim=(0, len(scale.colours)), ylim=(0, 1))
    for n, colour in enumerate(scale.colours.values()):
        axes.add_patch(Rectangle((n, 0), 1, 1, facecolor=colour, edgecolor=MUTED, linewidth=0.5))
    names = [name.replace("-", "–") for name in scale.colours]
    places = [n + 0.5 for n in range(len(names))]
    axes.set_xticks(places, names, fontproperties=SMALL.font("".join(names)), color=INK)
    axes.set_yticks([])
    axes.tick_params(length=0, pad=3)
    axes.spines[:].set_visible(False)
    axes.annotate(
        scale.unit,
        (1, 0.5),
        (9, 0),
        xycoords="axes fraction",
        textcoords="offset points",
        va="center",
        fontproperties=SMALL.font(scale.unit),
        color=INK,
        parse_math=False,
    )
