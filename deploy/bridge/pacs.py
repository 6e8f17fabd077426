"""The PACS as the bridge sees it: QIDO-RS, WADO-RS and STOW-RS, and two ways to fail.

Messages of errors name no study and no patient: those of the HTTP library quote URLs.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pydicom
import requests
from dicomweb_client import DICOMwebClient

from dicomio.headers import MR_CLASSES

_MODALITY = "MR"
_PAGE = 1000
# Too busy, or a gateway whose server is not there.
_AWAY = frozenset({429, 502, 503, 504})
# As the PACS keeps it: nothing is decompressed on the way.
_AS_STORED = (("application/dicom", "*"),)
_STUDY, _SERIES = "0020000D", "0020000E"
_INSTANCE, _CLASS = "00080018", "00080016"
_COUNT = "00201208"

logging.getLogger("dicomweb_client").propagate = False
logging.getLogger("dicomweb_client").addHandler(logging.NullHandler())

Row = dict[str, dict[str, Any]]


class PacsError(Exception):
    """Something that the PACS did not do; the text may be shown."""


class PacsAway(PacsError):
    """No answer, or none that says anything about the request."""


class PacsRefused(PacsError):
    """The PACS answered, and said no."""


@dataclass(frozen=True)
class Listing:
    """What a study holds: source images by series, and the UIDs of all its objects."""

    images: dict[str, frozenset[str]]
    uids: frozenset[str]

    @property
    def count(self) -> int:
        """Number of source images."""
        return sum(map(len, self.images.values()))

    @property
    def content(self) -> str:
        """Digest of the source images; results beside them do not change it."""
        return hashlib.sha256("\n".join(sorted(self._sources())).encode()).hexdigest()

    def _sources(self) -> Iterator[str]:
        for uids in self.images.values():
            yield from uids


class Pacs:
    """A DICOMweb server. Without an answer within ``timeout_seconds`` it counts as away."""

    def __init__(self, url: str, timeout_seconds: float) -> None:
        self._client = DICOMwebClient(
            url.rstrip("/"),
            session=requests.Session(),
            permissive_uid=True,
            timeout=timeout_seconds,
        )
        # The bridge waits and tries again itself, and remembers that it did.
        self._client.set_http_retry_params(retry=False)

    def answers(self) -> bool:
        """Whether the server is there at this moment."""
        try:
            with _translated():
                self._client.search_for_studies(limit=1)
        except PacsAway:
            return False
        except PacsRefused:
            return True
        return True

    def studies(self, since: date | None) -> list[tuple[str, int | None]]:
        """MR studies, from a day on, each with the number of its objects where that is told."""
        filters = {"ModalitiesInStudy": _MODALITY}
        if since is not None:
            filters["StudyDate"] = f"{since:%Y%m%d}-"

        def search(limit: int, offset: int) -> list[Row]:
            return self._client.search_for_studies(
                limit=limit,
                offset=offset,
                fields=["NumberOfStudyRelatedInstances"],
                search_filters=filters,
            )

        rows = _all_pages(search, _STUDY)
        return [(uid, _integer(row, _COUNT)) for uid, row in rows.items()]

    def listing(self, study_uid: str) -> Listing:
        """Everything in one study; of images, those of the classes that the application reads."""

        def search(limit: int, offset: int) -> list[Row]:
            return self._client.search_for_instances(
                study_uid, limit=limit, offset=offset, fields=["SOPClassUID"]
            )

        rows = _all_pages(search, _INSTANCE)
        images: dict[str, set[str]] = {}
        for uid, row in rows.items():
            if _text(row, _CLASS) in MR_CLASSES:
                images.setdefault(_text(row, _SERIES), set()).add(uid)
        frozen = {series: frozenset(uids) for series, uids in images.items()}
        return Listing(frozen, frozenset(rows))

    def pull(self, study_uid: str, listing: Listing, folder: Path) -> None:
        """Write the source images to ``folder``, numbered: a UID from outside is no file name.

        Raises
        ------
        PacsError
            An image that was listed did not come.
        """
        written = 0
        for series, expected in listing.images.items():
            missing = set(expected)
            with _translated():
                for dataset in self._client.iter_series(study_uid, series, _AS_STORED):
                    if dataset.SOPInstanceUID in missing:
                        missing.remove(dataset.SOPInstanceUID)
                        written += 1
                        dataset.save_as(folder / f"{written:06}.dcm", enforce_file_format=True)
            if missing:
                raise PacsRefused(f"{len(missing)} images that were listed did not come")

    def store(self, study_uid: str, path: Path) -> None:
        """Send one object.

        An answer without error is no proof: Orthanc 1.10 tells an object that its filter dropped
        as stored. The caller looks into the study afterwards.
        """
        with _translated():
            self._client.store_instances([pydicom.dcmread(path)], study_uid)


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except requests.HTTPError as error:
        status = error.response.status_code if error.response is not None else 0
        kind = PacsAway if status in _AWAY else PacsRefused
        raise kind(f"HTTP status {status}") from error
    except requests.RequestException as error:
        raise PacsAway(f"no answer ({type(error).__name__})") from error
    except ValueError as error:
        raise PacsRefused("an answer or a UID that the DICOMweb client cannot use") from error


def _all_pages(search: Callable[..., list[Row]], key: str) -> dict[str, Row]:
    """Rows by UID, page by page, until one brings nothing new (some servers ignore offsets)."""
    found: dict[str, Row] = {}
    offset = 0
    while True:
        with _translated():
            rows = search(limit=_PAGE, offset=offset)
        new = {uid: row for row in rows if (uid := _text(row, key)) and uid not in found}
        if not new:
            return found
        found |= new
        offset += len(rows)


def _text(row: Row, tag: str) -> str:
    values = row.get(tag, {}).get("Value") or [""]
    return str(values[0])


def _integer(row: Row, tag: str) -> int | None:
    text = _text(row, tag)
    return int(text) if text.isdecimal() else None
