"""The HTML as headless Chromium shows it: three widths, every picture, no request."""

import json
import re
import shutil
from html.parser import HTMLParser

import pytest

from tests.conftest import require
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

CHROMIUM = "/usr/bin/chromium"
WIDTHS = {"phone": 360, "laptop": 1280, "print": 794}  # A4 at 96 dots an inch
ASKED = """() => ({
  wide: document.documentElement.scrollWidth, width: window.innerWidth,
  pictures: [...document.images].map(i => [i.complete, i.naturalWidth]),
  beyond: [...document.querySelectorAll('main *')].filter(e => !e.closest('svg')
    && e.getClientRects().length && e.getBoundingClientRect().right > innerWidth + 1)
    .map(e => e.outerHTML.slice(0, 90)),
  fonts: [...document.fonts].filter(f => f.status == 'error').length,
  loaded: performance.getEntriesByType('resource').map(r => r.name)
    .filter(n => !n.startsWith('data:')),
  scripts: document.scripts.length, run: window.run === 1 })"""


@pytest.fixture(scope="module")
def browser():
    """Chromium without a screen."""
    require(shutil.which("chromium") is not None, "chromium")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        require(False, f"package {error.name}")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            headless=True, executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        yield opened
        opened.close()


def seen(browser, path, medium):
    """What a page of this width holds, and every request that it made."""
    page = browser.new_page(viewport={"width": WIDTHS[medium], "height": 900})
    asked, errors = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: errors.append(message.text))
    page.emulate_media(media="print" if medium == "print" else "screen")
    page.goto(path.as_uri(), wait_until="load")
    found = page.evaluate("() => document.fonts.ready.then(() => 1)") and page.evaluate(ASKED)
    found |= {
        "requests": [url for url in asked if not url.startswith("data:") and url != path.as_uri()],
        "errors": errors,
        "text": squeezed(page.locator("body").inner_text()),
    }
    page.close()
    return found


def assert_whole(found):
    assert found["wide"] <= found["width"]
    assert found["beyond"] == []
    assert all(done and width for done, width in found["pictures"])
    assert found["fonts"] == 0
    assert (found["requests"], found["loaded"], found["errors"]) == ([], [], [])
    assert found["scripts"] == 0
    assert not found["run"]


@pytest.mark.parametrize("medium", WIDTHS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_overflows_or_is_missing(browser, language, medium, tmp_path):
    _, html = write(paint(tmp_path), whole_study(), language=language)
    found = seen(browser, html, medium)
    assert_whole(found)
    assert len(found["pictures"]) == len([*PICTURES, MOVING])
    for table in (LV, RV, HEART):
        for key, (_, shown) in table.items():
            assert re.search(rf"(?<![\d.]){re.escape(shown)}(?![\d.])", found["text"]), key


@pytest.mark.parametrize("medium", WIDTHS)
@pytest.mark.parametrize(
    "text", ["W" * 64, "<img src=x onerror='window.run=1'>" * 2, "محمد بن عبد الله", "{{ 7 * 7 }}"]
)
def test_a_hostile_header_is_text_and_stays_inside(browser, medium, text, tmp_path):
    study = whole_study(series=[decision(1, True, text), decision(2, False, text)])
    _, html = write(paint(tmp_path), study, hostile(text), identity_in_files=True)
    found = seen(browser, html, medium)
    assert_whole(found)
    assert found["text"].count(squeezed(text)) >= 7


def test_refusals_alone_make_a_page(browser, tmp_path):
    study = study_results(None).model_copy(update={"quality": [], "refusals": {"cine": "No cine."}})
    _, html = write(tmp_path, study, NOBODY)
    found = seen(browser, html, "phone")
    assert_whole(found)
    assert "No cine." in found["text"]
    assert "Nothing was measured." in found["text"]


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


def test_numbers_are_those_of_results_json(browser, tmp_path):
    """Every number of a table on the page is in the file, at the decimals that are shown."""
    study = whole_study()
    _, html = write(tmp_path, study)
    known = set(numbers_in(json.loads(study.model_dump_json(by_alias=True))))
    page = browser.new_page()
    page.goto(html.as_uri())
    cells = page.locator("table.values td.num, table.segments td.num").all_inner_texts()
    page.close()
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
