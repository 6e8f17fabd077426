"""What a written object comes from: images, the maker and the patient's study, as one value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pydicom.uid import UID

from cmr.volume import StackGeometry
from dicomio.patient_study import PatientStudy, read_patient_study
from dicomio.source import FrameRef, ImageSource
from dicomio.uids import ResultIdentity


@dataclass(frozen=True, eq=False)
class Origin:
    """Source images, product identity and whitelisted patient and study attributes."""

    study_uid: str
    frames: tuple[FrameRef, ...]
    identity: ResultIdentity
    study: PatientStudy

    def uid(self, kind: str) -> UID:
        """UID of the output ``kind`` made from every source image."""
        return self.identity.uid(kind, self.frames)

    def frame_of_reference_uid(self, geometry: StackGeometry) -> UID:
        """Frame of reference of a stack; one of our own where the source states none."""
        stated = geometry.frame_of_reference_uid
        return UID(stated) if stated else self.uid("frame-of-reference")


def origin_of(sources: Sequence[ImageSource], identity: ResultIdentity) -> Origin:
    """Gather the origin of what is made from ``sources``; reads the header of one image."""
    frames = tuple(frame for source in sources for row in source.frames for frame in row)
    return Origin(sources[0].study_uid, frames, identity, read_patient_study(frames[0].path))
