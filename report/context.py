"""What every section of the report is made from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from cmr.records import Status
from cmr.results import StudyResults
from report.page import Mark, Picture, Pictures
from texts import Words
from texts.sentences import translated

MARKS: dict[Status, Mark] = {
    Status.PASS: "pass",
    Status.REVIEW: "review",
    Status.WITHHELD: "withheld",
}


@dataclass(frozen=True)
class Context:
    """Results of a study, the folder with its pictures, and the language."""

    results: StudyResults
    folder: Path
    words: Words

    def say(self, sentence: str) -> str:
        """A sentence of the results in the reader's language."""
        return translated(sentence, self.words.language)

    def picture(self, file: str, title: str, *, moving: bool = False) -> Picture | None:
        """A picture of the study's folder; None where there is none, or no whole one."""
        try:
            with Image.open(self.folder / file) as image:
                (width, height), mime = image.size, image.get_format_mimetype() or ""
        except OSError:
            return None
        return Picture(file, title, title, width, height, mime, moving)

    def pictures(self, height_mm: float, *asked: tuple[str, str]) -> tuple[Pictures, ...]:
        """Those of ``asked``, file and title, that are there, side by side."""
        found = [self.picture(file, title) for file, title in asked]
        there = tuple(one for one in found if one is not None)
        return (Pictures(there, height_mm),) if there else ()


class Footnotes:
    """Reasons under a table, each once, by number."""

    def __init__(self) -> None:
        self._texts: list[str] = []

    def number(self, text: str) -> str:
        """Number of ``text``, which is taken down where it is new."""
        if text not in self._texts:
            self._texts.append(text)
        return str(self._texts.index(text) + 1)

    @property
    def texts(self) -> tuple[str, ...]:
        """All of them, in the order of their numbers."""
        return tuple(self._texts)
