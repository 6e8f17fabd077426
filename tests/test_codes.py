"""The code table against the reference list, DICOM's own lists and the results schema."""

import pytest
from pydicom.dataset import Dataset
from pydicom.sr.coding import Code

from cmr.results import Heart, LeftVentricle, Ventricle
from cmr.results_cine import WallSegment
from cmr.results_mapping import EcvRegion, RelaxationRegion
from dicomio import codes, sr_concepts, sr_wall
from tests.dicom_tools import OWN_CODES, reference_codes, standard_codes

pytestmark = pytest.mark.requirement("CINE-33")

# Codes that the reference list does not hold: DICOM's own lists must know them.
FROM_THE_STANDARD = {
    ("121106", "DCM"),
    ("125228", "DCM"),
    ("111028", "DCM"),
    ("126200", "DCM"),
    ("260753009", "SCT"),
    ("121139", "DCM"),
    ("MR", "DCM"),
    ("112227", "DCM"),
    ("110910", "DCM"),
    ("110911", "DCM"),
    ("111026", "DCM"),
    ("111066", "DCM"),
    ("246205007", "SCT"),
    ("25056-3", "LN"),
    ("371886008", "SCT"),
    ("371885007", "SCT"),
    ("121416", "DCM"),
    ("258104002", "SCT"),
    ("128230", "DCM"),
    ("126220", "DCM"),
    ("106233006", "SCT"),
    ("11896004", "SCT"),
    ("59438005", "SCT"),
    ("13647002", "SCT"),
    ("57396003", "SCT"),
    ("122617", "DCM"),
    ("122619", "DCM"),
    ("122449", "DCM"),
    ("59092-7", "LN"),
}
# Codes of this project that neither list holds.
OWN = {(value, "99CMRPOST") for value in OWN_CODES}
# Those that the reference list names.
LISTED = {
    "ECV", "ECVSYN", "T1SR", "NATIVE", "POST", "GRAYZONE", "MVO", "SCARPCT", "TRANSM",
}  # fmt: skip
QUANTITIES = {
    f"{prefix}.{quantity.key}": quantity
    for prefix, kind in (("lv", LeftVentricle), ("rv", Ventricle), ("heart", Heart))
    for quantity in kind.quantities()
}


def key(code):
    return code.value, code.scheme_designator


def coded(value, scheme, meaning):
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    outer = Dataset()
    outer.ConceptNameCodeSequence = [item]
    return outer


def test_every_code_is_in_the_reference_list():
    reference = reference_codes()
    missing = {key(c) for c in codes.TABLE if key(c) not in reference}
    assert missing == FROM_THE_STANDARD | OWN
    wrong = [c for c in codes.TABLE if key(c) in reference and reference[key(c)] != c.meaning]
    assert not wrong


def test_private_codes_stand_for_what_nobody_else_has_a_code_for():
    own = {key(c) for c in codes.TABLE if c.scheme_designator == "99CMRPOST"}
    assert {value for value, _ in own - OWN} == LISTED
    standard = {m.casefold() for meanings in standard_codes().values() for m in meanings}
    assert not [c for c in codes.TABLE if key(c) in own and c.meaning.casefold() in standard]


def test_codes_beyond_the_reference_list_are_dicoms_own():
    standard = standard_codes()
    for code in codes.TABLE:
        if key(code) in FROM_THE_STANDARD:
            # SNOMED's full names end in their kind: "Source (attribute)".
            plain = {meaning.split(" (")[0] for meaning in standard[key(code)]}
            assert code.meaning in plain, code


def test_no_code_stands_twice():
    keys = [key(c) for c in codes.TABLE]
    assert len(set(keys)) == len(keys)
    assert len(keys) > 50


def test_every_unit_of_the_results_has_a_code():
    used = {q.unit for k, q in QUANTITIES.items() if k not in sr_concepts.LEFT_OUT}
    used |= {q.unit for kind in (RelaxationRegion, EcvRegion) for q in kind.quantities()}
    assert used <= set(codes.UNITS)
    assert all(unit == code.value for unit, code in codes.UNITS.items())


def test_every_measured_field_has_a_concept_or_a_reason():
    concepts, left_out = set(sr_concepts.CONCEPTS), set(sr_concepts.LEFT_OUT)
    assert concepts | left_out == set(QUANTITIES)
    assert not concepts & left_out


def test_every_number_of_the_wall_has_a_concept():
    assert {quantity.key for quantity in WallSegment.quantities()} == set(sr_wall.CONCEPTS)
    assert {quantity.unit for quantity in WallSegment.quantities()} <= set(codes.UNITS)


def test_every_formula_of_the_body_surface_area_has_a_code():
    formulae = Heart.model_fields["bsa_formula"].annotation
    named = {name for literal in formulae.__args__ for name in getattr(literal, "__args__", ())}
    assert set(sr_concepts.BSA_METHODS) == named


def test_private_codes_are_declared():
    schemes = codes.coding_schemes(coded("MVO", "99CMRPOST", "Microvascular obstruction"))
    assert [s.CodingSchemeDesignator for s in schemes] == ["99CMRPOST"]
    assert schemes[0].CodingSchemeUID.is_valid


def test_public_codes_need_no_declaration():
    assert codes.coding_schemes(coded("ml", "UCUM", "ml")) == []


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (Code("%", "UCUM", "Percent"), "%"),
        (Code("121233", "DCM", "Source Image for Segmentation"), "Source image for segmentation"),
        (Code("121049", "DCM", "Not in the table"), "Not in the table"),
    ],
)
def test_meanings_follow_the_table(found, expected):
    dataset = coded(found.value, found.scheme_designator, found.meaning)
    codes.harmonise_meanings(dataset)
    assert dataset.ConceptNameCodeSequence[0].CodeMeaning == expected
