"""What a site chooses about its reports."""

from __future__ import annotations

from cmr.settings import Section
from texts import Language


class ReportSettings(Section):
    """Language of report and pictures, and who is named in the HTML.

    Attributes
    ----------
    identity_in_html
        False leaves patient and study out of ``report.html``; the PDF always has them.
    """

    language: Language
    identity_in_html: bool
