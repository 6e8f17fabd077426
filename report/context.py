"""What every section of the report is made from."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from string import ascii_lowercase

from PIL import Image

from cmr.records import Status
from cmr.results import StudyResults
from report.gate_titles import gate_title
from report.page import Fact, Mark, Picture, Pictures
from texts import Words
from texts.sentences import translated

MARKS: dict[Status, Mark] = {
    Status.PASS: "pass",
    Status.REVIEW: "review",
    Status.WITHHELD: "withheld",
}
# By the longest words, French and Spanish, on a study of a cine, six maps and scar.
_CROWDED = 0.85


@dataclass(frozen=True)
class Context:
    """Results of a study, the folder with its pictures, and the language."""

    results: StudyResults
    folder: Path
    words: Words

    def say(self, sentence: str) -> str:
        """A sentence of the results in the reader's language; gates by their titles."""
        before, *named = re.split(rf"(?:^|(?<=[.] ))({_any_of(self._gates)}): ", sentence)
        said = [translated(before.strip(), self.words.language)]
        for name, message in zip(named[::2], named[1::2], strict=True):
            told = translated(message.strip(), self.words.language)
            said.append(f"{gate_title(name, self.words)} – {told}")
        return " ".join(part for part in said if part)

    @cached_property
    def _gates(self) -> tuple[str, ...]:
        return tuple(gate.name for gate in self.results.quality)

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
        return (Pictures(there, height_mm * self._room),) if there else ()

    @cached_property
    def _room(self) -> float:
        """Share of their height that pictures take: a study of everything fits four pages."""
        found = (self.results.cine, self.results.mapping, self.results.scar)
        return _CROWDED if all(part is not None for part in found) else 1.0


def _any_of(names: tuple[str, ...]) -> str:
    """Pattern of any of ``names``; of nothing where there are none."""
    return "|".join(map(re.escape, names)) or r"(?!)"


class Footnotes:
    """Reasons under a table, each once, by letter: a dash and a number would read as minus one."""

    def __init__(self) -> None:
        self._texts: list[str] = []

    def letter(self, text: str) -> str:
        """Letter of ``text``, which is taken down where it is new."""
        if text not in self._texts:
            self._texts.append(text)
        return _letter(self._texts.index(text))

    @property
    def facts(self) -> tuple[Fact, ...]:
        """All of them, each under its letter."""
        return tuple(Fact(_letter(n), text) for n, text in enumerate(self._texts))


def _letter(n: int) -> str:
    """From a to z, then aa."""
    return ascii_lowercase[n % 26] * (n // 26 + 1)
