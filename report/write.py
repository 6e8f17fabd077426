"""Both forms of the report, written into the study's folder."""

from __future__ import annotations

import datetime
from pathlib import Path

from cmr.results import StudyResults
from dicomio.person import StudyIdentity
from report.compose import compose
from report.html import html_of
from report.pdf import pdf_of
from report.settings import ReportSettings
from texts import Words

PDF, HTML = "report.pdf", "report.html"


def write_report(
    results: StudyResults,
    folder: Path,
    identity: StudyIdentity,
    settings: ReportSettings,
    now: datetime.datetime,
) -> tuple[Path, ...]:
    """Write ``report.pdf`` and ``report.html``.

    Parameters
    ----------
    folder
        Of the study, with its pictures.
    identity
        Stands in the PDF; in the HTML where the site asks for it.
    now
        Creation date of the PDF, with its time zone.
    """
    words = Words(settings.language)
    named = compose(results, folder, words, identity)
    page = named if settings.identity_in_html else compose(results, folder, words, None)
    (folder / PDF).write_bytes(pdf_of(named, folder, now))
    (folder / HTML).write_text(html_of(page, folder), encoding="utf-8")
    return folder / PDF, folder / HTML
