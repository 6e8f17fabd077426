"""``summary.html``: stands alone, escapes everything, and is seen in a browser as it should be."""

import base64
import io
import re
import shutil
import subprocess
from html.parser import HTMLParser

import pytest
from PIL import Image

from app.main import main
from app.thumbnails import thumbnails
from tests.conftest import require
from tests.summary_sample import HOSTILE, folders, measured

pytestmark = pytest.mark.requirement("REP-06")


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """The page over one folder of each kind, and one of a hostile name."""
    root = tmp_path_factory.mktemp("runs")
    sources = folders(root)
    sources.append(root / HOSTILE.replace("/", "|"))
    measured(sources[-1], "1.2.826.9")
    output = tmp_path_factory.mktemp("out")
    assert main(["--summary", *map(str, sources), "-o", str(output), "-q"]) == 0
    return output / "summary.html"


class Elements(HTMLParser):
    """Every start tag with its attributes."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def test_nothing_is_asked_of_another_host_and_nothing_of_a_file_is_markup(page):
    text = page.read_text(encoding="utf-8")
    elements = Elements(text).found
    assert [tag for tag, _ in elements].count("script") == 1
    for tag, attributes in elements:
        assert not [name for name in attributes if name.startswith("on")], tag
        for name in ("src", "href"):
            assert attributes.get(name, "data:image/jpeg;").startswith("data:image/jpeg;"), tag
    assert "Research use only" in text
    assert "&lt;script&gt;alert(1)" in text
    assert "{{ 7*7 }}" in text


def test_thumbnails_are_small_and_made_anew(tmp_path):
    measured(tmp_path / "run", pictures=[("map-bullseyes.png", (3000, 900))])
    [(title, uri)] = thumbnails(tmp_path / "run")
    assert title == "Bullseyes of the maps"
    with Image.open(io.BytesIO(base64.b64decode(uri.split(",")[1]))) as small:
        assert (small.format, small.size) == ("JPEG", (320, 96))
        assert small.convert("RGB").getpixel((160, 48)) == pytest.approx((200, 30, 40), abs=6)


@pytest.mark.parametrize("cut", [0, 8, 30, 60])
def test_a_picture_that_is_none_is_left_out(tmp_path, cut):
    measured(tmp_path / "run", pictures=[("map-bullseyes.png", (300, 200))])
    path = tmp_path / "run" / "map-bullseyes.png"
    path.write_bytes(path.read_bytes()[:cut])
    assert thumbnails(tmp_path / "run") == []


def test_a_picture_that_would_fill_the_memory_is_left_out(tmp_path):
    """A PNG of a few bytes may name any size."""
    measured(tmp_path / "run", pictures=[("map-bullseyes.png", (300, 200))])
    path = tmp_path / "run" / "map-bullseyes.png"
    content = bytearray(path.read_bytes())
    content[16:24] = (60_000).to_bytes(4, "big") * 2
    path.write_bytes(content)
    assert thumbnails(tmp_path / "run") == []


@pytest.fixture(scope="module")
def chromium():
    """Debian's browser without a screen."""
    require(shutil.which("chromium") is not None, "chromium")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        require(False, f"package {error.name}")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        yield opened
        opened.close()


@pytest.fixture(params=[360, 1280])
def opened(chromium, page, request):
    """The page in a window of a phone, or of a screen, and what it asked for and complained of."""
    window = chromium.new_page(viewport={"width": request.param, "height": 800})
    window.asked, window.complaints = [], []
    window.on("request", lambda r: window.asked.append(r.url))
    window.on("console", lambda m: window.complaints.append(m.text))
    window.on("pageerror", lambda e: window.complaints.append(str(e)))
    window.on("dialog", lambda d: (window.complaints.append(d.message), d.dismiss()))
    window.goto(page.as_uri())
    yield window
    window.close()


def column(window, number):
    rows = "[...document.querySelectorAll('tbody tr')]"
    return window.evaluate(f"{rows}.map(row => row.cells[{number}]?.innerText ?? '')")


def test_the_page_does_not_overflow_and_asks_for_nothing(opened, page):
    whole, window = opened.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert whole <= window
    assert [url for url in opened.asked if not url.startswith("data:")] == [page.as_uri()]
    assert opened.complaints == []
    loaded = "[...document.images].map(i => i.complete && i.naturalWidth > 0)"
    assert opened.evaluate(loaded) == [True, True]
    assert HOSTILE.replace("/", "|") in opened.inner_text("body")


def test_headings_sort_numbers_as_numbers_and_leave_gaps_below(opened):
    heading = opened.get_by_role("button", name=re.compile("^LV EDV"))
    first = column(opened, 0)
    heading.click()
    values = [v for v in column(opened, 2) if re.fullmatch(r"[\d.]+", v)]
    assert values == sorted(values, key=float)
    assert len(values) == 3
    assert opened.locator("th[aria-sort=ascending]").inner_text().startswith("LV EDV")
    opened.get_by_role("button", name="Folder").click()
    names = [name.split("\n")[0] for name in column(opened, 0)]
    assert sorted(names) == sorted(name.split("\n")[0] for name in first)
    assert names.index("broken") < names.index("empty") < names.index("two/study-1")
    assert opened.complaints == []


def test_it_prints_on_paper_without_losing_a_column(chromium, page, tmp_path):
    require(shutil.which("pdftotext") is not None, "pdftotext (poppler-utils)")
    window = chromium.new_page()
    window.goto(page.as_uri())
    window.pdf(path=tmp_path / "page.pdf", prefer_css_page_size=True)
    window.close()
    done = subprocess.run(
        ["pdftotext", "-layout", tmp_path / "page.pdf", "-"],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    text = " ".join(done.stdout.split())
    for expected in ("Research use only", "151.26", "1001.3", "27.13", "18.5", "Pictures"):
        assert expected in text
