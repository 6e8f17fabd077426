"""Pictures of maps: what is drawn, with which scale, and what is said below."""

import io

import numpy as np
import pytest
from PIL import Image

from cmr.mapping.assemble import relaxation_results
from cmr.results_mapping import EcvMapResults
from pictures import map_pages
from pictures.map_page import MapPage
from pictures.map_pages import bullseye_page, overlay_page
from tests.mapped_heart import about, measured
from tests.mapping_sample import ecv, relaxation, results
from tests.tissue_heart import SETTINGS

pytestmark = pytest.mark.requirement("TIS-23")

NOTICE = "Research use only."
PLAIN = measured()
NUMBERS = range(1, 17)


def page(found, title="Native T1", key="native_t1"):
    labels = PLAIN.heart.labels.data[0]
    return MapPage(
        key, title, found, PLAIN.tissue.values, PLAIN.tissue.values, labels, PLAIN.aha.segments
    )


def drawn(pages, monkeypatch):
    """What the page asks to be drawn, and its footer."""
    asked = {}

    def record(panels, footer, words):
        asked["panels"], asked["footer"] = panels, footer
        return panels

    monkeypatch.setattr(map_pages, "bullseye_figure", record)
    monkeypatch.setattr(map_pages, "png_of", lambda figure: b"png")
    assert bullseye_page(pages, NOTICE) == b"png"
    return asked["panels"], asked["footer"]


def native(**changes):
    return results(relaxation, NUMBERS, **changes)


def of_quantity(quantity):
    if quantity != "ecv":
        return native(quantity=quantity)
    own = {"quantity": "ecv", "haematocrit": None, "post_shift": []}
    return results(ecv, NUMBERS, EcvMapResults, **own)


def test_values_of_the_bullseye_are_the_medians(monkeypatch):
    [panel], footer = drawn([page(native())], monkeypatch)
    assert panel.values == {k: 100.126 + k for k in NUMBERS}
    assert (panel.title, panel.decimals, panel.scale.unit) == ("Native T1", 0, "ms")
    assert footer == f"Native T1: MOLLI 5(3)3, 1.5 T, fitted map · {NOTICE}"


def test_withheld_segments_are_not_drawn(monkeypatch):
    found = native()
    segments = dict(found.segments)
    segments[4] = relaxation(median_ms=None, withheld={"median_ms": "Why."})
    [panel], _ = drawn([page(found.model_copy(update={"segments": segments}))], monkeypatch)
    assert set(panel.values) == set(NUMBERS) - {4}


def test_maps_without_any_segment_are_passed_over(monkeypatch):
    """Neither panel nor origin."""
    empty = native().model_copy(update={"segments": {1: relaxation(median_ms=None)}})
    panels, footer = drawn([page(empty, "Empty"), page(native())], monkeypatch)
    assert [p.title for p in panels] == ["Native T1"]
    assert "Empty" not in footer
    assert bullseye_page([page(empty)], NOTICE) is None
    assert bullseye_page([], NOTICE) is None


def test_ecv_is_drawn_in_per_cent(monkeypatch):
    of_ecv = of_quantity("ecv")
    [panel], _ = drawn([page(of_ecv, "Extracellular volume", "ecv")], monkeypatch)
    assert panel.values == {k: 100.126 + k for k in NUMBERS}
    assert (panel.scale.unit, panel.decimals) == ("%", 1)


@pytest.mark.parametrize(
    ("quantity", "field", "low", "high"),
    [
        ("native_t1", 1.5, 850, 1300),
        ("native_t1", 3.0, 1000, 1500),
        ("native_t1", None, 850, 1300),
        ("post_t1", 3.0, 250, 650),
        ("t2", 3.0, 35, 75),
    ],
)
def test_scales(quantity, field, low, high, monkeypatch):
    """The same for every patient; native T1 by field strength."""
    found = native(quantity=quantity, field_strength_t=field)
    [panel], footer = drawn([page(found)], monkeypatch)
    assert (panel.scale.low, panel.scale.high) == (low, high)
    assert ("None" in footer) is False
    assert (f"{field:g} T" in footer) if field else (" T," not in footer)


@pytest.mark.parametrize("quantity", ["native_t1", "post_t1", "t1", "t2", "t2_star", "ecv"])
def test_every_quantity_can_be_painted(quantity):
    found = of_quantity(quantity)
    with Image.open(io.BytesIO(bullseye_page([page(found)], NOTICE))) as image:
        assert image.size[0] > 200
        assert np.asarray(image.convert("L")).std() > 5


def with_slices():
    return relaxation_results(PLAIN, about(), (), SETTINGS.reference)


def test_overlay(monkeypatch):
    asked = {}

    def record(overlay, footer, words):
        asked["overlay"], asked["footer"] = overlay, footer

    monkeypatch.setattr(map_pages, "overlay_figure", record)
    monkeypatch.setattr(map_pages, "png_of", lambda figure: b"png")
    assert overlay_page(page(with_slices()), NOTICE) == b"png"
    levels = {s.level for s in with_slices().slices}
    assert levels == {"basal", "mid", "apical"}
    names = asked["overlay"].slice_names
    assert [n.partition(" · ")[0] for n in names] == [f"Slice {z} of 3" for z in (1, 2, 3)]
    assert {n.partition(" · ")[2] for n in names} == levels
    assert asked["footer"] == f"MOLLI 5(3)3, 1.5 T, scanner map · {NOTICE}"
    assert (asked["overlay"].scale.low, asked["overlay"].scale.high) == (500, 2000)


def test_overlay_is_a_picture():
    with Image.open(io.BytesIO(overlay_page(page(with_slices()), NOTICE))) as image:
        assert set(image.info) <= {"dpi"}
        assert np.asarray(image.convert("L")).std() > 5
