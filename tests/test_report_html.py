"""The HTML as headless Chromium shows it: three widths, every picture, no request."""

import json
import re
from html.parser import HTMLParser

import pytest

from tests.report_sample import (
    MOVING,
    NOBODY,
    PATIENT,
    PICTURES,
    decision,
    gates,
    hostile,
    paint,
    squeezed,
    whole_study,
    write,
)
from tests.results_sample import HEART, LV, RV, cine_results, study_results
from texts import LANGUAGES

pytestmark = pytest.mark.requirement("REP-01")

MEDIA = ("phone", "laptop", "print")


def seen(browser, path, medium):
    """What a page of this width holds, and whether anything in it ran."""
    from deploy.gallery.render import opened

    with opened(browser, path, medium) as window:
        assert window.page.evaluate("document.scripts.length") == 0
        assert window.page.evaluate("window.run") is None
        return window.look()


@pytest.mark.parametrize("medium", MEDIA)
@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_overflows_or_is_missing(browser, language, medium, tmp_path):
    _, html = write(paint(tmp_path), whole_study(), language=language)
    found = seen(browser, html, medium)
    assert found.faults == []
    assert found.pictures == len([*PICTURES, MOVING])
    text = squeezed(found.text)
    for table in (LV, RV, HEART):
        for key, (_, shown) in table.items():
            assert re.search(rf"(?<![\d.]){re.escape(shown)}(?![\d.])", text), key


@pytest.mark.parametrize("medium", MEDIA)
@pytest.mark.parametrize(
    "text", ["W" * 64, "<img src=x onerror='window.run=1'>" * 2, "محمد بن عبد الله", "{{ 7 * 7 }}"]
)
def test_a_hostile_header_is_text_and_stays_inside(browser, medium, text, tmp_path):
    study = whole_study(series=[decision(1, True, text), decision(2, False, text)])
    _, html = write(paint(tmp_path), study, hostile(text), identity_in_files=True)
    found = seen(browser, html, medium)
    assert found.faults == []
    assert squeezed(found.text).count(squeezed(text)) >= 7


def test_refusals_alone_make_a_page(browser, tmp_path):
    study = study_results(None).model_copy(update={"quality": [], "refusals": {"cine": "No cine."}})
    _, html = write(tmp_path, study, NOBODY)
    found = seen(browser, html, "phone")
    assert found.faults == []
    assert "No cine." in squeezed(found.text)
    assert "Nothing was measured." in squeezed(found.text)


class Attributes(HTMLParser):
    """Every address that a page names."""

    def __init__(self):
        super().__init__()
        self.addresses, self.policy = [], ""

    def handle_starttag(self, tag, attrs):
        named = dict(attrs)
        self.addresses += [named[name] for name in ("src", "href", "action") if name in named]
        if named.get("http-equiv") == "Content-Security-Policy":
            self.policy = named["content"]


def test_the_page_forbids_itself_every_request(tmp_path):
    _, html = write(paint(tmp_path), whole_study())
    page = Attributes()
    page.feed(html.read_text(encoding="utf-8"))
    assert page.addresses
    assert all(address.startswith("data:") for address in page.addresses)
    assert "default-src 'none'" in page.policy
    assert "http" not in page.policy


def test_nobody_is_named_unless_the_site_asks(tmp_path):
    said = {}
    for asked in (False, True):
        _, html = write(tmp_path, whole_study(), identity_in_files=asked)
        said[asked] = html.read_text(encoding="utf-8")
    for value in (PATIENT.patient_name, PATIENT.patient_id, PATIENT.birth_date, PATIENT.scanner,
                  PATIENT.study_date, PATIENT.institution, PATIENT.accession_number):  # fmt: skip
        assert value in said[True]
        assert value not in said[False]


def test_the_same_study_gives_the_same_page(tmp_path):
    pages = [write(paint(tmp_path / n), whole_study())[1].read_bytes() for n in ("a", "b")]
    assert pages[0] == pages[1]


def test_every_gate_stands_with_figure_and_word(tmp_path):
    _, html = write(tmp_path, whole_study())
    text = html.read_text(encoding="utf-8")
    assert text.count('aria-label="pass"') == sum(g.status == "pass" for g in gates()) + 2  # maps
    for shown in ("17.7", "60.3", "review", "withheld"):
        assert shown in text


@pytest.mark.requirement("REP-07")
@pytest.mark.parametrize("medium", MEDIA)
def test_numbers_are_those_of_results_json(browser, medium, tmp_path):
    """Every number of a table on the page is in the file, at the decimals that are shown."""
    from deploy.gallery.render import opened

    study = whole_study()
    _, html = write(tmp_path, study)
    known = set(numbers_in(json.loads(study.model_dump_json(by_alias=True))))
    with opened(browser, html, medium) as window:
        numbers = window.page.locator("table.values td.num, table.segments td.num")
        cells = numbers.all_inner_texts()
    shown = [cell for cell in cells if re.fullmatch(r"-?\d+(\.\d+)?", cell)]
    assert len(shown) > 150
    for cell in shown:
        decimals = len(cell.partition(".")[2])
        assert any(f"{value:.{decimals}f}" == cell for value in known), cell


def numbers_in(value):
    if isinstance(value, dict):
        for one in value.values():
            yield from numbers_in(one)
    elif isinstance(value, list):
        for one in value:
            yield from numbers_in(one)
    elif isinstance(value, int | float):
        yield float(value)


def test_a_cine_without_maps_has_no_heading_of_them(tmp_path):
    _, html = write(tmp_path, study_results(cine_results()))
    text = html.read_text(encoding="utf-8")
    assert 'id="cine"' in text
    assert 'id="mapping"' not in text
    assert 'id="scar"' not in text
    assert "<img" not in text
