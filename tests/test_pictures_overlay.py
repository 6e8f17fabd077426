"""Overlays of an annulus that is known in mm, on pixels of 1.0 by 1.6 mm, read from the picture."""

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from cmr.labels import Label
from pictures.borders import number_places, segment_borders
from pictures.colours import NEUTRAL, ColourScale
from pictures.lines import ENDO_LINE, EPI_LINE, RV_LINE
from pictures.map_overlay import MapOverlay, overlay_figure
from pictures.page import png_of
from tests.picture_support import WORDS, assert_texts_are_inside, mapped, pixels, texts

pytestmark = [pytest.mark.filterwarnings("error"), pytest.mark.requirement("TIS-23")]

SPACING = (1.0, 1.6)
SHAPE = (180, 120)
# Down and along, from the upper left corner of the image.
CENTRE_MM = (88.0, 104.0)
ENDO_MM, EPI_MM = 20.0, 29.0
RV_CENTRE_MM, RV_RADIUS_MM = (88.0, 62.0), 12.0
# Of the first border between segments, from the right downwards.
TURN_DEG = 17.0
SCALE = ColourScale("viridis", 800, 1300, "ms")
FOOTER = "Research use only"
CROP_MM = (CENTRE_MM[0] - EPI_MM - 25, RV_CENTRE_MM[1] - RV_RADIUS_MM - 25)
CROP_SIZE_MM = (2 * (EPI_MM + 25), CENTRE_MM[1] + EPI_MM + 25 - CROP_MM[1])


def distances(centre):
    row, col = np.indices(SHAPE)
    down, along = (row + 0.5) * SPACING[0] - centre[0], (col + 0.5) * SPACING[1] - centre[1]
    return np.hypot(down, along), np.rad2deg(np.arctan2(down, along))


def heart():
    labels = np.zeros(SHAPE, np.uint8)
    away, angle = distances(CENTRE_MM)
    labels[distances(RV_CENTRE_MM)[0] < RV_RADIUS_MM] = Label.RV
    labels[away < EPI_MM] = Label.MYOCARDIUM
    labels[away < ENDO_MM] = Label.LV
    turn = np.mod(angle - TURN_DEG, 360) // 60
    return labels, np.where(labels == Label.MYOCARDIUM, turn + 7, 0).astype(np.uint8)


def overlay(n_slices=1, **changes):
    labels, segments = heart()
    stacked = {
        "values": np.full(SHAPE, 810.0),
        "anatomy": np.zeros(SHAPE),
        "labels": labels,
        "segments": segments,
    } | changes
    return MapOverlay(
        title="Native T1",
        anatomy_title="Cine",
        slice_names=tuple(f"Slice {z + 1}" for z in range(n_slices)),
        pixel_spacing_mm=SPACING,
        scale=SCALE,
        **{name: np.stack([array] * n_slices) for name, array in stacked.items()},
    )


class Tile:
    """One picture in the figure; mm are those of the whole image."""

    def __init__(self, figure, n=0, corner_mm=CROP_MM, size_mm=CROP_SIZE_MM):
        image = pixels(figure)
        place = figure.axes[n].get_position()
        height, width = image.shape[:2]
        rows = slice(round((1 - place.y1) * height), round((1 - place.y0) * height))
        self.pixels = image[rows, round(place.x0 * width) : round(place.x1 * width)].astype(int)
        self.corner_mm = np.array(corner_mm)
        self.px_per_mm = np.array(self.pixels.shape[:2]) / size_mm

    def at(self, down_mm, along_mm):
        where = np.array([down_mm, along_mm]) - self.corner_mm[:, None]
        row, col = np.floor(where * self.px_per_mm[:, None]).astype(int)
        return self.pixels[row, col]

    def on_circle(self, radius_mm, angle_deg):
        angle = np.deg2rad(angle_deg)
        return self.at(
            CENTRE_MM[0] + radius_mm * np.sin(angle), CENTRE_MM[1] + radius_mm * np.cos(angle)
        )


def rgb(line):
    return np.array(to_rgb(line.colour)) * 255


def like(pixels, line):
    """Nearer to the line's colour than to that of any other line, and near."""
    away, *others = (
        np.linalg.norm(pixels - rgb(one), axis=-1)
        for one in sorted((ENDO_LINE, EPI_LINE, RV_LINE), key=lambda one: one is not line)
    )
    return (away < 90) & (away < np.min(others, axis=0))


