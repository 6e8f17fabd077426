"""Scanner to PACS, through the application, and back: the real application and a real Orthanc."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset

from phantom.mapping_settings import MappingSettings, Protocol
from phantom.settings import PhantomSettings
from phantom.study import write_study
from tests.pacs_support import BridgeCommand, Orthanc

pytestmark = [pytest.mark.slow, pytest.mark.requirement("NBR-04")]

SETTINGS = PhantomSettings(
    seed=3,
    phases=16,
    matrix=(144, 160),
    pixel_spacing_mm=(1.8, 1.8),
    decoys=False,
    mapping=MappingSettings(protocols=(Protocol.NATIVE_MOLLI,)),
)
_PATIENT = ("PatientID", "PatientName", "PatientBirthDate", "PatientSex")
_STUDY = ("StudyInstanceUID", "StudyDate", "StudyTime", "StudyID", "AccessionNumber")


@dataclass(frozen=True)
class Trip:
    """The server afterwards, what was sent to it, and what the application had written."""

    orthanc: Orthanc
    bridge: BridgeCommand
    sent: dict[str, Dataset]
    written: dict[str, Dataset]

    def rows(self, *modalities: str) -> dict[str, dict[str, list]]:
        found = self.orthanc.instances()
        return {uid: row for uid, row in found.items() if row["00080060"][0] in modalities}


def by_uid(folder: Path) -> dict[str, Dataset]:
    datasets = map(pydicom.dcmread, folder.rglob("*.dcm"))
    return {dataset.SOPInstanceUID: dataset for dataset in datasets}


@pytest.fixture(scope="module")
def trip(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trip")
    write_study(folder / "study", SETTINGS)
    orthanc = Orthanc(folder / "orthanc")
    # A copy of the output tells what there was to store.
    script = '"$1" -m app --input "$2" --output "$3" --log-level ERROR && cp -r "$3" "$4"'
    kept = str(folder / "kept")
    command = ["sh", "-c", script, "sh", sys.executable, "{input}", "{output}", kept]
    bridge = BridgeCommand(orthanc, folder / "bridge", command)
    try:
        orthanc.c_store(folder / "study")
        assert bridge.once() == 0, bridge.log
        yield Trip(orthanc, bridge, by_uid(folder / "study"), by_uid(folder / "kept"))
    finally:
        orthanc.kill()


def test_every_object_of_the_application_is_in_the_pacs_once(trip):
    modalities = {d.Modality for d in trip.written.values()}
    assert {"SEG", "SR", "DOC", "KO"} <= modalities
    kinds = " ".join(d.SOPClassUID.name for d in trip.written.values())
    assert "Parametric Map" in kinds
    assert "Secondary Capture" in kinds
    assert set(trip.orthanc.instances()) == set(trip.sent) | set(trip.written)
    (study,) = trip.orthanc.qido("studies", includefield="NumberOfStudyRelatedInstances")
    assert study["00201208"] == [len(trip.sent) + len(trip.written)]


def test_the_objects_are_as_they_were_written(trip):
    for uid, dataset in trip.written.items():
        assert trip.orthanc.fetch(uid) == dataset


def test_patient_and_study_are_those_of_the_images(trip):
    (source, *_) = trip.sent.values()
    assert len(trip.orthanc.get("/patients")) == 1
    assert len(trip.orthanc.qido("studies", PatientID=source.PatientID)) == 1
    for uid in trip.written:
        stored = trip.orthanc.fetch(uid)
        for keyword in (*_PATIENT, *_STUDY):
            assert stored.get(keyword) == source.get(keyword), keyword


def test_every_reference_leads_to_an_object_of_its_class(trip):
    classes = {uid: row["00080016"][0] for uid, row in trip.orthanc.instances().items()}
    pointed: dict[str, set[str]] = {}
    for uid in trip.written:
        for item in references(trip.orthanc.fetch(uid)):
            assert classes.get(item.ReferencedSOPInstanceUID) == item.ReferencedSOPClassUID
            pointed.setdefault(uid, set()).add(item.ReferencedSOPInstanceUID)
    assert set(pointed) == set(trip.written), "each object says what it was made from"
    (report,) = trip.rows("SR")
    assert set(trip.rows("SEG")) <= pointed[report]
    (listing,) = trip.rows("KO")
    assert pointed.pop(listing) == set(trip.written) - {listing}, "the list has all the others"
    assert all(uids & set(trip.sent) for uids in pointed.values())


def references(dataset: Dataset):
    for element in dataset.iterall():
        if element.VR == "SQ":
            yield from (item for item in element.value if "ReferencedSOPInstanceUID" in item)


def test_asking_again_changes_nothing(trip):
    before = trip.orthanc.instances()
    assert trip.bridge.once() == 0, trip.bridge.log
    assert trip.orthanc.instances() == before
    assert trip.bridge.log.count("the application runs") == 1
