"""The report as PDF/A-2b, set by typst.

The page model goes in as JSON text: what stands in a header is data there and never becomes code.
"""

from __future__ import annotations

import datetime
import json
from functools import cache
from pathlib import Path

import typst

from report.content import content
from report.fonts import families, folders
from report.page import Report

_TEMPLATE = Path(__file__).with_name("report.typ")


def pdf_of(report: Report, folder: Path, made: datetime.datetime) -> bytes:
    """Set the report; the same bytes for the same report and time.

    Parameters
    ----------
    folder
        Where its pictures lie. Typst reads nothing outside of it.
    made
        Creation date, which PDF/A asks for; with its time zone.
    """
    page = json.dumps({**content(report), "families": families()}, ensure_ascii=False)
    compiler = typst.Compiler(input=_TEMPLATE.read_bytes(), root=str(folder), font_paths=_fonts())
    pdf = compiler.compile(
        format="pdf",
        pdf_standards=["a-2b"],
        sys_inputs={"page": page},
        timestamp=int(made.timestamp()),
    )
    assert isinstance(pdf, bytes)
    return pdf


@cache
def _fonts() -> typst.Fonts:
    """Those of the project alone: fonts of the machine change nothing."""
    return typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=False,
        font_paths=[str(folder) for folder in folders()],
    )
