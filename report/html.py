"""The report as one HTML file that asks nothing of any host: pictures and fonts are in it."""

from __future__ import annotations

import base64
from functools import cache
from pathlib import Path

from jinja2 import Template
from markupsafe import Markup

from report.content import content, texts_in
from report.fonts import families, parts_of_fonts
from report.page import Report
from texts.pages import page_templates

_HERE = Path(__file__).parent
# Signs of the style sheet and of numbers, whatever the report says.
_ALWAYS = "0123456789.–…· □"


def html_of(report: Report, folder: Path) -> str:
    """Set the report; the same text for the same report.

    Parameters
    ----------
    folder
        Where its pictures lie.
    """
    page = content(report)
    signs = {sign for text in texts_in(page) for sign in text} | set(_ALWAYS)
    return _template().render(
        page=page,
        families=families(),
        fonts=list(parts_of_fonts(signs)),
        picture=lambda one: _data_uri(folder / one["file"], one["mime"]),
        drawing=Markup,
    )


@cache
def _template() -> Template:
    """The template; what is not marked as our own drawing is escaped."""
    return page_templates(_HERE).get_template("report.html.j2")


def _data_uri(path: Path, mime: str) -> str:
    return f"data:{mime};base64,{base64.b64encode(path.read_bytes()).decode('ascii')}"
