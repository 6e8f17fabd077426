"""Pictures of the cine, read back from their pixels, against a heart of circles known in mm."""

import io
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.image import AxesImage
from PIL import Image

from cmr.labels import Label
from cmr.results_mapping import TITLES
from cmr.results_scar import GRAY_TITLES, METHOD_TITLES
from pictures import cine_pages, map_pages, scar_pages
from pictures.cine_contours import contour_figure
from pictures.cine_curves import LV_LOOK, RV_LOOK, curve_figure
from pictures.cine_look import shown_box
from pictures.cine_loop import durations_ms, loop_bytes, loop_frames, shown_slices
from pictures.cine_worst import worst_figure, worst_slice
from pictures.lines import ENDO_LINE, EPI_LINE, RV_LINE
from pictures.outlines import outlines
from tests.cine_picture_sample import (
    ED,
    ES,
    LV_MM,
    NOTICE,
    PER,
    PFR,
    PHASES,
    SPACING,
    STEP_MS,
    WALL_MM,
    endo_mm,
    heart,
    results,
    sample,
)
from tests.picture_support import assert_texts_are_inside, luminance, pixels, texts
from tests.scar_picture_sample import sample as sample_of_scar
from tests.test_map_pages import page as page_of_map
from tests.test_map_pages import with_slices as relaxation_with_slices
from texts import LANGUAGES, Words
from texts.words import table

pytestmark = [pytest.mark.filterwarnings("error"), pytest.mark.requirement("REP-10")]

PAGE = sample()
WIDEST_PX = 1417  # 18 cm at 200 dpi


def with_results(**changes):
    return replace(PAGE, results=PAGE.results.model_copy(update=changes))


def rgb(line):
    return np.array(to_rgb(line.colour)) * 255


def like(image, line):
    """Near the line's colour."""
    return np.linalg.norm(image.astype(float) - rgb(line), axis=-1) < 60


class Tiles:
    """The slices of a figure; mm are those of the whole image."""

    def __init__(self, figure, page=PAGE):
        self.image = pixels(figure)
        canvas = next(axes for axes in figure.axes if axes.images)
        self.extents = [one.get_extent() for one in canvas.findobj(AxesImage)]
        self.corner_mm = np.array([s.start for s in shown_box(page)]) * SPACING

    def tile(self, n):
        left, right, bottom, top = (round(200 * inches) for inches in self.extents[n])
        return self.image[top:bottom, left:right].astype(int)

    def radii(self, n, line, centre_mm):
        """Distances from ``centre_mm`` of the pixels that have the colour of ``line``."""
        found = np.argwhere(like(self.tile(n), line)) + 0.5
        box = shown_box(PAGE)
        px_per_mm = len(self.tile(n)) / (PAGE.labels[0, 0, *box].shape[0] * SPACING[0])
        return np.linalg.norm(found / px_per_mm + self.corner_mm - centre_mm, axis=1)


@pytest.mark.parametrize(("phase", "name"), [(ED, "End-diastole"), (ES, "End-systole")])
def test_contours_lie_on_the_circles_of_their_phase_in_every_slice(phase, name):
    figure = contour_figure(PAGE, phase)
    tiles = Tiles(figure)
    assert len(tiles.extents) == 5  # the empty ones are left out
    for n, z in enumerate(range(1, 6)):
        for line, radius in ((ENDO_LINE, 0), (EPI_LINE, WALL_MM)):
            found = tiles.radii(n, line, LV_MM)
            assert len(found) > 100
            expected = endo_mm(phase, z) + radius
            # White is the disc of the image and the number too.
            near = found[np.abs(found - expected) < 4]
            assert len(near) > 0.7 * len(found) or line is ENDO_LINE
            assert np.median(near) == pytest.approx(expected, abs=0.5)
            assert np.percentile(np.abs(near - expected), 95) < 1.3
    assert name in {t.get_text() for t in texts(figure)}


@pytest.mark.parametrize("base_first", [True, False])
def test_the_base_comes_first_and_slices_are_numbered_from_it(base_first):
    page = sample(base_first)
    figure = contour_figure(page, ED)
    assert [t.get_text() for t in figure.axes[0].texts] == ["2", "3", "4", "5", "6"]
    tiles = Tiles(figure, page)
    sizes = [like(tiles.tile(n), EPI_LINE).sum() for n in range(5)]
    assert (np.diff(sizes) < 0).all()


@pytest.mark.parametrize("count", [1, 3, 7, 12, 20, 30])
def test_any_stack_fits_the_width_of_a_page(count):
    labels = np.repeat(PAGE.labels[:, 2:3], count, axis=1)
    page = replace(PAGE, labels=labels, images=np.repeat(PAGE.images[:, 2:3], count, axis=1))
    figure = contour_figure(page, ED)
    height, width = pixels(figure).shape[:2]
    assert width <= WIDEST_PX
    assert height <= 1.3 * WIDEST_PX
    assert len(Tiles(figure, page).extents) == count
    assert_texts_are_inside(figure)


