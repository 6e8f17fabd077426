"""Colour scales of maps, and the ink that can be read on a colour.

The colour maps are made for colour-blind eyes as well and change steadily in lightness, so that a
grey print still shows the order.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import Literal

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, Normalize, to_rgb
from matplotlib.ticker import MaxNLocator

from cmr.volume import FloatArray
from pictures.lettering import INK, MUTED, SMALL

# What has no value. The colour maps pass through no grey as light as this.
NEUTRAL = "#cdd1d5"
_BAR_PARTS = 6

Colour = tuple[float, float, float]
# Relative luminance on which black and white are equally far, by the ratio of WCAG 2.1.
_EVEN_LUMINANCE = 1.05**0.5 * 0.05**0.5 - 0.05


@dataclass(frozen=True)
class ColourScale:
    """How values become colours; values beyond an end take the colour of that end.

    Attributes
    ----------
    colours
        Name of the colour map.
    low, high
        Values at its ends, in ``unit``.
    unit
        Such as ``ms`` or ``%``.

    Raises
    ------
    ValueError
        Ends that are not finite and in ascending order.
    """

    colours: Literal["viridis", "cividis", "magma", "YlOrRd"]
    low: float
    high: float
    unit: str

    def __post_init__(self) -> None:
        if not (isfinite(self.low) and isfinite(self.high) and self.low < self.high):
            raise ValueError(
                f"Colour scale from {self.low} to {self.high} {self.unit}: "
                "expected two finite numbers in ascending order."
            )

    def norm(self) -> Normalize:
        """Values to 0-1."""
        return Normalize(self.low, self.high)

    def colour_map(self) -> Colormap:
        """0-1 to colours, NaN to the neutral one."""
        return colormaps[self.colours].with_extremes(bad=NEUTRAL)

    def colour(self, value: float) -> Colour:
        """Red, green and blue of ``value``, 0-1."""
        masked = np.ma.masked_invalid([value])
        red, green, blue, _ = self.colour_map()(self.norm()(masked))[0]
        return float(red), float(green), float(blue)

    def beyond(self, values: FloatArray) -> Literal["neither", "min", "max", "both"]:
        """At which ends ``values`` go beyond the scale."""
        finite = values[np.isfinite(values)]
        below, above = bool((finite < self.low).any()), bool((finite > self.high).any())
        if below and above:
            return "both"
        return "min" if below else "max" if above else "neither"


def ink_on(colour: str | Colour) -> Literal["black", "white"]:
    """The ink with more contrast; never less than 4.58, where WCAG 2.1 (level AA) asks for 4.5."""
    return "black" if _luminance(to_rgb(colour)) > _EVEN_LUMINANCE else "white"


def _luminance(rgb: Colour) -> float:
    """Relative luminance of sRGB (WCAG 2.1)."""
    channels = np.array(rgb)
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))


def draw_bar(axes: Axes, scale: ColourScale, shown: FloatArray) -> None:
    """Horizontal colour bar with its unit; its ends are pointed where ``shown`` goes beyond."""
    figure = axes.get_figure(root=True)
    assert figure is not None
    bar = figure.colorbar(
        ScalarMappable(scale.norm(), scale.colour_map()),
        cax=axes,
        orientation="horizontal",
        extend=scale.beyond(shown),
        extendfrac=0.04,
    )
    bar.outline.set(linewidth=0.5, edgecolor=MUTED)
    ticks = np.asarray(
        MaxNLocator(_BAR_PARTS, steps=[1, 2, 5, 10]).tick_values(scale.low, scale.high)
    )
    inside = ticks[(ticks >= scale.low) & (ticks <= scale.high)]
    names = [f"{t:g}" for t in inside]
    axes.set_xticks(inside, names, fontproperties=SMALL.font("".join(names)), color=INK)
    axes.tick_params(length=2.5, width=0.5, color=MUTED, pad=2)
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
