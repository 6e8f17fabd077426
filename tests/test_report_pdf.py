"""The PDF as poppler reads and draws it."""

import numpy as np
import pytest
from PIL import Image

from cmr.records import Status
from deploy.gallery.paper import render_pdf
from report.numbers import NOTHING
from tests.conftest import tool
from tests.report_sample import (
    NOBODY,
    PICTURES,
    decision,
    gate,
    hostile,
    paint,
    pdf_text,
    said_by,
    whole_study,
    write,
)
from tests.results_sample import HEART, LV, RV, cine_results, study_results
from texts import LANGUAGES

pytestmark = pytest.mark.requirement("REP-01")

LONG = "W" * 64
BREAK = "\N{ZERO WIDTH SPACE}"  # where a long word may be broken
MANY = 200
MARGIN_MM = 6
DPI = 60


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    """Report of a study with every part."""
    folder = paint(tmp_path_factory.mktemp("full"))
    return write(folder, whole_study())[0]


def pages(path):
    return int(said_by("pdfinfo", path).split("Pages:")[1].split()[0])


def drawn(path, folder):
    """Each page in grey, as poppler draws it."""
    tool("pdftoppm")
    return [np.asarray(Image.open(p).convert("L")) for p in render_pdf(path, folder, DPI)]


def assert_margins_are_empty(path, folder):
    edge = int(MARGIN_MM / 25.4 * DPI)
    shown = drawn(path, folder)
    assert shown
    for page in shown:
        inside = page[edge:-edge, edge:-edge]
        assert inside.min() < 100, "an empty page"
        assert int((page < 250).sum()) == int((inside < 250).sum())


def test_it_is_a_pdf_a_of_four_pages_at_most_with_its_fonts_inside(full):
    assert 2 <= pages(full) <= 4
    described = said_by("pdfinfo", full)
    assert "A4" in described
    claimed = full.read_bytes()
    assert b"<pdfaid:part>2</pdfaid:part>" in claimed
    assert b"<pdfaid:conformance>B</pdfaid:conformance>" in claimed
    fonts = said_by("pdffonts", full).splitlines()[2:]
    assert fonts
    # Embedded, a part of the font, with a table back to letters.
    assert all(line.split()[-5:-2] == ["yes", "yes", "yes"] for line in fonts), fonts


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_value_of_the_cine_stands_in_it(language, tmp_path):
    pdf, _ = write(paint(tmp_path), whole_study(), language=language)
    text = pdf_text(pdf)
    for table in (LV, RV, HEART):
        for key, (_, shown) in table.items():
            assert f" {shown} " in text, key
    assert 2 <= pages(pdf) <= 4
    assert_margins_are_empty(pdf, tmp_path)


def test_every_value_of_maps_and_scar_stands_in_it(full):
    text = pdf_text(full)
    for region in (1001.3, *(round(100.126 + n, 1) for n in range(1, 17))):
        assert f" {region:.1f} " in text
    for median in (27.13, *(round(100.126 + n, 2) for n in range(1, 17))):
        assert f" {median:.2f} " in text
    for shown in ("21.05 g", "18.5 %", "113.46 g", "11.3 %", "6.2 %", "2.34 g", "2.1 %"):
        assert shown in text.replace("\N{NO-BREAK SPACE}", " ")
    assert "31.13" in text
    assert "27.4" in text
    for n in range(1, 17):
        assert f" {n + 0.26:.1f} " in text
        assert f" {6 + n / 8:.2f} " in text


def test_the_research_line_is_on_every_page(full, tmp_path):
    for n in range(1, pages(full) + 1):
        said_by("pdftotext", "-f", n, "-l", n, full, tmp_path / "page.txt")
        assert "not for diagnosis" in (tmp_path / "page.txt").read_text(encoding="utf-8")


def test_gates_stand_with_figure_limit_and_word(full):
    text = pdf_text(full).replace("\N{NO-BREAK SPACE}", " ")
    assert "Slice distance 17.7 mm 12 mm" in text
    assert "LV ejection fraction possible 60.3 % / 100 %" in text
    assert f"withheld RV found {NOTHING} 1" in text


def test_the_same_study_gives_the_same_bytes(full, tmp_path):
    again, _ = write(paint(tmp_path), whole_study())
    assert again.read_bytes() == full.read_bytes()


