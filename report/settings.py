"""What a site chooses about its reports."""

from __future__ import annotations

from cmr.settings import Section
from texts import Language


class ReportSettings(Section):
    """Language of report and pictures, and where patient and study stand.

    Attributes
    ----------
    identity_in_files
        False leaves them out of ``report.pdf`` and ``report.html``; the DICOM object always has
        them.
    """

    language: Language
    identity_in_files: bool
