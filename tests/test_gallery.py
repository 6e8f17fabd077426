"""A page that is broken is told to be; a good one is not; a PDF becomes a picture a page."""

import subprocess

import pytest
from PIL import Image

from deploy.gallery.paper import render_pdf
from tests.conftest import tool

pytestmark = pytest.mark.requirement("REP-07")

# A red point.
PICTURE = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGA"
    "hKmMIQAAAABJRU5ErkJggg=="
)
# Nothing answers there.
ELSEWHERE = "http://127.0.0.1:9"
GOOD = f"""<!DOCTYPE html><meta charset="utf-8"><body><p>Good.</p><img src="{PICTURE}" alt="red">
<div style="overflow-x: auto"><p style="width: 3000px">It scrolls in its frame.</p></div>"""
POLICY = """<meta http-equiv="Content-Security-Policy" content="default-src 'none'">"""
BAD = {
    "overflow": ('<p style="width: 1400px">wide</p>', "px too wide"),
    "cut off": (
        '<div style="overflow-x: hidden"><p style="width: 1400px">cut</p></div>',
        "reaches over the edge: <p",
    ),
    "picture": ('<img src="gone.png" alt="the heart">', "missing: the heart"),
    "broken picture": ('<img src="data:image/png;base64,AAAA" alt="half">', "missing: half"),
    "late picture": (
        '<p style="height: 9000px"></p><img loading="lazy" src="gone.png" alt="late">',
        "missing: late",
    ),
    "request": (f'<link rel="stylesheet" href="{ELSEWHERE}/a.css">', f"asks {ELSEWHERE}/a.css"),
    "namesake": ('<iframe src="page.html.more"></iframe>', "page.html.more"),
    "forbidden": (f'{POLICY}<script src="{ELSEWHERE}/a.js"></script>', "complaint: "),
    "error": ("<script>throw new Error('lost')</script>", "complaint: lost"),
    "dialog": ("<script>alert('look')</script>", "complaint: look"),
    "font": (
        "<style>@font-face{font-family:F;src:url(data:font/woff2;base64,AAAA)}</style>"
        '<p style="font-family:F">x</p>',
        "missing: font F",
    ),
}


@pytest.fixture
def faults(browser, tmp_path):
    from deploy.gallery.render import see_html

    def found(body, width):
        file = tmp_path / "page.html"
        file.write_text(body, encoding="utf-8")
        return see_html(browser, file, width, tmp_path / "page.png").faults

    return found


@pytest.mark.parametrize("width", ["phone", "laptop", "print"])
def test_a_good_page_has_no_faults(faults, width, tmp_path):
    assert faults(GOOD, width) == []
    with Image.open(tmp_path / "page.png") as picture:
        assert picture.width == {"phone": 360, "laptop": 1280, "print": 794}[width]


@pytest.mark.parametrize("name", BAD)
def test_a_broken_page_is_told(faults, name):
    body, told = BAD[name]
    found = faults(f"{GOOD}{body}", "laptop")
    assert any(told in fault for fault in found), found


def test_what_is_too_wide_on_a_phone_alone_is_told_there_alone(faults):
    body = f'{GOOD}<p style="width: 500px">x</p>'
    assert faults(body, "phone")
    assert faults(body, "laptop") == []


def test_print_is_seen_as_print(faults):
    body = f"{GOOD}<style>@media print {{ #x {{ width: 2000px }} }}</style><p id=x>x</p>"
    assert faults(body, "laptop") == []
    assert faults(body, "print")


def test_a_pdf_becomes_a_picture_a_page(tmp_path):
    tool("pdftoppm")
    pages = [Image.new("L", (60, 80), grey) for grey in (0, 255)]
    pages[0].save(tmp_path / "two.pdf", save_all=True, append_images=pages[1:], resolution=72)
    drawn = render_pdf(tmp_path / "two.pdf", tmp_path, dpi=72)
    assert [file.name for file in drawn] == ["two-1.png", "two-2.png"]
    shades = [Image.open(file).convert("L").resize((1, 1)).getpixel((0, 0)) for file in drawn]
    assert shades[0] < 10
    assert shades[1] > 245
    (tmp_path / "none.pdf").write_bytes(b"%PDF-")
    with pytest.raises(subprocess.CalledProcessError):
        render_pdf(tmp_path / "none.pdf", tmp_path)
