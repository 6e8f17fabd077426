"""The report in words: Enhanced SR of plain text, for viewers that show no coded numbers.

OHIF shows a report titled Imaging Measurement Report only where every measurement has a contour
(docs/viewers.md). This second document holds the same numbers as text alone: a reader that
collects coded numbers finds each once, in the report of :mod:`dicomio.sr`, which is its evidence.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from highdicom.sr import (
    ContainerContentItem,
    ContentSequence,
    EnhancedSR,
    LanguageOfContentItemAndDescendants,
)
from highdicom.sr import RelationshipTypeValues as Relation
from highdicom.sr.templates import DEFAULT_LANGUAGE
from pydicom.dataset import Dataset

from cmr.results import StudyResults
from dicomio import codes, equipment
from dicomio.origin import Origin
from dicomio.sr_content import modifiers, text_item
from dicomio.sr_document import document_arguments, save_document
from dicomio.sr_text_lines import blocks


def write_text_report(
    results: StudyResults,
    evidence: Sequence[Dataset],
    series_number: int,
    origin: Origin,
    folder: Path,
) -> Path:
    """Write the report in words to ``folder``.

    Parameters
    ----------
    evidence
        Headers of the objects that hold its numbers as data.

    Returns
    -------
    Path
        The file written.
    """
    report: Dataset = EnhancedSR(
        evidence=evidence,
        content=_content(results, origin),
        **document_arguments("text", series_number, "Report in words", origin),
    )
    return save_document(report, "text", origin, folder)


def _content(results: StudyResults, origin: Origin) -> ContainerContentItem:
    """Every container is SEPARATE: of continuous text OHIF leaves the headings out."""
    document = ContainerContentItem(codes.IMAGING_REPORT, is_content_continuous=False)
    language = LanguageOfContentItemAndDescendants(DEFAULT_LANGUAGE)
    head = [*language, *equipment.observation_context(origin.identity)]
    procedure = modifiers([(codes.PROCEDURE_REPORTED, codes.CARDIAC_MRI)])
    document.ContentSequence = ContentSequence([*head, *procedure, _findings(results)])
    return document


def _findings(results: StudyResults) -> ContainerContentItem:
    """Texts named Finding: OHIF keeps their columns."""
    notice = text_item(codes.COMMENT, results.application.notice, Relation.CONTAINS)
    texts = [text_item(codes.FINDING, block.text, Relation.CONTAINS) for block in blocks(results)]
    findings = ContainerContentItem(
        codes.FINDINGS, is_content_continuous=False, relationship_type=Relation.CONTAINS
    )
    findings.ContentSequence = ContentSequence([notice, *texts])
    return findings