def test_outlines_stay_within_half_a_pixel_of_the_border_and_keep_the_area():
    for z in (1, 5):
        for phase in (ED, ES):
            mask = heart(phase, z) == Label.LV
            [line] = outlines(mask, SPACING)
            radius = endo_mm(phase, z)
            away = np.hypot(*(line - LV_MM[::-1]).T) - radius
            assert np.abs(away).max() < 0.75 * max(SPACING)
            x, y = line.T
            area = abs(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1])) / 2
            assert area == pytest.approx(np.pi * radius**2, rel=0.03)
            # Without steps: no turn is sharper than 35 degrees.
            angles = np.unwrap(np.arctan2(np.diff(y), np.diff(x)))
            assert np.abs(np.diff(angles)).max() < np.deg2rad(35)


def test_lines_are_told_apart_without_colour():
    light = [116 * np.cbrt(luminance(rgb(one))) - 16 for one in (ENDO_LINE, EPI_LINE)]
    assert light[0] - light[1] > 15  # CIE 1976
    assert RV_LINE.dashes
    assert not ENDO_LINE.dashes
    # As those see it who lack the cones for red or for green (Vienot 1999): no two alike.
    for matrix in (
        [[0.1121, 0.8853, -0.0005], [0.1127, 0.8897, -0.0001], [0.0045, 0.0, 1.0019]],
        [[0.2920, 0.7054, -0.0003], [0.2934, 0.7089, 0.0], [-0.02098, 0.02559, 1.0019]],
    ):
        linear = [(rgb(one) / 255) ** 2.2 for one in (ENDO_LINE, EPI_LINE, RV_LINE)]
        seen = [255 * np.clip(matrix @ one, 0, 1) ** (1 / 2.2) for one in linear]
        for a, b in ((0, 1), (0, 2), (1, 2)):
            assert np.linalg.norm(seen[a] - seen[b]) > 60


def places(figure):
    """Points drawn in the plot by marker: ``(x, y)`` in ms and ml, with their colours."""
    plot = figure.axes[0]
    return {
        (one.get_marker(), one.get_color()): np.column_stack(one.get_data())
        for one in plot.lines
        if one.get_marker() not in ("None", "", None)
    }


def test_points_and_marks_stand_where_the_results_put_them():
    figure = curve_figure(PAGE)
    found = places(figure)
    volumes = np.array([PAGE.results.curve.lv_ml, PAGE.results.curve.rv_ml])
    for look, volume in zip((LV_LOOK, RV_LOOK), volumes, strict=True):
        times = STEP_MS * np.arange(PHASES)
        np.testing.assert_allclose(found[look.point, look.colour][:, 0], times)
        for sign, at in (("v", ED * STEP_MS + PER), ("^", ES * STEP_MS + PFR)):
            [(x, y)] = found[sign, look.colour]
            assert x == pytest.approx(at)
            assert y == pytest.approx(np.interp(at, times, volume), abs=0.02 * volume.max())
    dashed = sorted(line.get_xdata()[0] for line in figure.axes[0].lines if _upright(line))
    assert dashed == [ED * STEP_MS, ES * STEP_MS]
    written = {t.get_text() for t in texts(figure)}
    assert {"End-diastole", "End-systole", "Peak ejection 411 ml/s"} <= written
    assert {"Volume (ml)", "Time after the R wave (ms)"} <= written


def _upright(line):
    return len(line.get_xdata()) == 2 and line.get_xdata()[0] == line.get_xdata()[1]


def test_the_curve_is_seen_at_its_place():
    """Dark blue of the LV at every phase, half-way between the ends of the axis."""
    figure = curve_figure(PAGE)
    image = pixels(figure)
    colour = np.array(to_rgb(LV_LOOK.colour)) * 255
    for t, volume in enumerate(PAGE.results.curve.lv_ml):
        x, y = figure.axes[0].transData.transform((t * STEP_MS, volume))
        seen = image[len(image) - 1 - int(y), int(x)].astype(float)
        assert np.linalg.norm(seen - colour) < 25, t


