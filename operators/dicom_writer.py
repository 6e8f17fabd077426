"""What the writers of DICOM objects share: their settings, and who made the objects."""

from __future__ import annotations

from typing import Any

from dicomio.seg import WriterSettings
from dicomio.uids import ResultIdentity
from operators.sdk import Fragment
from operators.step import Step


class DicomWriter(Step):
    """A step that writes DICOM objects."""

    def __init__(
        self,
        fragment: Fragment,
        *,
        settings: WriterSettings,
        identity: ResultIdentity,
        **kwargs: Any,
    ) -> None:
        self._settings = settings
        self._identity = identity
        super().__init__(fragment, **kwargs)
