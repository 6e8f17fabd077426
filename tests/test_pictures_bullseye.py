"""Bullseyes against Cerqueira's layout, the published colour tables and WCAG."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from matplotlib import colormaps
from matplotlib.colors import to_rgb

from pictures.bullseye import Bullseye, bullseye_figure
from pictures.colours import NEUTRAL, ColourScale
from pictures.page import png_of
from tests.picture_support import (
    WORDS,
    assert_texts_are_inside,
    contrast,
    luminance,
    mapped,
    pixels,
    texts,
)

pytestmark = [pytest.mark.filterwarnings("error"), pytest.mark.requirement("TIS-23")]

MAPS = ("viridis", "cividis", "magma")
SCALE = ColourScale("viridis", 800, 1300, "ms")
FOOTER = "MOLLI 5(3)3, 1.5 T. Research use only"
# Figure 4 of Cerqueira et al. 2002: names of the segments, as directions from the centre in
# degrees counter-clockwise from the patient's left, with the anterior wall on top.
SIDES = {
    "anterior": 90,
    "anteroseptal": 150,
    "inferoseptal": 210,
    "inferior": 270,
    "inferolateral": 330,
    "anterolateral": 30,
}
QUARTERS = {"anterior": 90, "septal": 180, "inferior": 270, "lateral": 0}
CENTRES_DEG = dict(enumerate([*SIDES.values(), *SIDES.values(), *QUARTERS.values()], start=1))
# Well inside each ring, beside the text.
RADII = {n: 0.87 if n <= 6 else 0.61 if n <= 12 else 0.35 for n in CENTRES_DEG}
VALUES = {n: 825.0 + 30 * n for n in range(1, 17)}


def bullseye(values=VALUES, scale=SCALE, title="Native T1", decimals=0):
    return Bullseye(title, values, scale, decimals)


def colour_at(image, axes, radius, angle_deg):
    angle = np.deg2rad(angle_deg)
    x, y = axes.transData.transform((radius * np.cos(angle), radius * np.sin(angle)))
    return image[len(image) - 1 - int(y), int(x)].astype(int)


def neutral():
    return np.round(np.array(to_rgb(NEUTRAL)) * 255).astype(int)


@pytest.mark.parametrize("name", MAPS)
def test_every_segment_has_its_colour_where_cerqueira_puts_it(name):
    figure = bullseye_figure([bullseye(scale=ColourScale(name, 800, 1300, "ms"))], FOOTER)
    image, axes = pixels(figure), figure.axes[0]
    for segment, centre in CENTRES_DEG.items():
        expected = mapped(name, (VALUES[segment] - 800) / 500)
        for aside in (-22, 22):
            found = colour_at(image, axes, RADII[segment], centre + aside)
            np.testing.assert_allclose(found, expected, atol=1, err_msg=f"segment {segment}")


def test_the_centre_is_neutral_and_unnamed():
    figure = bullseye_figure([bullseye()], FOOTER)
    image = pixels(figure)
    np.testing.assert_array_equal(colour_at(image, figure.axes[0], 0, 0), neutral())
    assert "17" not in {t.get_text() for t in texts(figure)}


@pytest.mark.parametrize("lacking", [{}, {9: float("nan")}, {9: float("inf")}])
def test_a_segment_without_value_is_neutral_hatched_and_says_so(lacking):
    values = {n: v for n, v in VALUES.items() if n != 9} | lacking
    figure = bullseye_figure([bullseye(values)], FOOTER)
    image, axes = pixels(figure), figure.axes[0]
    # Beside the text.
    seen = [colour_at(image, axes, 0.61, 210 + a) for a in np.linspace(13, 27, 300)]
    as_neutral = np.mean([(c == neutral()).all() for c in seen])
    assert 0.4 < as_neutral < 0.95
    assert [t.get_text() for t in texts(figure)].count("n/a") == 1
    np.testing.assert_allclose(
        colour_at(image, axes, 0.61, 172), mapped("viridis", (VALUES[8] - 800) / 500), atol=1
    )


def test_nothing_at_all_is_drawn_too():
    assert [t.get_text() for t in texts(bullseye_figure([bullseye({})], ""))].count("n/a") == 16


def test_all_numbers_and_rounded_values_stand_in_their_segments():
    values = {n: 26.04 + n for n in VALUES}
    figure = bullseye_figure([bullseye(values, ColourScale("cividis", 15, 45, "%"), "", 1)], "")
    figure.canvas.draw()
    axes = figure.axes[0]
    written = {t.get_text(): t for t in texts(figure) if t.axes is axes}
    for segment, centre in CENTRES_DEG.items():
        for name in (str(segment), f"{26 + segment}.0"):
            box = written[name].get_window_extent()
            corners = axes.transData.inverted().transform(box.corners())
            assert np.ptp(np.hypot(*corners.T)) < 0.27, name
            angles = np.rad2deg(np.arctan2(corners[:, 1], corners[:, 0]))
            away = (angles - centre + 180) % 360 - 180
            assert np.abs(away).max() < (30 if segment <= 12 else 45), name


@pytest.mark.parametrize("value", [1250, 123456])
def test_wide_values_stay_within_their_ring(value):
    figure = bullseye_figure([bullseye(dict.fromkeys(VALUES, value))], "")
    figure.canvas.draw()
    axes = figure.axes[0]
    ring_px = (
        0.26 * axes.transData.transform((1, 0))[0] - 0.26 * axes.transData.transform((0, 0))[0]
    )
    for text in texts(figure):
        if text.get_text() == str(value):
            assert text.get_window_extent().width < ring_px


@pytest.mark.parametrize("name", MAPS)
def test_every_text_can_be_read_on_its_colour(name):
    scale = ColourScale(name, 0, 256, "ms")
    for first in range(0, 256, 16):
        values = {n: first + n - 0.5 for n in VALUES}
        axes = bullseye_figure([bullseye(values, scale)], "").axes[0]
        inks = {t.get_text(): t.get_color() for t in axes.texts}
        for segment, value in values.items():
            ink = np.array(to_rgb(inks[str(segment)])) * 255
            assert contrast(ink, mapped(name, value / 256)) >= 4.5, value


def test_text_can_be_read_on_neutral_and_hatch():
    ink = {t.get_text(): t.get_color() for t in bullseye_figure([bullseye({})], "").axes[0].texts}
    for ground in (neutral(), (0x9A, 0xA1, 0xA8)):
        assert contrast(np.array(to_rgb(ink["n/a"])) * 255, ground) >= 4.5


@pytest.mark.parametrize("name", MAPS)
def test_a_grey_print_keeps_the_order_of_values(name):
    rising = [luminance(np.array(c) * 255) for c in colormaps[name].colors]
    assert (np.diff(rising) > -1e-4).all()
    assert rising[0] < 0.1
    assert rising[-1] > 0.5


def test_several_stand_side_by_side_each_with_its_bar_and_unit():
    ecv = bullseye(dict.fromkeys(VALUES, 26.0), ColourScale("cividis", 15, 45, "%"), "ECV")
    figure = bullseye_figure([bullseye(), ecv], FOOTER)
    image = pixels(figure)
    discs = figure.axes[::2]
    assert discs[0].get_position().x1 <= discs[1].get_position().x0
    np.testing.assert_allclose(
        colour_at(image, discs[1], 0.87, 110), mapped("cividis", 11 / 30), atol=1
    )
    written = [t.get_text() for t in texts(figure)]
    assert {"Native T1", "ECV", "ms", "%", FOOTER} <= set(written)


@pytest.mark.parametrize(
    ("values", "ends"), [({1: 1000}, "neither"), ({1: 700}, "min"), ({1: 1400, 2: 1}, "both")]
)
def test_the_bar_is_pointed_where_values_go_beyond(values, ends):
    assert SCALE.beyond(bullseye(values).all_values()) == ends


@pytest.mark.parametrize("count", [1, 4])
def test_long_words_do_not_leave_the_canvas(count):
    figure = bullseye_figure([bullseye(title=WORDS[:200])] * count, WORDS)
    assert_texts_are_inside(figure)
    written = "".join(t.get_text() for t in texts(figure)).replace(" ", "")
    assert WORDS.replace(" ", "") in written


def test_headers_text_is_no_mathematics_and_what_no_font_has_gives_no_warning():
    figure = bullseye_figure([bullseye(title="$\\frac$ \u0905 \x00")], "a\nb $")
    pixels(figure)
    assert {"$\\frac$ ? ?", "a b $"} <= {t.get_text() for t in texts(figure)}


def test_equal_input_gives_equal_bytes_in_any_thread():
    def draw(_):
        return png_of(bullseye_figure([bullseye(), bullseye({})], FOOTER))

    with ThreadPoolExecutor(4) as pool:
        assert len({draw(0), *pool.map(draw, range(8))}) == 1


def test_a_strange_segment_and_a_scale_without_width_are_refused():
    with pytest.raises(ValueError, match=r"segments \[0, 17\], expected 1 to 16"):
        bullseye({0: 1.0, 17: 2.0})
    with pytest.raises(ValueError, match="from 5 to 5 ms: expected two finite"):
        ColourScale("magma", 5, 5, "ms")
