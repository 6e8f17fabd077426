"""Pictures of scar: read back from their pixels, or from what is asked to be drawn."""

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from cmr.results_scar import ScarSegment
from cmr.scar.surface_mould import Surface
from pictures import scar_pages
from pictures.bullseye import ClassBullseye, bullseye_figure
from pictures.heart_views import heart_views
from pictures.scar_overlay import scar_overlay_figure
from pictures.shaded import Body, View, shaded
from pictures.surface_figure import Captions, surface_figure
from tests.picture_support import (
    WORDS,
    assert_texts_are_inside,
    contrast,
    luminance,
    pixels,
    texts,
)
from tests.scar_picture_sample import CLASSES, NOTICE, sample
from tests.scar_surface_shapes import FRAMES

pytestmark = [pytest.mark.filterwarnings("error"), pytest.mark.requirement("SCAR-19")]

SCALE = scar_pages._CLASSES
PAGE, SURFACES = sample()
NAMES = tuple(f"Slice {n}" for n in range(1, 12))
# Well inside each segment: radius, and degrees anti-clockwise from the right (Cerqueira 2002).
ANGLES = [90, 150, 210, 270, 330, 30] * 2 + [90, 180, 270, 0]
PLACES = {n: (0.87 if n < 7 else 0.61 if n < 13 else 0.35, a) for n, a in enumerate(ANGLES, 1)}


def colour_at(figure, segment, aside=-22):
    image, axes = pixels(figure), figure.axes[0]
    radius, angle = PLACES[segment][0], np.deg2rad(PLACES[segment][1] + aside)
    x, y = axes.transData.transform((radius * np.cos(angle), radius * np.sin(angle)))
    return image[len(image) - 1 - int(y), int(x)]


def test_every_segment_has_the_colour_of_its_class():
    classes = {n: CLASSES[n % 5] for n in range(1, 17) if n != 9}
    figure = bullseye_figure([ClassBullseye("Depth", classes, {1: 17.4}, SCALE)], NOTICE)
    for segment, name in classes.items():
        expected = np.array(SCALE.colours[name]) * 255
        np.testing.assert_allclose(colour_at(figure, segment), expected, atol=1)
    written = [t.get_text() for t in texts(figure)]
    assert written.count("n/a") == 1
    assert {"17", "1–25", "76–100", "%"} <= set(written)
    assert_texts_are_inside(figure)


def test_a_grey_print_tells_the_classes_apart_and_every_number_can_be_read():
    light = [luminance(np.array(c) * 255) for c in SCALE.colours.values()]
    lightness = 116 * np.cbrt(light) - 16  # CIE 1976
    assert (np.diff(lightness) < -9).all()
    assert list(SCALE.colours) == list(CLASSES)
    for name, colour in SCALE.colours.items():
        axes = bullseye_figure([ClassBullseye("", {1: name}, {}, SCALE)], "").axes[0]
        ink = next(t.get_color() for t in axes.texts if t.get_text() == "1")
        assert contrast(np.array(to_rgb(ink)) * 255, np.array(colour) * 255) >= 4.5


def test_a_strange_segment_is_refused():
    with pytest.raises(ValueError, match=r"segments \[17\], expected 1 to 16"):
        ClassBullseye("Depth", {17: "0"}, {}, SCALE)


def asked(monkeypatch, page):
    found = {}

    def record(discs, footer, words):
        found.update(discs=discs, footer=footer)

    monkeypatch.setattr(scar_pages, "bullseye_figure", record)
    monkeypatch.setattr(scar_pages, "png_of", lambda _: b"png")
    assert scar_pages.bullseye_page(page) == b"png"
    return *found["discs"], found["footer"]


def with_results(**changes):
    return replace(PAGE, results=PAGE.results.model_copy(update=changes))


def test_bullseyes_say_what_the_record_says(monkeypatch):
    segments = {
        3: ScarSegment(scar_pct=12.3, transmurality_pct=25.4, transmurality_class="1-25", chords=9),
        4: ScarSegment(chords=0, withheld={"scar_pct": "No wall."}),
    }
    amount, depth, footer = asked(monkeypatch, with_results(segments=segments))
    assert amount.values == {3: 12.3}
    # The class is the record's, not made from the rounded value.
    assert (depth.classes, depth.values) == ({3: "1-25"}, {3: 25.4})
    assert "21.44 g, 18.0 % of LV mass (Expectation maximisation, weighted)" in footer
    assert "gray zone 2 to 3 SD above remote" in footer
    assert footer.endswith(NOTICE)


