"""When two headers speak of one patient."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicomio.patient import PatientIdentity, count_patients, name_parts

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
