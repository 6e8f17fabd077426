"""What a written object comes from: the cine, the maker and the patient's study, as one value."""

from __future__ import annotations

from dataclasses import dataclass

from pydicom.uid import UID

from dicomio.patient_study import PatientStudy, read_patient_study
from dicomio.source import CineSource
from dicomio.uids import ResultIdentity


@dataclass(frozen=True, eq=False)
class Origin:
    """Source images, product identity and whitelisted patient and study attributes."""

    source: CineSource
    identity: ResultIdentity
    study: PatientStudy

    def uid(self, kind: str) -> UID:
        """UID of the output ``kind`` made from every image of the cine."""
        frames = (frame for phase in self.source.frames for frame in phase)
        return self.identity.uid(kind, frames)

    @property
    def frame_of_reference_uid(self) -> UID:
        """Frame of reference of the stack; one of our own where the source states none."""
        stated = self.source.geometry.frame_of_reference_uid
        return UID(stated) if stated else self.uid("frame-of-reference")


def origin_of(source: CineSource, identity: ResultIdentity) -> Origin:
    """Gather the origin; reads the header of one source image."""
    return Origin(source, identity, read_patient_study(source.frames[0][0].path))