def test_what_is_withheld_is_not_said(monkeypatch):
    gone = {"mass_g": None, "pct_lv_mass": None, "core_pct": None, "gray_pct": None}
    *_, footer = asked(monkeypatch, with_results(**gone, mvo_pct=None))
    assert footer == f"Scar not told (Expectation maximisation, weighted) · {NOTICE}"


def test_without_segments_there_is_no_bullseye():
    assert scar_pages.bullseye_page(with_results(segments={1: ScarSegment(chords=0)})) is None


class Tiles:
    """The two pictures of a slice in the overlay page."""

    def __init__(self, page, z):
        figure = scar_overlay_figure(page, "Late enhancement", "Scar", NAMES, NOTICE)
        image = pixels(figure)
        height, width = image.shape[:2]
        self.both = []
        for axes in figure.axes[2 * z : 2 * z + 2]:
            box = axes.get_position()
            rows = slice(round((1 - box.y1) * height), round((1 - box.y0) * height))
            self.both.append(image[rows, round(box.x0 * width) : round(box.x1 * width)].astype(int))

    def colourful(self, n):
        return np.ptp(self.both[n], axis=-1) > 40


def test_one_picture_is_plain_and_the_other_shows_the_scar():
    tiles = Tiles(PAGE, 6)
    assert not tiles.colourful(0).any()
    red, green, blue = np.moveaxis(tiles.both[1][tiles.colourful(1)], -1, 0)
    assert ((red > green) & (green > blue)).mean() > 0.45
    assert ((blue > green) & (green > red)).sum() > 10  # no-reflow
    assert ((green > blue) & (blue > red + 40)).sum() > 100  # epicardium


def test_the_fills_lie_on_their_pixels():
    """Scar outlines apart, one square of core and one of gray zone in a heart without scar."""
    none = np.zeros_like(PAGE.scar)
    core, gray = none.copy(), none.copy()
    where = np.argwhere(PAGE.ventricle.cavity[5]).mean(axis=0).round().astype(int)
    square = np.s_[5, where[0] - 4 : where[0], where[1] - 4 : where[1]]
    core[square], gray[5, where[0] + 1 : where[0] + 5, where[1] : where[1] + 4] = True, True
    flat = replace(
        PAGE, images=np.zeros(core.shape), scar=none, no_reflow=none, core=core, gray=gray
    )
    tiles = Tiles(flat, 5)
    rgb = tiles.both[1]
    orange = (rgb[..., 0] > 60) & (rgb[..., 1] < 60)
    yellow = (rgb[..., 0] > 60) & (rgb[..., 1] > 60) & (rgb[..., 2] < 60)
    assert orange.sum() == pytest.approx(yellow.sum(), rel=0.1)
    held = PAGE.ventricle.cavity | PAGE.ventricle.wall
    rows, _ = np.nonzero(held.any(axis=0))
    top = rows.min() - round(25 / 1.3)
    px = rgb.shape[0] / (np.ptp(rows) + 1 + 2 * round(25 / 1.3))
    middle = np.argwhere(orange)[:, 0].mean() / px + top
    assert middle == pytest.approx(where[0] - 2, abs=0.5)


def test_a_slice_without_findings_is_shown_twice_the_same():
    tiles = Tiles(PAGE, 10)
    assert not PAGE.ventricle.wall[10].any()
    np.testing.assert_array_equal(*tiles.both)


@pytest.mark.parametrize("flat", [0.0, np.nan])
def test_images_without_contrast_are_drawn(flat):
    assert scar_pages.overlay_page(replace(PAGE, images=np.full(PAGE.scar.shape, flat)))


def test_long_words_do_not_leave_the_pages():
    figure = scar_overlay_figure(PAGE, WORDS[:200], WORDS, (WORDS[:300],) * 11, WORDS)
    assert_texts_are_inside(figure)
    view = heart_views(PAGE.ventricle)
    assert_texts_are_inside(surface_figure(SURFACES, view, Captions(WORDS[:200], WORDS, WORDS)))


def test_arrays_and_results_that_do_not_belong_together_are_refused():
    with pytest.raises(ValueError, match=r"core \(2, 2, 2\), expected \(11, 85, 85\)"):
        replace(PAGE, core=np.zeros((2, 2, 2), bool))
    with pytest.raises(ValueError, match="results of 10 slices, expected 11"):
        with_results(slices=PAGE.results.slices[:10])


