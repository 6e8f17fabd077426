"""Haematocrit as the input states it: precedence, spellings, and what is refused."""

import json
from pathlib import Path

import pytest
from pydicom.dataset import Dataset

from cmr.mapping.ecv_pair import NoEcvError, haematocrit_for
from dicomio.haematocrit import SIDE_FILE, StatedHaematocrit, stated_haematocrit
from tests.dicom_factory import header, uid, write
from tests.mapped_heart import about
from tests.tissue_heart import SETTINGS

pytestmark = pytest.mark.requirement("TIS-06")

STUDY = uid("study")


def coded(value, code="20570-8", scheme="LN", unit="1"):
    """Item of the Acquisition Context."""
    item, name, units = Dataset(), Dataset(), Dataset()
    name.CodeValue, name.CodingSchemeDesignator, name.CodeMeaning = code, scheme, "Hct"
    units.CodeValue, units.CodingSchemeDesignator, units.CodeMeaning = unit, "UCUM", unit
    item.ValueType = "NUMERIC"
    item.ConceptNameCodeSequence, item.MeasurementUnitsCodeSequence = [name], [units]
    item.NumericValue = value
    return {"AcquisitionContextSequence": [item]}


def image(folder: Path, **changes):
    return write(header(**changes), folder / "image.dcm")


def stated(folder, images=(), configured=None, side=None):
    if side is not None:
        text = side if isinstance(side, str | bytes) else json.dumps(side)
        content = text.encode() if isinstance(text, str) else text
        (folder / SIDE_FILE).write_bytes(content)
    return stated_haematocrit(folder, STUDY, images, configured)


def test_nothing_is_stated(tmp_path):
    found = stated(tmp_path, [image(tmp_path)])
    assert found == StatedHaematocrit(None, "", "Neither side file, study nor app.yaml states one.")


def test_precedence_side_file_then_headers_then_settings(tmp_path):
    """0.41 in the file, 0.42 coded, 0.43 in a comment, 0.44 in app.yaml: each hides the next."""
    plain = image(tmp_path)
    commented = write(header(PatientComments="Hct 0.43"), tmp_path / "comment.dcm")
    both = write(header(PatientComments="Hct 0.43", **coded(0.42)), tmp_path / "both.dcm")
    assert stated(tmp_path, [plain], 0.44) == StatedHaematocrit(0.44, "app.yaml")
    assert stated(tmp_path, [plain, commented], 0.44).fraction == 0.43
    assert stated(tmp_path, [both], 0.44).fraction == 0.42
    found = stated(tmp_path, [both], 0.44, side={"haematocrit": 0.41})
    assert found == StatedHaematocrit(0.41, SIDE_FILE)


def test_side_file_of_several_studies(tmp_path):
    side = {STUDY: 0.39, uid("other"): 0.45, "haematocrit": 0.5}
    assert stated(tmp_path, side=side).fraction == 0.39


def test_side_file_of_another_study_says_nothing_of_this_one(tmp_path):
    found = stated(tmp_path, configured=0.44, side={uid("other"): 0.45})
    assert found == StatedHaematocrit(0.44, "app.yaml")


def test_side_file_as_windows_writes_it(tmp_path):
    assert stated(tmp_path, side=b'\xef\xbb\xbf{"haematocrit": 0.42}').fraction == 0.42


@pytest.mark.parametrize(
    ("side", "why"),
    [
        ("{", "not JSON"),
        (b"\xff\xfe\x00", "not JSON"),
        ("0.42,", "not JSON"),
        ("[" * 60000, "not JSON"),
        ([0.42], "no object"),
        ('"Doe^Jane 0.42"', "no object"),
        ({"haematocrit": True}, "not a number"),
        ({"haematocrit": "Doe^Jane"}, "not a number"),
        ({"haematocrit": [0.42]}, "not a number"),
        ('{"haematocrit": NaN}', "not a number"),
        ('{"haematocrit": Infinity}', "not a number"),
        ('{"haematocrit": 1e999}', "not a number"),
        ('{"haematocrit": 1' + 400 * "0" + "}", "not a number"),
        ('{"haematocrit": 0.42, "x": "' + 70000 * " " + '"}', "too large"),
    ],
    ids=range(14),
)
def test_a_side_file_that_cannot_be_used_stops_the_search(side, why, tmp_path):
    """Who wrote a file wanted it used: neither a header nor app.yaml stands in silently."""
    commented = image(tmp_path, PatientComments="Hct 0.43")
    found = stated(tmp_path, [commented], 0.44, side=side)
    assert (found.fraction, found.origin) == (None, SIDE_FILE)
    assert found.reason == f"{SIDE_FILE} cannot be used: {why}."


def test_a_folder_of_that_name_is_no_side_file(tmp_path):
    (tmp_path / SIDE_FILE).mkdir()
    assert stated(tmp_path, configured=0.44).fraction == 0.44