def peaks(held, at):
    """Where runs of a line have their middle."""
    white = np.concatenate([[False], held, [False]])
    edges = np.flatnonzero(np.diff(white.astype(int)))
    return [float(at[a:b].mean()) for a, b in zip(edges[::2], edges[1::2], strict=True)]


@pytest.mark.parametrize("n", [0, 1])
def test_contours_lie_on_the_annulus_in_both_pictures(n):
    tile = Tile(overlay_figure(overlay(), FOOTER), n)
    radius = np.arange(10, 38, 0.1)
    # Between the borders of segments, and away from RV and numbers.
    for angle in [*range(22, 40, 4), *range(52, 72, 4), *range(-62, -50, 4)]:
        seen = tile.on_circle(radius, np.full(radius.shape, angle))
        assert peaks(like(seen, ENDO_LINE), radius) == pytest.approx([ENDO_MM], abs=0.7), angle
        assert peaks(like(seen, EPI_LINE), radius) == pytest.approx([EPI_MM], abs=0.7), angle


def test_a_millimetre_is_as_long_down_as_along():
    tile = Tile(overlay_figure(overlay(), FOOTER))
    assert tile.px_per_mm[0] == pytest.approx(tile.px_per_mm[1], rel=0.03)


def test_the_right_ventricle_has_a_broken_line_of_its_colour():
    tile = Tile(overlay_figure(overlay(), FOOTER))
    angle = np.deg2rad(np.linspace(100, 260, 1000))
    rim = [
        tile.at(RV_CENTRE_MM[0] + r * np.sin(angle), RV_CENTRE_MM[1] + r * np.cos(angle))
        for r in np.arange(RV_RADIUS_MM - 1.5, RV_RADIUS_MM + 1.5, 0.2)
    ]
    on_line = like(np.array(rim), RV_LINE).any(axis=0)
    assert 0.4 < on_line.mean() < 0.95


@pytest.mark.parametrize("n", [0, 1])
def test_borders_of_segments_are_drawn_across_the_wall(n):
    tile = Tile(overlay_figure(overlay(), FOOTER), n)
    angle = np.arange(0, 360, 0.2)
    brightness = tile.on_circle((ENDO_MM + EPI_MM) / 2, angle).min(axis=-1)
    middle = brightness > 100
    assert 6 * 1.0 < 0.2 * middle.sum() < 6 * 6.0
    for k in range(6):
        away = np.abs((angle - TURN_DEG - 60 * k + 180) % 360 - 180)
        assert away[middle].reshape(-1).min() < 1
    nearest = np.abs((angle[middle] - TURN_DEG + 30) % 60 - 30)
    assert nearest.max() < 4


def test_borders_have_the_angle_and_the_length_of_the_wall():
    labels, segments = heart()
    lines = segment_borders(segments, labels, SPACING)
    assert len(lines) == 6
    for line in lines:
        along, down = (line - CENTRE_MM[::-1]).T
        assert np.hypot(along, down) == pytest.approx([ENDO_MM, EPI_MM], abs=1.6)
        off = (np.rad2deg(np.arctan2(down, along)) - TURN_DEG + 30) % 60 - 30
        assert np.abs(off).max() < 1.5


def test_numbers_stand_outside_the_middle_of_their_segment():
    labels, segments = heart()
    places = number_places(segments, labels, SPACING)
    assert sorted(places) == list(range(7, 13))
    for segment, (x, y) in places.items():
        down, along = y - CENTRE_MM[0], x - CENTRE_MM[1]
        assert EPI_MM + 3 < np.hypot(down, along) < EPI_MM + 8
        off = np.rad2deg(np.arctan2(down, along)) - TURN_DEG - 60 * (segment - 7) - 30
        assert abs((off + 180) % 360 - 180) < 3
    figure = overlay_figure(overlay(), FOOTER)
    assert {str(n) for n in places} <= {t.get_text() for t in texts(figure) if t.axes}