@pytest.mark.parametrize("gap", [0.0, 0.25])
@pytest.mark.parametrize("uneven", [False, True])
def test_the_line_is_the_fit_between_the_phases_too(gap, uneven):
    """A heartbeat of 1 s and of three harmonics; a triggered study may leave out its end."""

    def volume(at):
        turn = 2 * np.pi * np.asarray(at) / 1000
        return 110 + 35 * np.cos(turn) + 9 * np.sin(2 * turn) + 4 * np.cos(3 * turn)

    times = np.arange(PHASES) * 1000 * (1 - gap) / PHASES
    times = times + uneven * 12 * np.sin(np.arange(PHASES))
    update = {"time_ms": list(times), "lv_ml": list(volume(times))}
    curve = PAGE.results.curve.model_copy(update=update | {"lv_fitted_ml": list(volume(times))})
    heart = PAGE.results.heart.model_copy(update={"heart_rate_bpm": 60.0})
    figure = curve_figure(with_results(curve=curve, heart=heart))
    line = next(one for one in figure.axes[0].lines if one.get_linestyle() == "-")
    at, drawn = line.get_data()
    assert at[-1] == pytest.approx(times[-1] if gap else 1000)
    np.testing.assert_allclose(drawn, volume(at), atol=0.7)


def test_left_out_phases_are_hollow_and_withheld_curves_are_not_drawn():
    gone = PAGE.results.curve.model_copy(
        update={"lv_ml": [None if t == 4 else v for t, v in enumerate(PAGE.results.curve.lv_ml)]}
    )
    page = replace(PAGE, excluded={4}, results=PAGE.results.model_copy(update={"curve": gone}))
    figure = curve_figure(page)
    hollow = [one for one in figure.axes[0].lines if one.get_markerfacecolor() == "white"]
    lv = next(one for one in hollow if one.get_color() == LV_LOOK.colour)
    assert list(lv.get_xdata()) == [4 * STEP_MS]
    assert "left-out phase" in {t.get_text() for t in texts(figure)}
    nothing = [None] * PHASES
    for keys, sides in ((["rv"], {LV_LOOK.colour}), (["lv", "rv"], None)):
        update = {f"{k}{part}": nothing for k in keys for part in ("_ml", "_fitted_ml")}
        curve = PAGE.results.curve.model_copy(update=update)
        drawn = curve_figure(
            replace(PAGE, results=PAGE.results.model_copy(update={"curve": curve}))
        )
        if sides is None:
            assert drawn is None
        else:
            assert {colour for _, colour in places(drawn)} == sides


def test_without_times_phases_are_counted_and_without_a_fit_points_are_joined():
    curve = PAGE.results.curve.model_copy(
        update={"time_ms": [None] * PHASES, "lv_fitted_ml": [], "rv_fitted_ml": []}
    )
    figure = curve_figure(with_results(curve=curve))
    np.testing.assert_array_equal(
        places(figure)["o", LV_LOOK.colour][:, 0], np.arange(1, PHASES + 1)
    )
    assert ("v", LV_LOOK.colour) not in places(figure)
    written = " ".join(t.get_text() for t in texts(figure))
    assert "Line: joins the points." in written
    assert "Phase" in written


def test_bullseyes_show_the_wall(monkeypatch):
    asked = []
    monkeypatch.setattr(cine_pages, "bullseye_figure", lambda discs, *_: asked.extend(discs))
    monkeypatch.setattr(cine_pages, "png_of", lambda _: b"png")
    assert cine_pages.bullseye_page(PAGE) == b"png"
    ed, es, thickening = asked
    assert ed.values == {n: 6 + n / 10 for n in range(1, 17)}
    assert es.values == {n: 10 + n / 10 for n in range(1, 17) if n != 9}
    assert (thickening.values[1], thickening.scale.unit) == (41.0, "%")
    assert ed.scale == es.scale
    for wall in (None, PAGE.results.wall.model_copy(update={"segments": {}})):
        page = replace(PAGE, results=PAGE.results.model_copy(update={"wall": wall}))
        assert cine_pages.bullseye_page(page) is None


def test_the_slice_of_least_agreement_is_shown_with_its_figure():
    agreement = np.full((PHASES, PAGE.n_slices), 0.97)
    agreement[ES, 4], agreement[3, 2], agreement[ES, 0] = 0.8123, 0.1, 0.2
    page = replace(PAGE, slice_agreement=agreement)
    # Neither a phase between nor a slice without heart.
    assert worst_slice(page) == (ES, 4)
    figure = worst_figure(page)
    written = " ".join(t.get_text() for t in texts(figure))
    assert "Slice 5 of 7" in written
    assert "End-systole" in written
    assert "81.2 %" in written
    tiles = Tiles(figure)
    assert not like(tiles.tile(0), EPI_LINE).any()
    found = tiles.radii(1, EPI_LINE, LV_MM)
    assert np.median(found) == pytest.approx(endo_mm(ES, 4) + WALL_MM, abs=0.4)
    assert worst_figure(replace(PAGE, slice_agreement=None)) is None
    assert worst_figure(replace(PAGE, slice_agreement=np.full_like(agreement, np.nan))) is None