@pytest.mark.parametrize(
    ("text", "fraction"),
    [
        ("Hct 0.42", 0.42),
        ("HCT=42%", 0.42),
        ("Haematocrit: 38,5 %", 0.385),
        ("hematocrit .41", 0.41),
        ("ischaemia? Hct: 42. Diabetes", 0.42),
        ("hct 0.42 l/l", 0.42),
        # Beyond any limit, but it is what stands there; refused where it is used.
        ("Hct 0.42 %", 0.0042),
    ],
)
def test_text_of_the_headers(text, fraction, tmp_path):
    found = stated(tmp_path, [image(tmp_path, AdditionalPatientHistory=text)])
    assert found.fraction == pytest.approx(fraction)
    assert found.origin == "AdditionalPatientHistory of the images"


@pytest.mark.parametrize(
    "text",
    [
        "Hct 420",
        "Hct 12.03.2024: 0.42",
        "hct 20/11: 42 %",
        "Hct 38-45",
        "Hct unknown, 42 years",
        "hctx 42",
        "Shct 42",
        "",
    ],
)
def test_text_that_states_none(text, tmp_path):
    assert stated(tmp_path, [image(tmp_path, StudyComments=text)]).fraction is None


@pytest.mark.parametrize(
    ("context", "fraction"),
    [
        (coded(0.42), 0.42),
        (coded(42, unit="%"), 0.42),
        (coded(0.42, "4544-3"), 0.42),
        (coded(0.42, "28317006", "SCT"), 0.42),
        # A fraction of 42 is refused where it is used, not read as per cent.
        (coded(42), 42),
    ],
)
def test_coded_value(context, fraction, tmp_path):
    found = stated(tmp_path, [image(tmp_path, **context)])
    assert found == StatedHaematocrit(pytest.approx(fraction), "Acquisition Context of the images")


@pytest.mark.parametrize("context", [coded(0.42, "718-7"), coded(0.42, "20570-8", "99LOCAL")])
def test_other_codes_are_other_things(context, tmp_path):
    assert stated(tmp_path, [image(tmp_path, **context)]).fraction is None


@pytest.mark.parametrize("raw", [b"abc", b"", b"\\", b"NaN", b"1e999"])
def test_a_coded_value_that_is_no_number_is_passed_over(raw, tmp_path):
    """Headers are written by others; none of them ends the run."""
    path = image(tmp_path, **coded(7777.5))
    content = path.read_bytes()
    assert content.count(b"7777.5") == 1
    path.write_bytes(content.replace(b"7777.5", raw.ljust(6)))
    assert stated(tmp_path, [path], 0.44).origin == "app.yaml"


def test_a_file_that_is_no_image_is_passed_over(tmp_path):
    broken = tmp_path / "broken.dcm"
    broken.write_bytes(b"nothing")
    found = stated(tmp_path, [tmp_path / "absent.dcm", broken, image(tmp_path, **coded(0.4))])
    assert found.fraction == 0.4


def used(fraction=None, origin="", reason="None stated.", blood=1550.0, **changes):
    return haematocrit_for(
        about(**changes), blood, (fraction, origin, reason), SETTINGS.haematocrit
    )


def test_a_stated_value_is_used():
    found, record = used(0.42, SIDE_FILE, "")
    assert (found.fraction, found.slope_per_ms) == (0.42, 0)
    assert (record.fraction, record.source, record.origin) == (0.42, "measured", SIDE_FILE)
    assert record.sd_fraction == 0.01


@pytest.mark.parametrize("fraction", [42.0, 0.05, -0.42, float("nan"), float("inf")])
def test_a_stated_value_out_of_range_is_refused_and_not_replaced(fraction):
    """At 1.5 T with MOLLI there would be a synthetic one."""
    with pytest.raises(NoEcvError, match=r"app.yaml: .*expected a fraction of 1 from 0.1 to 0.7"):
        used(fraction, "app.yaml", "")


def test_what_cannot_be_used_is_not_replaced_by_an_estimate():
    with pytest.raises(NoEcvError, match=r"^haematocrit.json cannot be used: not JSON\.$"):
        used(None, SIDE_FILE, "haematocrit.json cannot be used: not JSON.")


def test_synthetic_by_hand():
    # 866.0 / 1550 - 0.1232 = 0.4355.
    found, record = used()
    assert record.fraction == 0.4355
    assert (record.source, record.sd_fraction) == ("synthetic", 0.04)
    assert "Treibel" in record.origin
    assert found.slope_per_ms == pytest.approx(-866.0 / 1550**2)


@pytest.mark.parametrize("sequence", ["SASHA", "ShMOLLI", "SMART1Map", "unknown"])
def test_synthetic_for_molli_alone(sequence):
    with pytest.raises(
        NoEcvError, match=f"None stated. The synthetic haematocrit .* not for {sequence}"
    ):
        used(sequence=sequence)


@pytest.mark.parametrize("field", [3.0, 1.0, float("nan")])
def test_synthetic_at_1_5_t_alone(field):
    with pytest.raises(NoEcvError, match=r"None stated\. .*holds at 1.5 T, and the field strength"):
        used(field_strength_t=field)


def test_synthetic_needs_the_t1_of_blood():
    with pytest.raises(NoEcvError, match="no native blood T1"):
        used(blood=float("nan"))


def test_an_unlikely_blood_t1_gives_no_haematocrit():
    # 866.0 / 700 - 0.1232 = 1.11.
    with pytest.raises(NoEcvError, match=r"\(synthetic\) 1\.114: expected"):
        used(blood=700.0)
