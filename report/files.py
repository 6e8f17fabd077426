"""What the report leaves: a document for the study, and files beside the results."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, eq=False, repr=False)
class ReportFiles:
    """Both forms of a report.

    Attributes
    ----------
    document
        PDF that names patient and study; it belongs into the study.
    files
        ``report.pdf`` and ``report.html``.
    """

    document: bytes
    files: tuple[Path, ...]