def test_the_loop_has_a_frame_for_each_phase_that_shows_it():
    with Image.open(io.BytesIO(loop_bytes(PAGE))) as movie:
        assert (movie.n_frames, movie.info["loop"]) == (PHASES, 0)
        size = movie.size
        shown = []
        for k in range(PHASES):
            movie.seek(k)
            shown.append(np.asarray(movie.convert("RGB")).astype(float))
    assert size[0] <= 830
    drawn = loop_frames(PAGE, shown_slices(PAGE))
    for k, frame in enumerate(shown):
        away = [np.abs(frame - one).mean() for one in drawn]
        # Lossy, yet nearer to its own phase than to any other.
        assert int(np.argmin(away)) == k
        assert away[k] < 3
    for k, frame in enumerate(drawn):
        found = np.argwhere(like(frame[:, :270], EPI_LINE))
        height_mm = PAGE.labels[0, 0, *shown_box(PAGE)].shape[0] * SPACING[0]
        width_mm = PAGE.labels[0, 0, *shown_box(PAGE)].shape[1] * SPACING[1]
        px_per_mm = 260 / max(height_mm, width_mm)
        tall = np.ptp(found[found[:, 0] < height_mm * px_per_mm][:, 0]) / px_per_mm
        z = shown_slices(PAGE)[0]
        assert tall == pytest.approx(2 * (endo_mm(k, z) + WALL_MM), abs=2.5), k


def test_a_beat_of_the_loop_lasts_as_long_as_one_of_the_heart():
    rate = PAGE.results.heart.heart_rate_bpm
    assert sum(durations_ms(PAGE)) == pytest.approx(60_000 / rate, abs=0.5)
    assert np.ptp(durations_ms(PAGE)) <= 1
    heart_ = PAGE.results.heart.model_copy(update={"heart_rate_bpm": None})
    still = replace(PAGE, results=PAGE.results.model_copy(update={"heart": heart_}))
    assert sum(durations_ms(still)) == 1000


def test_base_middle_and_apex_are_in_the_loop():
    assert shown_slices(PAGE) == [2, 3, 4]
    assert shown_slices(sample(base_first=False)) == [4, 3, 2]
    one = PAGE.labels.copy()
    one[:, [1, 2, 4, 5]] = 0
    assert shown_slices(replace(PAGE, labels=one)) == [3]
    assert loop_bytes(replace(PAGE, labels=np.zeros_like(one))) is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_is_drawn_inside_the_page_with_all_its_signs(language):
    words = Words(language)
    page = replace(PAGE, words=words, excluded={4})
    for figure in (contour_figure(page, ES), curve_figure(page), worst_figure(page)):
        pixels(figure)  # a missing sign would warn, and labels of axes find their place
        assert_texts_are_inside(figure)
        written = [t.get_text() for t in texts(figure)]
        assert not any("?" in text for text in written)
        assert words("End-systole") in " ".join(written)


class Strict(Words):
    """Every text that a picture asks for has to be in the table."""

    def __call__(self, english, **values):
        assert english in table(), english
        assert set(table()[english]) >= set(LANGUAGES) - {"en"}, english
        return super().__call__(english, **values)


def test_every_word_of_every_picture_is_in_the_table():
    words = Strict("de")
    for paint in cine_pages.PICTURES.values():
        assert paint(replace(PAGE, words=words, excluded={4}))
    late, surfaces = sample_of_scar(notice=NOTICE, words=words)
    assert scar_pages.overlay_page(late)
    assert scar_pages.bullseye_page(late)
    assert scar_pages.surface_page(late, surfaces)
    for title in (*TITLES.values(), *METHOD_TITLES.values(), *GRAY_TITLES.values()):
        assert map_pages.title_of(title, words)
    for source in ("scanner map", "fitted map", "computed map", "basal", "mid", "apical"):
        assert words(source)
    page = replace(page_of_map(relaxation_with_slices()), title="Native T1 (2)")
    assert map_pages.overlay_page(page, NOTICE, words)
    assert map_pages.title_of("Native T1 (2)", words) == "Natives T1 (2)"


def test_no_heart_no_contours():
    empty = replace(PAGE, labels=np.zeros_like(PAGE.labels))
    assert cine_pages.contours_page(empty, ED) is None


def test_arrays_and_results_that_do_not_belong_together_are_refused():
    with pytest.raises(ValueError, match=r"images .* labels"):
        replace(PAGE, labels=PAGE.labels[:, :3])
    short = results(np.ones(PHASES)).phases.model_copy(update={"count": 9})
    with pytest.raises(ValueError, match="results of 9 phases, expected 20"):
        replace(PAGE, results=PAGE.results.model_copy(update={"phases": short}))


def test_equal_input_gives_equal_bytes():
    for name, paint in cine_pages.PICTURES.items():
        assert paint(PAGE) == paint(PAGE), name