def test_values_have_their_colour_and_undetermined_ones_are_neutral():
    values = np.full(SHAPE, 1175.0)
    values[40:44, 60:70], values[44:48, 60:70] = np.nan, np.inf
    figure = overlay_figure(overlay(values=values), FOOTER)
    tile = Tile(figure)
    neutral = np.round(np.array(to_rgb(NEUTRAL)) * 255)
    for row in (42, 46):
        found = tile.at(np.array([row + 0.5]), np.array([65.5 * SPACING[1]]))[0]
        np.testing.assert_array_equal(found, neutral)
    beside = tile.at(np.array([52.5]), np.array([65.5 * SPACING[1]]))[0]
    np.testing.assert_allclose(beside, mapped("viridis", 0.75), atol=1)
    assert "undetermined" in {t.get_text() for t in texts(figure)}


def test_the_anatomy_is_grey_and_keeps_its_order():
    ramp = np.tile(np.arange(SHAPE[1], dtype=float), (SHAPE[0], 1))
    nothing = np.zeros(SHAPE, np.uint8)
    whole = overlay(anatomy=ramp, labels=nothing, segments=nothing)
    size = (SHAPE[0] * SPACING[0], SHAPE[1] * SPACING[1])
    line = Tile(overlay_figure(whole, FOOTER), 1, (0, 0), size).pixels[50]
    assert np.ptp(line, axis=1).max() == 0
    assert (np.diff(line[:, 0]) >= 0).all()
    assert line[0, 0] == 0
    assert line[-1, 0] == 255


def test_without_a_heart_the_whole_field_is_shown_without_lines():
    nothing = np.zeros(SHAPE, np.uint8)
    figure = overlay_figure(overlay(labels=nothing, segments=nothing), FOOTER)
    axes = figure.axes[0]
    assert (axes.get_xlim(), axes.get_ylim()) == ((0, 192), (180, 0))
    tile = Tile(figure, 0, (0, 0), (180, 192))
    assert tile.px_per_mm[0] == pytest.approx(tile.px_per_mm[1], rel=0.01)
    assert len(np.unique(tile.pixels[2:-2, 2:-2].reshape(-1, 3), axis=0)) == 1


def test_a_heart_at_the_edge_of_the_image_is_cut_there():
    part = overlay()
    cut = {
        name: getattr(part, name)[:, 80:, 60:]
        for name in ("values", "anatomy", "labels", "segments")
    }
    shown = replace(part, **cut).cropped()
    np.testing.assert_array_equal(shown.labels[0, :5, :5], part.labels[0, 80:85, 60:65])
    figure = overlay_figure(replace(part, **cut), FOOTER)
    assert_texts_are_inside(figure)


def test_a_row_for_each_slice_and_one_without_a_heart_has_no_lines():
    three = overlay(3)
    labels, segments = three.labels.copy(), three.segments.copy()
    labels[1], segments[1] = 0, 0
    figure = overlay_figure(replace(three, labels=labels, segments=segments), FOOTER)
    tiles = [Tile(figure, n).pixels for n in range(6)]
    assert len({tile.shape for tile in tiles}) <= 2
    assert [bool((tile.min(axis=-1) > 200).any()) for tile in tiles] == [True] * 2 + [False] * 2 + [
        True
    ] * 2
    names = [t.get_text() for t in texts(figure)]
    assert {"Slice 1", "Slice 2", "Slice 3", "Native T1", "Cine", "ms", FOOTER} <= set(names)


@pytest.mark.parametrize("flat", [0.0, 7.0, np.nan])
def test_a_flat_or_empty_anatomy_is_drawn(flat):
    png_of(overlay_figure(overlay(anatomy=np.full(SHAPE, flat)), FOOTER))


def test_a_wall_without_cavity_has_contours_but_no_segments():
    labels, segments = heart()
    labels[labels == Label.LV] = Label.MYOCARDIUM
    assert segment_borders(segments, labels, SPACING) == []
    png_of(overlay_figure(overlay(labels=labels, segments=segments), FOOTER))


def test_long_words_do_not_leave_the_canvas():
    long = replace(
        overlay(), title=WORDS[:150], anatomy_title=WORDS[-150:], slice_names=(WORDS[:300],)
    )
    assert_texts_are_inside(overlay_figure(long, WORDS))


def test_equal_input_gives_equal_bytes():
    assert png_of(overlay_figure(overlay(2), FOOTER)) == png_of(overlay_figure(overlay(2), FOOTER))


def test_arrays_of_other_shape_are_refused():
    with pytest.raises(ValueError, match=r"labels \(1, 2, 2\), expected \(1, 180, 120\)"):
        overlay(labels=np.zeros((2, 2), np.uint8))
