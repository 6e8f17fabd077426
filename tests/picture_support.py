"""What the tests of pictures share: pixels, texts and contrast by the formula of WCAG 2.1."""

import io

import numpy as np
from matplotlib import colormaps
from matplotlib.text import Text
from PIL import Image

from pictures.page import png_of

WORDS = "Sequence of a name that never ends, " * 12 + "1.2.840.113619." * 20


def pixels(figure):
    """``(row, col, 3)`` uint8 of the PNG."""
    with Image.open(io.BytesIO(png_of(figure))) as image:
        assert set(image.info) <= {"dpi"}
        return np.asarray(image.convert("RGB"))


def texts(figure):
    return [t for t in figure.findobj(Text) if t.get_text() and t.get_visible()]


def assert_texts_are_inside(figure):
    width, height = figure.bbox.width, figure.bbox.height
    for text in texts(figure):
        box = text.get_window_extent()
        assert box.x0 >= 0, text
        assert box.y0 >= 0, text
        assert box.x1 <= width, text
        assert box.y1 <= height, text


def mapped(name, fraction):
    """Colour of the published table of a colour map, 0-255; the table has 256 rows."""
    row = colormaps[name].colors[min(int(fraction * 256), 255)]
    return np.round(np.array(row) * 255).astype(int)


def luminance(rgb):
    """Of 0-255: https://www.w3.org/TR/WCAG21/#dfn-relative-luminance."""
    red, green, blue = (
        c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in np.array(rgb) / 255
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)