def ball(centre, radius=10.0, n=48):
    """A sphere of latitude and longitude."""
    tall, round_ = np.meshgrid(
        np.linspace(0, np.pi, n), np.linspace(0, 2 * np.pi, n), indexing="ij"
    )
    points = np.stack(
        [np.sin(tall) * np.cos(round_), np.sin(tall) * np.sin(round_), np.cos(tall)], -1
    )
    index = np.arange(n * n).reshape(n, n)
    a, b, c, d = index[:-1, :-1], index[1:, :-1], index[1:, 1:], index[:-1, 1:]
    faces = np.concatenate([np.stack(t, -1).reshape(-1, 3) for t in ((a, b, c), (a, c, d))])
    return Surface(points.reshape(-1, 3) * radius + centre, faces, 4.2)


# As a radiologist looks at a patient: from the front, the patient's left on the right.
FRONT = View("From the front", np.array([0.0, -1, 0]), np.array([0.0, 0, 1]))


def seen(*bodies):
    return shaded(list(bodies), FRONT, np.zeros(3), 0.25, (240, 240))


def is_red(image):
    return image[..., 0] > image[..., 1] + 0.2


def test_a_ball_is_a_disc_of_its_size_and_place():
    image = seen(Body(ball([12, 0, 8]), "red"))
    held = is_red(image)
    assert held.sum() * 0.25**2 == pytest.approx(np.pi * 100, rel=0.02)
    row, column = np.argwhere(held).mean(axis=0)
    assert ((column - 119.5) / 4, (119.5 - row) / 4) == pytest.approx((12, 8), abs=0.2)
    np.testing.assert_array_equal(image[0, 0], 1)


@pytest.mark.parametrize(("posterior", "share"), [(-30, 1.0), (30, 0.0)])
def test_what_is_behind_is_hidden(posterior, share):
    small, large = ball([0, posterior, 0], 5), ball([0, 0, 0], 12)
    alone = is_red(seen(Body(small, "red"))).sum()
    both = is_red(seen(Body(small, "red"), Body(large, "white"))).sum()
    assert both == pytest.approx(share * alone, abs=2)


def test_what_shines_through_hides_nothing():
    small, large = ball([0, 0, 0], 5), ball([0, 0, 0], 12)
    image = seen(Body(small, "red"), Body(large, "grey", 0.2))
    alone = is_red(seen(Body(small, "red"))).sum()
    assert is_red(image).sum() == pytest.approx(alone, rel=0.05)
    assert 0.5 < image[120, 120 + 4 * 9].mean() < 0.98


@pytest.mark.parametrize("frame", FRAMES)
def test_walls_are_looked_at_from_outside(frame):
    page, _ = sample(frame)
    axes = FRAMES[frame]
    expected = {"Septal": 0, "Anterior": 1, "Lateral": 0, "Inferior": 1}
    for view in heart_views(page.ventricle):
        wall = view.name.removesuffix(" wall")
        sign = {"Septal": 1, "Anterior": -1, "Lateral": -1, "Inferior": 1}[wall]
        assert view.viewer @ axes[:, expected[wall]] * sign > 0.99
        assert view.up @ axes[:, 2] < -0.99
        np.testing.assert_allclose(view.axes @ view.axes.T, np.eye(3), atol=1e-9)
        assert np.linalg.det(view.axes) == pytest.approx(1)


def test_without_segments_the_body_gives_the_sides():
    nameless = replace(PAGE.ventricle, segments=np.zeros_like(PAGE.ventricle.segments))
    views = {view.name: view for view in heart_views(nameless)}
    assert len(views) == 4
    left, _, _ = views["From the front"].axes
    np.testing.assert_array_equal(left, [1, 0, 0])


def test_the_scar_is_seen_from_its_side_and_volumes_are_named():
    views = heart_views(PAGE.ventricle)
    figure = surface_figure(SURFACES, views, Captions("Left ventricle", "", NOTICE))
    image = pixels(figure).astype(int)
    red = {}
    for axes, view in zip(figure.axes, views, strict=False):
        box = axes.get_position()
        part = image[:, round(box.x0 * image.shape[1]) : round(box.x1 * image.shape[1])]
        red[view.name] = (part[..., 0] > part[..., 1] + 60).sum()
    assert max(red, key=red.get) == "Anterior wall"
    assert min(red, key=red.get) == "Inferior wall"
    scar = SURFACES["scar"].volume_ml
    assert f"scar, {scar:.1f} ml" in {t.get_text() for t in texts(figure)}


def test_without_surfaces_there_is_no_picture():
    assert scar_pages.surface_page(PAGE, {}) is None


def test_equal_input_gives_equal_bytes():
    assert scar_pages.overlay_page(PAGE) == scar_pages.overlay_page(PAGE)
    assert scar_pages.surface_page(PAGE, SURFACES) == scar_pages.surface_page(PAGE, SURFACES)
