import re

import pytest

from cmr.errors import UsageError
from cmr.labels import Label
from validation.cohort.cine_manifest import CINE_FORM
from validation.cohort.manifest import read_manifest

pytestmark = pytest.mark.requirement("VAL-01")

HEADER = "case,phase,image,reference,structures,sex,vendor"


@pytest.fixture
def folder(tmp_path):
    for name in ("i.nii.gz", "r.nii.gz"):
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "map").mkdir()
    return tmp_path


def read(folder, *rows, header=HEADER):
    path = folder / "cases.csv"
    path.write_text("\n".join([header, *rows]), "utf-8")
    return read_manifest(path, CINE_FORM)


def row(case="a", phase="ed", image="i.nii.gz", reference="r.nii.gz", structures='"rv,myo,lv"'):
    return f"{case},{phase},{image},{reference},{structures},F,GE"


def problem(folder, *rows):
    [case] = read(folder, *rows)
    return case.problem


def test_rows_of_a_case_come_together_in_the_order_of_the_file(folder):
    cases = read(folder, row("b", "es"), row("a"), "", row("b", "ED", f"{folder}/i.nii.gz"))
    assert [case.case for case in cases] == ["b", "a"]
    assert {case.problem for case in cases} == {""}
    assert cases[0].subgroups == {"sex": "F", "vendor": "GE"}
    assert set(cases[0].parts) == {"ed", "es"}
    ed = cases[0].parts["ed"]
    assert (ed.image, ed.result) == (folder / "i.nii.gz", None)
    assert cases[1].parts["ed"].reference == folder / "r.nii.gz"
    assert cases[1].parts["ed"].structures == (Label.RV, Label.MYOCARDIUM, Label.LV)


@pytest.mark.parametrize("text", ['"lv, rv"', "lv;rv", "LV RV", "rv lv rv"])
def test_structures_may_be_written_in_several_ways(folder, text):
    [case] = read(folder, row(structures=text))
    assert case.parts["ed"].structures == (Label.RV, Label.LV)


def test_a_spreadsheets_mark_and_spaces_do_no_harm(folder):
    path = folder / "cases.csv"
    path.write_text(
        "\ufeffcase, phase,image ,reference,structures\r\na ,ed,i.nii.gz, r.nii.gz,lv\r\n"
    )
    [case] = read_manifest(path, CINE_FORM)
    assert (case.case, case.problem) == ("a", "")


def test_results_stand_in_place_of_images(folder):
    header = "case,phase,result,reference,structures"
    [case] = read(folder, "a,ed,map,r.nii.gz,lv", header=header)
    assert case.parts["ed"].image is None
    assert case.parts["ed"].result == folder / "map"
    assert case.parts["ed"].paths == (folder / "map", folder / "r.nii.gz")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([row(image="gone.nii.gz")], "ed: image missing or not readable: .*gone.nii.gz"),
        ([row(image="x" * 300)], "ed: image missing"),
        ([row(image="a\0b")], "ed: image missing"),
        ([row(reference="gone")], "ed: reference missing"),
        ([row(reference="")], "ed: no reference"),
        ([row(image="")], "ed: give an image or a result"),
        ([row(phase="mid")], "unknown phase 'mid', expected ed or es"),
        ([row(), row()], "phase ed twice"),
        ([row(structures="lv aorta")], "ed: unknown structure 'aorta'"),
        ([row(structures="")], "ed: no structures"),
        (
            [row(structures="rv,myo,lv")],
            "9 cells, expected 7: put a cell that holds commas in quotes",
        ),
        ([row(), row(phase="es").replace("GE", "Philips")], "vendor differs .*: GE, Philips"),
        ([row(case="")], "no case name"),
    ],
)
def test_a_bad_row_makes_a_case_with_a_problem(folder, rows, message):
    assert re.match(message, problem(folder, *rows))
    assert "\n" not in problem(folder, *rows)


def test_a_bad_case_leaves_the_others_sound(folder):
    cases = read(folder, row("a", "mid"), row("b"), row("", "ed"), row("", "es"))
    assert [bool(case.problem) for case in cases] == [True, False, True, True]
    assert [case.case for case in cases] == ["a", "b", "row 3", "row 4"]


def test_image_and_result_do_not_mix(folder):
    header = "case,phase,image,result,reference,structures"
    [both] = read(folder, "a,ed,i.nii.gz,map,r.nii.gz,lv", header=header)
    assert both.problem == "ed: give an image or a result"
    rows = ("a,ed,i.nii.gz,,r.nii.gz,lv", "a,es,,map,r.nii.gz,lv")
    [mixed] = read(folder, *rows, header=header)
    assert mixed.problem == "an image in one row and a result in another"


@pytest.mark.parametrize(
    ("header", "match"),
    [
        ("case,phase,image,reference", "no column structures"),
        ("case,phase,reference,structures", r"no column image \(or result\)"),
        ("case;phase;image;reference;structures", "no column case, .* comma-separated header"),
        (f"{HEADER},sex", "column 'sex' twice"),
        (f"{HEADER},status", "column 'status' has a name that the results use"),
        (f"{HEADER},", "column '' has a name that the results use"),
    ],
)
def test_an_unusable_header_is_refused(folder, header, match):
    with pytest.raises(UsageError, match=match):
        read(folder, row(), header=header)


def test_an_unusable_file_is_refused(folder):
    with pytest.raises(UsageError, match="cannot be read"):
        read_manifest(folder / "gone.csv", CINE_FORM)
    with pytest.raises(UsageError, match="cannot be read"):
        read_manifest(folder, CINE_FORM)
    with pytest.raises(UsageError, match="no rows below the header"):
        read(folder)
    with pytest.raises(UsageError, match="no column"):
        read(folder, header="")
    (folder / "cases.csv").write_bytes(b"case,\xff\xfe\x00")
    with pytest.raises(UsageError, match="not a CSV file in UTF-8"):
        read_manifest(folder / "cases.csv", CINE_FORM)
