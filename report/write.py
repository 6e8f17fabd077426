"""Both forms of the report, written into the study's folder."""

from __future__ import annotations

import datetime
from pathlib import Path

from cmr.results import StudyResults
from dicomio.person import StudyIdentity
from report.compose import compose
from report.files import ReportFiles
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
) -> ReportFiles:
    """Write ``report.pdf`` and ``report.html``, and make the document for the study.

    Parameters
    ----------
    folder
        Of the study, with its pictures.
    identity
        Stands in the document; in the files where the site asks for it.
    now
        Creation date of the PDF, with its time zone.
    """
    words = Words(settings.language)
    named = compose(results, folder, words, identity)
    document = pdf_of(named, folder, now)
    page, pdf = named, document
    if not settings.identity_in_files:
        page = compose(results, folder, words, None)
        pdf = pdf_of(page, folder, now)
    (folder / PDF).write_bytes(pdf)
    (folder / HTML).write_text(html_of(page, folder), encoding="utf-8")
    return ReportFiles(document, (folder / PDF, folder / HTML))
