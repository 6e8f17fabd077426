"""report.html: what it says, that it stands alone, and that no data can break it."""

import base64
import io
from math import nan

import numpy as np
import pytest
from PIL import Image

from cmr.labels import Label
from tests.validation_support import Page
from validation.cohort.case_pictures import CaseImages, case_picture, worst_cases
from validation.cohort.cine_task import CINE
from validation.cohort.criteria import Criterion, Verdict
from validation.cohort.measures import number
from validation.cohort.plots import agreement_chart, box_chart
from validation.cohort.plots_uncertainty import uncertainty_chart
from validation.cohort.records import CaseRow, RunRecord
from validation.cohort.report import headline, write_report
from validation.cohort.report_tables import describe
from validation.cohort.summary import summarise
from validation.cohort.task import Outline

pytestmark = pytest.mark.requirement("VAL-04")

HOSTILE = (
    '<script>alert(1)</script> & "quoted" <img src=http://x.example/a onerror=alert(2)> '
    "$x$ {{ 7*7 }}"
)
RUN = RunRecord(
    task="cine",
    date="2026-11-22T14:55:03+00:00",
    command="python -m validation --task cine --manifest cases.csv --output out",
    application_version="0.2.0",
    versions={"numpy": "2.4.6"},
    model={"name": "cine_sax", "version": "1.2.3", "sha256": "ab" * 32},
    settings_sha256="cd" * 32,
    manifest_sha256="ef" * 32,
)
DICE_BOXES = CINE.look.boxes[0]


def verdict(passed, **changes):
    criterion = {
        "key": "cine.lv.edv_ml",
        "statistic": "mae",
        "limit": 14.7,
        "sense": "at_most",
        "source": "Suinesiaputra 2015",
    } | changes
    return Verdict(Criterion(**criterion), 3.21, passed)


def row(case="p1", offset=2.0, dice=0.9, **changes):
    content = {
        "case": case,
        "overlap": {"dice.lv.ed": dice, "dice.rv.es": dice - 0.1, "hd95_mm.lv.ed": 4.5},
        "measured": {"lv.edv_ml": 100 + offset, "rv.ef_pct": 50.0},
        "reference": {"lv.edv_ml": 100.0, "rv.ef_pct": 50.0},
        "agreement": {"agreement.lv.ed": dice},
        "subgroups": {"vendor": "Siemens"},
        "seconds": 2.0,
    }
    return CaseRow(**(content | changes))


def page(folder, rows, verdicts=(), run=RUN):
    path = write_report(folder, rows, summarise(rows, CINE), list(verdicts), run)
    assert path == folder / "report.html"
    return Page(path.read_text("utf-8"))


def keep_images(folder, labels, reference, spacing=(1.0, 1.0), images=None):
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(
        folder / "ed.npz",
        images=np.zeros(labels.shape, np.int16) if images is None else images,
        labels=labels,
        reference=reference,
        pixel_spacing_mm=np.array(spacing),
    )


def pixels(uri):
    head, content = uri.split(",")
    assert head == "data:image/png;base64"
    with Image.open(io.BytesIO(base64.b64decode(content))) as picture:
        return np.asarray(picture.convert("RGB"), int)


def yellow(rgb):
    return (rgb[..., 0] > 170) & (rgb[..., 1] > 150) & (rgb[..., 2] < 110)


def blue(rgb):
    return (rgb[..., 2] > 150) & (rgb[..., 0] < 120)


@pytest.mark.parametrize(
    ("passed", "expected"),
    [
        ([True, True], ("pass", "All 2 acceptance criteria hold")),
        ([True, True, None], ("pass", "All 2 acceptance criteria that apply hold")),
        ([True, False, None], ("fail", "1 of 2 acceptance criteria do not hold")),
        ([False], ("fail", "1 of 1 acceptance criterion does not hold")),
        ([None], ("none", "No acceptance criterion applies to these data")),
        ([], ("none", "No acceptance criterion applies to these data")),
    ],
)
def test_the_headline_is_the_verdict(passed, expected):
    assert headline([verdict(p) for p in passed]) == expected


def test_the_page_holds_the_numbers_and_how_they_were_made(tmp_path):
    rows = [row("p1", 1.0), row("p2", 2.0), row("p3", 3.0), row("p4", failure="no such file")]
    text = page(tmp_path, rows, [verdict(True)]).text
    # Differences of 1, 2 and 3 ml: mean 2, SD 1, limits 2 ± 1.96.
    assert "LV end-diastolic volume (ml) +2.0 1.0 0.0 to +4.0 2.0" in text
    assert "LV end-diastolic volume, mean absolute error (ml) 3.2 ≤ 14.7 ✓ pass" in text
    assert "Suinesiaputra 2015" in text
    assert "Research use only." in text
    assert "p4 no such file" in text
    assert "Cases 4 Measured 3 Failed 1" in text
    for made in ("1.2.3", "ab" * 32, "cd" * 32, "ef" * 32, RUN.command, "numpy 2.4.6"):
        assert made in text


