"""The report of a study, from its results, its pictures and whose it is."""

from __future__ import annotations

from pathlib import Path

from cmr.results import StudyResults
from dicomio.person import StudyIdentity
from report.cine import cine_section
from report.context import Context
from report.drawings import MARKS
from report.header import found_section, identity_facts, running_head, tiles
from report.late import scar_section
from report.method import method_section
from report.numbers import shortened
from report.page import Report, Section
from report.quality import headline, quality_section
from report.tissue import mapping_section
from texts import Words

TITLE = "Cardiac magnetic resonance: measurements"
RESEARCH = "Research use only – not for diagnosis"


def compose(
    results: StudyResults, folder: Path, words: Words, identity: StudyIdentity | None
) -> Report:
    """Make the page model.

    Parameters
    ----------
    results
        Of one study.
    folder
        Where its pictures lie; those that are missing are left out.
    words
        Language of the reader.
    identity
        None leaves patient and study out.
    """
    context = Context(results, folder, words)
    about = results.application
    study = shortened(results.study_instance_uid)
    return Report(
        language=words.language,
        title=words(TITLE),
        research=words(RESEARCH),
        notice=context.say(about.notice),
        page_of=words("Page {page} of {pages}", page="{page}", pages="{pages}"),
        running_head=running_head(identity),
        about=f"{about.name} {about.version} · {words('study')} {study}",
        identity=identity_facts(context, identity),
        headline=headline(context),
        tiles=tiles(context),
        sections=(found_section(context, identity), *_measured(context), *_judged(context)),
        mark_words={mark: words(mark) for mark in MARKS},
        mark_drawings=dict(MARKS),
    )


def _measured(context: Context) -> tuple[Section, ...]:
    results = context.results
    found = (
        cine_section(context, results.cine) if results.cine is not None else None,
        mapping_section(context, results.mapping) if results.mapping is not None else None,
        scar_section(context, results.scar) if results.scar is not None else None,
    )
    return tuple(section for section in found if section is not None and section.blocks)


def _judged(context: Context) -> tuple[Section, ...]:
    quality = quality_section(context)
    return (*((quality,) if quality is not None else ()), method_section(context))
