"""What a site chooses about its reports."""

from __future__ import annotations

from cmr.settings import Section
from texts import Language


class ReportSettings(Section):
    """Language of report and pictures."""

    language: Language