def test_the_page_stands_alone(tmp_path):
    keep_images(tmp_path / "cases" / "0000", *np.full((2, 3, 20, 20), np.eye(20, dtype=int) * 3))
    found = page(tmp_path, [row()], [verdict(None)])
    links = found.values("src", "href", "xlink:href", "action", "data")
    assert links
    assert all(link.startswith(("#", "data:")) for link in links)
    assert not {"script", "link", "iframe", "object"} & set(found.tags)
    assert "img" in found.tags
    assert any("default-src 'none'" in v for v in found.values("content"))
    ids = found.values("id")
    assert len(ids) == len(set(ids))
    assert {link[1:] for link in links if link.startswith("#")} <= set(ids)


def test_hostile_text_stays_text(tmp_path):
    rows = [
        row(HOSTILE, subgroups={HOSTILE: HOSTILE}, gates=(HOSTILE,)),
        row("p2", failure=HOSTILE),
        row(HOSTILE, failure=HOSTILE),
    ]
    run = RUN.model_copy(update={"command": HOSTILE, "versions": {HOSTILE: HOSTILE}})
    found = page(tmp_path, rows, [verdict(True, source=HOSTILE)], run)
    # Case, subgroup (heading, two tables, their rows), gate, three failures, command, versions,
    # source of the limit.
    assert found.text.count(HOSTILE) == 14
    assert "script" not in found.tags
    assert "onerror" not in dict(found.attributes)
    assert not any("x.example" in v for v in found.values("src", "href"))


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [row(failure="empty mask", overlap={}, measured={}, reference={}, agreement={})],
        [row(overlap={"dice.lv.ed": nan}, measured={"lv.edv_ml": nan}, seconds=nan)],
        [row(overlap={"dice.lv.ed": 0.0, "hd95_mm.lv.ed": nan}, subgroups={})],
        [row(), row()],
    ],
    ids=["none", "all failed", "NaN", "missed structure", "no spread"],
)
def test_missing_data_leave_a_whole_page(tmp_path, rows):
    found = page(tmp_path, rows, run=RUN.model_copy(update={"model": None}))
    assert found.tags.count("section") == 8
    assert "nan" not in found.text.lower().split()
    assert "None" not in found.text.split()
    assert "no model was run" in found.text


def test_lv_only_data_show_no_rv(tmp_path):
    lv = row(overlap={"dice.lv.ed": 0.9}, measured={}, reference={"lv.edv_ml": 100.0})
    text = page(tmp_path, [lv]).text
    assert "RV" not in text
    assert "myocardium" not in text
    # The reference has a volume and the masks gave none: said, not dropped.
    assert "LV end-diastolic volume (ml) – – – – – – 0 +1 undefined" in text


@pytest.mark.parametrize(
    ("value", "digits", "signed", "text"),
    [
        (1.25, 2, False, "1.25"),
        (-1.25, 2, False, "−1.25"),
        (3, 1, True, "+3.0"),
        (-0.04, 1, True, "0.0"),
        (None, 1, False, "–"),
        (nan, 1, True, "–"),
    ],
)
def test_numbers_have_a_true_minus_and_undefined_is_a_dash(value, digits, signed, text):
    assert number(value, digits, signed) == text


def test_a_criterion_without_a_unit_shows_none():
    criterion = verdict(True, statistic="icc_2_1", sense="at_least").criterion
    assert describe(criterion, CINE) == ("LV end-diastolic volume, ICC(2,1)", "", 3)
    failures = verdict(True, key="failures", statistic="n").criterion
    assert describe(failures, CINE) == ("Failed cases", "", 0)


def test_worst_cases_come_lowest_first_and_leave_out_what_has_no_dice():
    rows = [
        row(dice=0.9),
        row(dice=0.5),
        row(failure="broken", dice=0.1),
        row(dice=0.7),
        row(overlap={"dice.lv.ed": nan}),
    ]
    assert rows[0].mean_dice == pytest.approx(0.85)
    assert worst_cases(rows, 2) == [1, 3]
    assert worst_cases(rows, 9) == [1, 3, 0]


def test_a_picture_shows_the_slices_from_end_to_end():
    reference = np.zeros((11, 4, 4), np.uint8)
    reference[1:10, 1:3, 1:3] = Label.LV
    empty = np.zeros_like(reference)
    lv, rv = (Outline((label,), (label,)) for label in (Label.LV, Label.RV))
    found = CaseImages(empty, empty, reference, (1, 1), "ED", (lv,))
    assert found.slices() == [1, 3, 5, 7, 9]
    assert CaseImages(empty, empty, reference, (1, 1), "ED", (rv,)).slices() == []


