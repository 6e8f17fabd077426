"""Index an input folder: every file accounted for, headers only, one light record an image."""

from __future__ import annotations

import hashlib
import math
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path

from cmr.body import Subject
from cmr.errors import NothingReadable, SeveralPatients
from cmr.results import InputCount, SkippedFile
from dicomio.file_reader import FileRecord, ReaderSettings, read_file
from dicomio.files import walk
from dicomio.headers import ImageHeader
from dicomio.patient import agreed_subject, count_patients
from dicomio.pixels import pixel_bytes
from dicomio.quiet import quiet
from dicomio.redact import Redactor

__all__ = ["InputIndex", "ReaderSettings", "Series", "Study", "index_input"]

_SAME_UID = "same SOP Instance UID as another file but other content; the other file was used"


@dataclass(frozen=True)
class Series:
    """The images of one series, in a fixed order."""

    uid: str
    images: tuple[ImageHeader, ...]


@dataclass(frozen=True)
class Study:
    """The series of one study; what headers contradict each other on is unknown of ``subject``."""

    uid: str
    series: tuple[Series, ...]
    subject: Subject


@dataclass(frozen=True)
class InputIndex:
    """All studies of the one patient in the input, oldest first, and the account of its files."""

    studies: tuple[Study, ...]
    count: InputCount


def index_input(root: Path, settings: ReaderSettings) -> InputIndex:
    """Read the headers of everything below ``root``.

    Raises
    ------
    NothingReadable
        No file holds an MR image that can be read.
    SeveralPatients
        The headers name more than one patient.
    """
    if not root.exists():
        raise NothingReadable("Input: the folder does not exist.")
    with quiet():
        records = [read_file(found, settings) for found in walk(root)]
        identities = [record.identity for record in records if record.identity]
        if count_patients(identities) > 1:
            raise SeveralPatients(
                f"Input: the headers of {len(identities)} DICOM files name more than one patient. "
                "Give one patient at a time."
            )
        records, duplicates = _without_duplicates(records)
    redactor = Redactor(s for identity in dict.fromkeys(identities) for s in identity.secrets)
    count = _count(records, duplicates, redactor)
    if not count.images:
        raise NothingReadable(_nothing(count))
    return InputIndex(_studies([r for r in records if r.images]), count)


def _count(records: list[FileRecord], duplicates: int, redactor: Redactor) -> InputCount:
    skipped = [
        SkippedFile(path=redactor.path(record.found.relative), reason=record.fault)
        for record in records
        if record.fault
    ]
    return InputCount(
        files=len(records) + duplicates,
        images=sum(len(record.images) for record in records),
        duplicates=duplicates,
        skipped=skipped,
    )


def _nothing(count: InputCount) -> str:
    reasons: dict[str, int] = defaultdict(int)
    for skipped in count.skipped:
        reasons[skipped.reason] += 1
    found = "; ".join(f"{n} x {reason}" for reason, n in sorted(reasons.items())[:8])
    return (
        f"Input: none of {count.files} files holds a readable MR image"
        f"{f' ({found})' if found else ''}. Give a folder with a DICOM study."
    )


def _without_duplicates(records: list[FileRecord]) -> tuple[list[FileRecord], int]:
    """Each SOP instance once; copies with other content stay, without images, with a fault."""
    by_instance: dict[str, list[FileRecord]] = defaultdict(list)
    kept: list[FileRecord] = []
    for record in records:
        if record.images:
            by_instance[record.images[0].ref.sop_instance_uid].append(record)
        else:
            kept.append(record)
    duplicates = 0
    for copies in by_instance.values():
        if len(copies) == 1:
            kept += copies
            continue
        (content, first), *others = sorted(
            ((_content(copy), copy) for copy in copies), key=lambda pair: pair[0]
        )
        differing = [copy for other, copy in others if other != content]
        kept += [first, *(replace(copy, images=(), fault=_SAME_UID) for copy in differing)]
        duplicates += len(others) - len(differing)
    return sorted(kept, key=lambda record: record.found.relative), duplicates


def _content(record: FileRecord) -> str:
    """Digest of pixels and geometry; the same for byte copies and for re-written headers."""
    digest = hashlib.sha256()
    for image in record.images:
        place = (image.position_mm, image.orientation, image.pixel_spacing_mm, image.series_uid)
        digest.update(repr((*place, image.trigger_time_ms)).encode())
    try:
        for part in pixel_bytes(record.found.path):
            digest.update(part)
    except Exception:  # damage that the header check cannot see; then the copies differ
        digest.update(record.found.relative.encode(errors="replace"))
    return digest.hexdigest()


def _studies(records: list[FileRecord]) -> tuple[Study, ...]:
    by_study: dict[str, list[FileRecord]] = defaultdict(list)
    for record in records:
        by_study[record.study_uid].append(record)
    order = sorted((min(r.study_start for r in found), uid) for uid, found in by_study.items())
    return tuple(_study(uid, by_study[uid]) for _, uid in order)


def _study(uid: str, records: list[FileRecord]) -> Study:
    by_series: dict[str, list[ImageHeader]] = defaultdict(list)
    for record in records:
        by_series[record.images[0].series_uid].extend(record.images)
    series = [Series(key, tuple(sorted(found, key=_order))) for key, found in by_series.items()]
    return Study(
        uid=uid,
        series=tuple(sorted(series, key=lambda s: (_known(s.images[0].series_number), s.uid))),
        subject=agreed_subject(r.subject for r in records),
    )


def _order(image: ImageHeader) -> tuple[float, str, int]:
    return _known(image.instance_number), image.ref.sop_instance_uid, image.ref.frame_number


def _known(number: float) -> float:
    return number if math.isfinite(number) else math.inf
