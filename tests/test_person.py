"""Names in the character sets of the standard, dates, ages: what stands on the report."""

import logging
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.dataelem import RawDataElement
from pydicom.tag import Tag

from cmr.body import Subject
from dicomio.headers import image_headers
from dicomio.index import Series, Study
from dicomio.person import StudyIdentity, read_study_identity, readable_name, shown
from dicomio.quiet import quiet
from tests.dicom_factory import enhanced, header, write

pytestmark = pytest.mark.requirement("REP-03")

JAPANESE, KOREAN = r"\ISO 2022 IR 87", r"\ISO 2022 IR 149"
# Bytes and readings as printed in DICOM PS3.5, annexes H (Japanese), I (Korean), J (Chinese in
# UTF-8 and GB18030) and K (Chinese in GB 2312).
STANDARD = {
    "H.3.1": (
        JAPANESE,
        b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B",
        "Yamada, Tarou (山田, 太郎; やまだ, たろう)",
    ),
    "H.3.2": (
        r"ISO 2022 IR 13\ISO 2022 IR 87",
        b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J="
        b"\x1b$B$d$^$@\x1b(J^\x1b$B$?$m$&\x1b(J",
        "ﾔﾏﾀﾞ, ﾀﾛｳ (山田, 太郎; やまだ, たろう)",
    ),
    "I.2": (
        KOREAN,
        b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf",
        "Hong, Gildong (洪, 吉洞; 홍, 길동)",
    ),
    "J.1": (
        "ISO_IR 192",
        b"Wang^XiaoDong=\xe7\x8e\x8b^\xe5\xb0\x8f\xe6\x9d\xb1=",
        "Wang, XiaoDong (王, 小東)",
    ),
    "J.3": ("GB18030", b"Wang^XiaoDong=\xcd\xf5^\xd0\xa1\xb6\xab=", "Wang, XiaoDong (王, 小东)"),
    "K.2": (
        r"\ISO 2022 IR 58",
        b"Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab=",
        "Zhang, XiaoDong (张, 小东)",
    ),
}
# By the tables of JIS X 0208 and GB18030: the second byte, or the first, is a sign of a DICOM name.
TREACHEROUS = {
    "= in a Japanese letter": (JAPANESE, b"Haru=\x1b$B=U\x1b(B", "Haru (春)"),
    "^ in a Chinese letter": ("GB18030", b"Ma^Fen=\xc2\xed^\x8a\x5e", "Ma, Fen (马, 奮)"),
    "\\ in a Chinese letter": ("GB18030", b"Ma^Cheng=\xc2\xed^\xd5\x5c", "Ma, Cheng (马, 誠)"),
}


def raw(ds, keyword, value, vr):
    number = Tag(keyword)
    ds[number] = RawDataElement(number, vr, len(value), value, 0, False, True)


def identity(folder: Path, ds=None, **changes) -> StudyIdentity:
    """Identity of a study of one file."""
    ds = header(**changes) if ds is None else ds
    with quiet():  # what is malformed is so on purpose
        images = image_headers(ds, write(ds, folder / "image.dcm"))
    series = Series(images[0].series_uid, images)
    return read_study_identity(Study(images[0].study_uid, (series,), Subject()))


@pytest.mark.parametrize("name", [*STANDARD, *TREACHEROUS])
def test_names_read_as_the_standard_prints_them(name, tmp_path):
    character_set, value, expected = (STANDARD | TREACHEROUS)[name]
    ds = header()
    raw(ds, "SpecificCharacterSet", character_set.encode(), "CS")
    raw(ds, "PatientName", value, "PN")
    raw(ds, "ReferringPhysicianName", value, "PN")
    found = identity(tmp_path, ds)
    assert found.patient_name == expected
    assert found.referring_physician == expected


# PS3.5, section 6.2.1.1, and by hand.
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Adams^John Robert Quincy^^Rev.^B.A. M.Div.",
         "Adams, Rev. John Robert Quincy, B.A. M.Div."),
        ("Morrison-Jones^Susan^^^Ph.D., Chief Executive Officer",
         "Morrison-Jones, Susan, Ph.D., Chief Executive Officer"),
        ("Doe^John", "Doe, John"),
        ("Smith^Fluffy^Anne", "Smith, Fluffy Anne"),
        ("ABC Farms^Running on Water", "ABC Farms, Running on Water"),
        ("=王^小東", "王, 小東"),
        ("Wang^XiaoDong==", "Wang, XiaoDong"),
        ("^^^^", ""),
        ("", ""),
        ("a=b=c=d", "a (b; c)"),
    ],
)  # fmt: skip
def test_parts_of_a_name_stand_in_reading_order(name, expected):
    assert readable_name(name) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\x00b\x1bc\x07d", "abcd"),
        ("two\r\nlines\tand  blanks", "two lines and blanks"),
        ("evil \u202egnp.exe", "evil gnp.exe"),  # turns the direction of writing
        ("می\u200cخواهم", "می\u200cخواهم"),  # Persian needs its non-joiner
        ("e\u0301", "é"),
        ("x" * 64, "x" * 64),
        ("x" * 65, "x" * 63 + "…"),
    ],
)
def test_text_is_made_fit_for_a_page(text, expected):
    assert shown(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("19600102", "1960-01-02"), ("1960.01.02", "1960-01-02"), ("20240229", "2024-02-29"),
     ("19701399", ""), ("20230229", ""), ("00000000", ""), ("", ""), ("2 Jan 1960", "")],
)  # fmt: skip
def test_dates_are_iso_or_absent(text, expected, tmp_path):
    ds = header()
    raw(ds, "PatientBirthDate", text.encode(), "DA")
    raw(ds, "StudyDate", text.encode(), "DA")
    found = identity(tmp_path, ds)
    assert (found.birth_date, found.study_date) == (expected, expected)


