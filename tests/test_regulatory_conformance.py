"""The conformance statement against the code, DICOM's dictionary and files that were written."""

import ast
import re

import highdicom as hd
import pydicom
import pytest
from highdicom.base import SOPClass
from pydicom.datadict import keyword_for_tag
from pydicom.uid import (
    AllTransferSyntaxes,
    ExplicitVRLittleEndian,
    MediaStorageDirectoryStorage,
    UID_dictionary,
)

from deploy.trust import ROOT
from deploy.trust.conformance import PRIVATE_TAGS, WRITTEN, conformance_page, transfer_syntaxes
from dicomio import file_reader
from dicomio.codes import PRIVATE_SCHEME, PRIVATE_SCHEME_UID
from dicomio.patient_study import WHITELIST
from tests.mapping_sample import write_map_case
from tests.rendering_case import write_rendered
from tests.writer_case import write_in_words

pytestmark = pytest.mark.requirement("TRU-02")

STATEMENT = (ROOT / "docs" / "conformance.md").read_text(encoding="utf-8")
MADE = {
    "Segmentation": "1.2.840.10008.5.1.4.1.1.66.4",
    "ParametricMap": "1.2.840.10008.5.1.4.1.1.30",
    "ComprehensiveSR": "1.2.840.10008.5.1.4.1.1.88.33",
    "EnhancedSR": "1.2.840.10008.5.1.4.1.1.88.22",
    "KeyObjectSelectionDocument": "1.2.840.10008.5.1.4.1.1.88.59",
}
# Encapsulated PDF and Secondary Capture, made of the class that all of highdicom's derive from.
PLAIN = {"1.2.840.10008.5.1.4.1.1.104.1", "1.2.840.10008.5.1.4.1.1.7"}


def sources():
    return [p.read_text(encoding="utf-8") for p in sorted((ROOT / "dicomio").glob("*.py"))]


def rows(name):
    """Cells of each row of a table of the statement, without its head."""
    part = STATEMENT.split(f"<!-- {name} -->")[1].split(f"<!-- /{name} -->")[0]
    lines = [line for line in part.strip().splitlines() if line.startswith("|")]
    return [[cell.strip().strip("`") for cell in line.split("|")[1:-1]] for line in lines[2:]]


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    case = write_rendered(tmp_path_factory.mktemp("cine"))
    _, words = write_in_words(tmp_path_factory.mktemp("words"))
    maps = write_map_case(tmp_path_factory.mktemp("map"))
    folder = maps.maps[0].value.path.parent
    return [pydicom.dcmread(p) for p in [*case.files, words, *sorted(folder.glob("*.dcm"))]]


def test_no_other_object_of_dicom_is_made():
    rooms = (hd.seg, hd.pm, hd.sr, hd.sc, hd.ko, hd.pr, hd.ann, hd.legacy)
    classes = {
        name
        for room in rooms
        for name, thing in vars(room).items()
        if isinstance(thing, type) and issubclass(thing, SOPClass)
    }
    calls = [
        ast.unparse(node.func).split(".")[-1]
        for text in sources()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call)
    ]
    assert set(calls) & classes == set(MADE)
    # Two kinds come out of one place: which, its callers say.
    assert (calls.count("SOPClass"), calls.count("new_object")) == (1, len(PLAIN))
    assert set(WRITTEN) == set(MADE.values()) | PLAIN


def test_every_storage_class_in_the_code_is_stated():
    named = {n for text in sources() for n in re.findall(r"\b[A-Za-z0-9]+Storage\b", text)}
    stated = {uid for table in ("sop-classes-read", "sop-classes-written") for _, uid, _ in
              rows(table)}  # fmt: skip
    assert {getattr(pydicom.uid, n) for n in named} <= stated | {MediaStorageDirectoryStorage}


def test_written_files_are_of_the_stated_classes_and_syntax(written):
    assert {ds.SOPClassUID for ds in written} == {uid for _, uid, _ in rows("sop-classes-written")}
    assert {ds.file_meta.TransferSyntaxUID for ds in written} == {ExplicitVRLittleEndian}
    assert {ds.ContentQualification for ds in written} == {"RESEARCH"}


def test_nothing_private_is_written(written):
    for ds in written:
        assert not [element.tag for element in ds.iterall() if element.tag.is_private]


def test_codes_of_its_own_are_declared_and_listed(written):
    stated = {value for value, _ in rows("private-codes")}
    used = {
        item.CodeValue
        for ds in written
        for element in ds.iterall()
        if element.VR == "SQ"
        for item in element.value
        if item.get("CodingSchemeDesignator") == PRIVATE_SCHEME and "CodeValue" in item
    }
    assert used
    assert used <= stated
    assert f"`{PRIVATE_SCHEME}` (UID {PRIVATE_SCHEME_UID})" in STATEMENT


def test_names_and_uids_are_those_of_dicom():
    tables = ("sop-classes-read", "sop-classes-written", "transfer-syntaxes")
    for name, uid, *_ in (row for table in tables for row in rows(table)):
        assert UID_dictionary[uid][0] == name


def test_the_reader_takes_the_stated_transfer_syntaxes_and_no_other():
    taken = {u for u in AllTransferSyntaxes if u in file_reader._NATIVE or file_reader.decodable(u)}
    assert set(transfer_syntaxes()) == taken
    assert {uid for _, uid, *_ in rows("transfer-syntaxes")} == taken
    # Every MR scanner's, and what archives make of them.
    assert {"1.2.840.10008.1.2", "1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.4.90"} <= taken


def test_every_private_element_in_the_code_is_stated():
    numbers = {
        int(n, 16) for text in sources() for n in re.findall(r"\b0x([0-9A-Fa-f]{8})\b", text)
    }
    assert {n for n in numbers if (n >> 16) % 2 and n >> 16 < 0xFFFE} == set(PRIVATE_TAGS)


def test_copied_attributes_are_the_whitelist():
    stated = {name: keyword_for_tag(t.strip("()").replace(",", "")) for t, name in
              rows("attributes-copied")}  # fmt: skip
    assert set(stated) == set(WHITELIST)
    assert all(name == keyword for name, keyword in stated.items())


def test_a_page_without_its_parts_is_refused():
    with pytest.raises(ValueError, match="no part sop-classes-read"):
        conformance_page("# Statement")