@pytest.mark.parametrize(
    "text",
    [
        '#panic("no") #include "/etc/passwd"',
        "*bold* _it_ $x^2$ `raw` = Head @ref <label>",
        "</style><script>alert(1)</script>",
        '"}\\ \\u{41} {{ 7 * 7 }} {page}',
        "//comment /* block */ https://example.org",
    ],
)
def test_what_a_header_says_is_never_code(text, tmp_path):
    pdf, _ = write(tmp_path, study_results(cine_results()), hostile(text))
    found = said_by("pdftotext", pdf, "-").replace(BREAK, "")
    assert "".join(text.split()) in "".join(found.split())


@pytest.mark.parametrize(
    "name",
    [LONG, " ".join([LONG] * 3), "محمد بن عبد الله", "דוד בן־גוריון", "王小東 김희선", "नमस्ते"],
)
def test_names_of_any_length_and_script_stay_on_the_page(name, tmp_path):
    pdf, _ = write(tmp_path, study_results(cine_results()), hostile(name))
    assert pages(pdf) >= 1
    assert_margins_are_empty(pdf, tmp_path)


def test_digests_can_be_copied(full):
    assert {"a" * 64, "b" * 64} <= set(said_by("pdftotext", full, "-").split())


def test_a_sign_that_turns_the_writing_is_left_out(tmp_path):
    pdf, _ = write(tmp_path, study_results(None), hostile("Doe\u202eEVIL\u2066\x00\x1b"))
    assert "DoeEVIL" in said_by("pdftotext", pdf, "-")


def test_crowds_of_gates_and_series_go_on_over_pages(tmp_path):
    crowd = [
        gate(f"gate_{n}", Status.REVIEW if n % 2 else Status.PASS, n, 5, "mm", "A long one. " * 9)
        for n in range(MANY)
    ]
    study = whole_study(quality=crowd, series=[decision(n, n % 2 == 0) for n in range(40)])
    pdf, _ = write(paint(tmp_path), study)
    text = pdf_text(pdf)
    assert all(f"gate_{n} " in text for n in range(MANY))
    assert_margins_are_empty(pdf, tmp_path)


@pytest.mark.parametrize("part", ["cine", "mapping", "scar"])
def test_a_lone_part_stands_alone(part, tmp_path):
    others = dict.fromkeys({"cine", "mapping", "scar"} - {part})
    pdf, _ = write(tmp_path, whole_study(**others, quality=[], series=[]), NOBODY)
    text = pdf_text(pdf)
    heads = {
        "cine": "Ventricular function",
        "mapping": "Tissue mapping",
        "scar": "Late gadolinium enhancement",
    }
    assert [key for key, head in heads.items() if f"{head}" in text.replace("Tissue mapping N", "")]
    assert heads[part] in text
    for other in others:
        assert heads[other] not in text
    assert_margins_are_empty(pdf, tmp_path)


def test_refusals_alone_make_a_report(tmp_path):
    refusals = {"cine": "no cine: no series has one heart beat of images at a position"}
    study = study_results(None).model_copy(update={"refusals": refusals, "quality": []})
    pdf, _ = write(tmp_path, study, NOBODY)
    assert refusals["cine"] in pdf_text(pdf)
    assert "Nothing was measured." in pdf_text(pdf)


def test_a_value_that_is_withheld_shows_its_reason(tmp_path):
    reason = "The trigger times of the phases do not rise."
    missing = {"edv_ml": (None, ""), "withheld": ({"edv_ml": reason}, "")}
    lv = {key: value for key, (value, _) in missing.items()}
    pdf, _ = write(tmp_path, study_results(cine_results(lv=lv)))
    text = pdf_text(pdf)
    assert f"{NOTHING}a" in text  # a number behind a dash would read as minus
    assert f"a {reason}" in text
    assert " 151.26 " not in text


def test_missing_pictures_leave_no_title(tmp_path):
    pdf, _ = write(tmp_path, whole_study())
    assert "Contours at end-diastole" not in pdf_text(pdf)
    some = paint(tmp_path / "some", ["cine-contours-ed.png"], moving=False)
    pdf, _ = write(some, whole_study())
    assert "Contours at end-diastole" in pdf_text(pdf)
    assert "Contours at end-systole" not in pdf_text(pdf)


def test_a_broken_picture_is_left_out(tmp_path):
    (tmp_path / "cine-curves.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    pdf, _ = write(tmp_path, whole_study())
    assert "Volume over the cardiac cycle" not in pdf_text(pdf)


def test_each_picture_is_drawn(full):
    listed = said_by("pdfimages", "-list", full).splitlines()[2:]
    images = [line for line in listed if line.split()[2] == "image"]
    assert len(images) == len(PICTURES)
