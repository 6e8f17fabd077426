"""``summary.html``: stands alone, escapes everything, and is seen in a browser as it should be."""

import base64
import io
import re
import subprocess
from html.parser import HTMLParser

import pytest
from PIL import Image

from app.main import main
from app.thumbnails import thumbnails
from tests.conftest import tool
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


@pytest.fixture(params=["phone", "laptop", "print"])
def window(browser, page, request):
    """The page at a width, and what it asked for and complained of."""
    from deploy.gallery.render import opened

    with opened(browser, page, request.param) as shown:
        yield shown


def column(window, number):
    rows = "[...document.querySelectorAll('tbody tr')]"
    return window.page.evaluate(f"{rows}.map(row => row.cells[{number}]?.innerText ?? '')")


def test_the_page_is_whole_and_asks_for_nothing(window):
    seen = window.look()
    assert seen.faults == []
    assert seen.pictures == 2
    assert HOSTILE.replace("/", "|") in seen.text


def test_headings_sort_numbers_as_numbers_and_leave_gaps_below(window):
    heading = window.page.get_by_role("button", name=re.compile("^LV EDV"))
    first = column(window, 0)
    heading.click()
    values = [v for v in column(window, 2) if re.fullmatch(r"[\d.]+", v)]
    assert values == sorted(values, key=float)
    assert len(values) == 3
    assert window.page.locator("th[aria-sort=ascending]").inner_text().startswith("LV EDV")
    window.page.get_by_role("button", name="Folder").click()
    names = [name.split("\n")[0] for name in column(window, 0)]
    assert sorted(names) == sorted(name.split("\n")[0] for name in first)
    assert names.index("broken") < names.index("empty") < names.index("two/study-1")
    assert window.complaints == []


def test_it_prints_on_paper_without_losing_a_column(browser, page, tmp_path):
    from deploy.gallery.render import opened

    with opened(browser, page, "print") as shown:
        shown.page.pdf(path=tmp_path / "page.pdf", prefer_css_page_size=True)
    done = subprocess.run(
        [tool("pdftotext"), "-layout", tmp_path / "page.pdf", "-"],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    text = " ".join(done.stdout.split())
    for expected in ("Research use only", "151.26", "1001.3", "27.13", "18.5"):
        assert expected in text