def test_a_picture_keeps_millimetres_square_and_names_both_contours_by_colour(tmp_path):
    # 20 rows of 1 mm and 10 columns of 2 mm: a square of 20 mm.
    reference = np.zeros((1, 60, 40), np.uint8)
    reference[0, 20:40, 15:25] = Label.LV
    keep_images(tmp_path, np.zeros_like(reference), reference, spacing=(1.0, 2.0))
    rgb = pixels(case_picture(tmp_path, row(overlap={"dice.lv.ed": 0.0}), CINE.look.pictures))
    rows, cols = np.nonzero(yellow(rgb))
    assert np.ptp(rows) == pytest.approx(np.ptp(cols), abs=3)
    # A margin of 12 mm on either side of the 19 (18) mm between the outer pixel centres.
    assert np.ptp(rows) / rgb.shape[0] == pytest.approx(20 / 43, abs=0.03)
    assert not blue(rgb).any()
    keep_images(tmp_path, reference, np.zeros_like(reference), spacing=(1.0, 2.0))
    rgb = pixels(case_picture(tmp_path, row(overlap={"dice.lv.ed": 0.0}), CINE.look.pictures))
    assert blue(rgb).any()
    assert not yellow(rgb).any()


def test_a_picture_keeps_greys_grey(tmp_path):
    reference = np.zeros((5, 60, 60), np.uint8)
    reference[:, 20:40, 20:40] = Label.LV
    # Bright pixels as rare as those of the contours, as fat is in a dark image.
    images = np.random.default_rng(0).uniform(0, 0.5, reference.shape)
    images[:, 48:52, 28:34] = np.linspace(0.7, 1, 6)
    keep_images(tmp_path, np.zeros_like(reference), reference, images=images)
    rgb = pixels(case_picture(tmp_path, row(overlap={"dice.lv.ed": 0.0}), CINE.look.pictures))
    # The lowest tenth of the tiles lies outside the margin of the contours.
    strip = rgb[-rgb.shape[0] // 10 :]
    assert np.ptp(strip, axis=2).max() == 0
    assert np.ptp(strip) > 50


def test_a_picture_draws_only_what_the_reference_holds(tmp_path):
    found = np.zeros((1, 40, 40), np.uint8)
    found[0, 5:15, 5:15] = Label.RV
    keep_images(tmp_path, found, np.zeros_like(found))
    assert case_picture(tmp_path, row(overlap={"dice.lv.ed": 0.0}), CINE.look.pictures) == ""
    assert blue(
        pixels(case_picture(tmp_path, row(overlap={"dice.rv.ed": 0.0}), CINE.look.pictures))
    ).any()


def test_a_case_without_images_has_no_picture(tmp_path):
    assert case_picture(tmp_path / "nothing", row(), CINE.look.pictures) == ""
    assert "kept no images of this case" in page(tmp_path, [row()]).text


def test_an_agreement_chart_has_its_pairs_and_the_limits_of_the_summary():
    measure = next(m for m in CINE.measures if m.key == "lv.edv_ml")
    rows = [row(), row(), row(measured={"lv.edv_ml": nan}), row(measured={})]
    chart = agreement_chart(rows, measure, {"bias": 2.0, "loa_low": -1.04, "loa_high": None})
    assert chart.alt.endswith("2 cases.")
    text = Page(chart.svg).text
    assert "bias +2.0" in text
    assert "−1.96 SD −1.0" in text
    assert "+1.96 SD" not in text
    assert "reference (ml)" in text
    assert agreement_chart(rows[2:], measure, {}) is None


def test_a_box_chart_has_a_box_for_what_was_scored():
    words = Page(box_chart([row(), row()], DICE_BOXES).svg).words
    assert [w for w in words if w in {"LV", "Myo", "RV"}] == ["LV", "RV"]
    assert box_chart([row(overlap={"dice.lv.ed": nan})], DICE_BOXES) is None


@pytest.mark.parametrize(
    ("dice", "rho"),
    [
        ((0.1, 0.3, 0.4, 0.9), "Spearman ρ 1.00, n 4"),
        ((0.9, 0.4, 0.3, 0.1), "Spearman ρ −1.00, n 4"),
        # Ranks 2 1 4 3 against 1 2 3 4: 1 - 6·4 / (4·15).
        ((0.3, 0.1, 0.9, 0.4), "Spearman ρ 0.60, n 4"),
        ((0.9, 0.9, 0.9, 0.9), "Spearman ρ undefined, n 4"),
        ((0.9, 0.8), "Spearman ρ undefined, n 2"),
    ],
)
def test_the_uncertainty_chart_gives_the_rank_correlation(dice, rho):
    rows = [row(dice=d, agreement={"agreement.lv.ed": 0.5 + 0.1 * i}) for i, d in enumerate(dice)]
    assert rho in Page(uncertainty_chart(rows).svg).text


def test_without_variants_there_is_no_uncertainty_chart(tmp_path):
    assert uncertainty_chart([row(agreement={})]) is None
    assert "no test-time variants" in page(tmp_path, [row(agreement={})]).text
