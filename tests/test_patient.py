"""When two headers speak of one patient."""

from datetime import date, timedelta
from math import floor, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset

from cmr.body import Subject
from dicomio.attributes import Attributes, elements
from dicomio.patient import (
    PatientIdentity,
    agreed_subject,
    count_patients,
    name_parts,
    read_subject,
)

pytestmark = pytest.mark.requirement("CINE-08")

DOE = PatientIdentity("1", "", ("doe", "jane"), "19600102")


@pytest.mark.parametrize(
    "name", ["Doe^Jane", "DOE^JANE^^^", " doe , jane ", "Jane Doe", "Doe=Jane", "ＤＯＥ^Jane"]
)
def test_spellings_of_one_name(name: str) -> None:
    assert name_parts(name) == ("doe", "jane")


def test_nobody_and_one() -> None:
    assert count_patients([]) == 0
    assert count_patients([DOE, DOE]) == 1
    assert count_patients([DOE, PatientIdentity("", "", (), "")]) == 1


names = st.tuples(st.sampled_from(["doe", "roe"]))
identities = st.builds(
    PatientIdentity,
    patient_id=st.sampled_from(["", "1", "2"]),
    issuer=st.sampled_from(["", "x", "y"]),
    name=st.one_of(st.just(()), names),
    birth_date=st.sampled_from(["", "19600102", "19700102"]),
)


@given(identities, identities)
def test_difference_is_symmetric_and_never_from_oneself(
    one: PatientIdentity, two: PatientIdentity
) -> None:
    assert one.differs_from(two) == two.differs_from(one)
    assert not one.differs_from(one)


@given(
    st.permutations([DOE, PatientIdentity("1", "", ("doe",), ""), PatientIdentity("2", "", (), "")])
)
def test_order_does_not_matter(found: list[PatientIdentity]) -> None:
    assert count_patients(found) == 2


def header(**changes: str) -> Attributes:
    """Elements of a header with the given attributes."""
    dataset = Dataset()
    for keyword, value in changes.items():
        setattr(dataset, keyword, value)
    return Attributes(elements(dataset))


@pytest.mark.parametrize(
    ("changes", "years"),
    [
        ({"PatientAge": "061Y"}, 61),
        ({"PatientAge": "000Y", "PatientBirthDate": "19600102", "StudyDate": "20200102"}, 60),
        ({"PatientAge": "000Y"}, nan),
        ({"PatientAge": "018M"}, 1.5),
        ({"PatientBirthDate": "19600102", "StudyDate": "20200102"}, 60),
        ({"PatientAge": "059Y", "PatientBirthDate": "19600102", "StudyDate": "20200101"}, 59),
        # An age that is not that of the dates: one of them hides the true one.
        ({"PatientAge": "030Y", "PatientBirthDate": "19600102", "StudyDate": "20200102"}, nan),
        ({"PatientBirthDate": "18500101", "StudyDate": "20200102"}, nan),
        ({"PatientBirthDate": "20210101", "StudyDate": "20200102"}, nan),
        ({"PatientBirthDate": "19601399", "StudyDate": "20200102"}, nan),
        ({"PatientBirthDate": "19600102"}, nan),
        ({"PatientAge": "61"}, nan),
        ({}, nan),
    ],
)
@pytest.mark.requirement("REP-09")
def test_age(changes: dict[str, str], years: float) -> None:
    assert read_subject(header(**changes)).age_years == pytest.approx(years, abs=0.01, nan_ok=True)


@pytest.mark.parametrize("born", ["19770110", "19770131", "19771231", "19760229"])
@pytest.mark.requirement("REP-09")
def test_a_year_is_completed_on_the_birthday(born: str) -> None:
    """A range from 45 years on is that of somebody who is 45 today."""
    day = date(int(born[:4]) + 45, 3, 1) if born.endswith("0229") else None
    day = day or date(int(born[:4]) + 45, int(born[4:6]), int(born[6:]))
    for studied, years in ((day, 45), (day - timedelta(days=1), 44)):
        found = header(PatientBirthDate=born, StudyDate=studied.strftime("%Y%m%d"))
        assert floor(read_subject(found).age_years) == years


@pytest.mark.parametrize(
    ("stated", "sex"), [("M", "male"), ("F", "female"), ("f ", "female"), ("O", ""), ("", "")]
)
@pytest.mark.requirement("REP-09")
def test_sex(stated: str, sex: str) -> None:
    assert read_subject(header(PatientSex=stated)).sex == sex


@pytest.mark.requirement("REP-09")
def test_what_headers_contradict_each_other_on_is_unknown() -> None:
    one = Subject(180, 80, "male", 60)
    assert agreed_subject([one, Subject(), one]) == one
    mixed = agreed_subject([one, Subject(175, 80, "female", 60)])
    assert (mixed.weight_kg, mixed.sex, mixed.age_years) == (80, "", 60)
    assert mixed.height_cm != mixed.height_cm