@pytest.mark.parametrize(
    ("stated", "born", "scanned", "expected"),
    [
        ("068Y", "19560102", "20240704", "68 y"),
        ("007M", "", "20240704", "7 mo"),
        ("003W", "", "", "3 wk"),
        ("012D", "", "", "12 d"),
        ("", "19560704", "20240704", "68 y"),
        ("", "19560705", "20240704", "67 y"),
        ("", "20000229", "20240228", "23 y"),
        ("", "20220704", "20240704", "2 y"),
        ("", "20220705", "20240704", "23 mo"),
        ("", "20240610", "20240704", "24 d"),
        ("000Y", "19560102", "20240704", "68 y"),
        ("000Y", "", "20240704", ""),
        ("old", "19560102", "", ""),
        ("", "20250101", "20240704", ""),
    ],
)
def test_age_is_stated_or_counted(stated, born, scanned, expected, tmp_path):
    ds = header()
    for keyword, value, vr in (
        ("PatientAge", stated, "AS"), ("PatientBirthDate", born, "DA"), ("StudyDate", scanned, "DA")
    ):  # fmt: skip
        raw(ds, keyword, value.encode(), vr)
    assert identity(tmp_path, ds).age == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("093015.250", "09:30"), ("0930", "09:30"), ("09:30:15", "09:30"), ("09", ""), ("2460", "")],
)
def test_clock(text, expected, tmp_path):
    ds = header()
    raw(ds, "StudyTime", text.encode(), "TM")
    assert identity(tmp_path, ds).study_time == expected


@pytest.mark.parametrize(
    ("maker", "model", "expected"),
    [("SIEMENS", "Aera", "SIEMENS Aera"), ("Philips", "Philips Ingenia", "Philips Ingenia"),
     ("GE MEDICAL SYSTEMS", "", "GE MEDICAL SYSTEMS"), ("", "Aera", "Aera"), ("", "", "")],
)  # fmt: skip
def test_scanner(maker, model, expected, tmp_path):
    found = identity(tmp_path, Manufacturer=maker, ManufacturerModelName=model)
    assert found.scanner == expected


def test_all_fields_of_an_image(tmp_path):
    found = identity(
        tmp_path,
        AccessionNumber="ACC1",
        InstitutionName="Hôpital Général",
        StudyDescription="Cardiac MR",
        PatientSex="F",
        ReferringPhysicianName="Ref^R",
        MagneticFieldStrength=15000,  # gauss
    )
    assert vars(found) == {
        "patient_name": "Doe, Jane",
        "patient_id": "ID4711",
        "birth_date": "1960-01-02",
        "sex": "F",
        "age": "63 y",
        "study_date": "2024-01-01",
        "study_time": "12:00",
        "study_description": "Cardiac MR",
        "accession_number": "ACC1",
        "institution": "Hôpital Général",
        "referring_physician": "Ref, R",
        "scanner": "Maker",
        "field_strength_t": 1.5,
    }


def test_an_image_that_says_nothing(tmp_path):
    silent = dict.fromkeys(("PatientName", "PatientID", "PatientBirthDate", "StudyDate",
                            "StudyTime", "Manufacturer", "MagneticFieldStrength"))  # fmt: skip
    assert identity(tmp_path, **silent) == StudyIdentity()


def test_enhanced_images(tmp_path):
    found = identity(tmp_path, enhanced(((1.0, 0.0, 0.0), (0.0, 1.0, 0.0)), [0.0, 10.0], 2))
    assert found.patient_id == "ID4711"


def test_nothing_is_said_aloud(tmp_path, caplog, recwarn):
    ds = header()
    raw(ds, "SpecificCharacterSet", b"ISO 9999", "CS")
    raw(ds, "PatientName", b"Sec\xffret^Name\x1b$X\xfe", "PN")
    raw(ds, "PatientBirthDate", b"2 Jan 1956", "DA")
    with caplog.at_level(logging.DEBUG):
        found = identity(tmp_path, ds)
    assert "ret" in found.patient_name
    assert not caplog.text
    assert not recwarn.list
    assert "ret" not in repr(found)


@settings(
    deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60
)
@given(
    name=st.binary(max_size=80), character_set=st.sampled_from([s for s, *_ in STANDARD.values()])
)
def test_any_bytes_become_one_bounded_line(tmp_path, name, character_set):
    ds = header()
    raw(ds, "SpecificCharacterSet", character_set.encode(), "CS")
    raw(ds, "PatientName", name, "PN")
    text = identity(tmp_path, ds).patient_name
    assert len(text) <= 3 * 64 + len(" (; )") + 3 * 8
    assert all(c.isprintable() or c in "\u200c\u200d" for c in text)
