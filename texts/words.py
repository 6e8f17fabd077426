"""Texts in the language of the reader. The English text is the key of the table."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal, get_args

import yaml

Language = Literal["en", "de", "fr", "es", "zh"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
_TABLES = Path(__file__).parent


class Words:
    """Texts of one language.

    Examples
    --------
    >>> Words("de")("Stroke volume")
    'Schlagvolumen'
    >>> Words("fr")("Slice {n} of {count}", n=2, count=9)
    'Coupe 2 sur 9'
    """

    def __init__(self, language: Language = "en") -> None:
        self.language = language

    def __call__(self, english: str, **values: object) -> str:
        """Text for ``english``, with ``{names}`` filled in.

        A text that the table lacks stays English, as a page with one English line is worth more
        than no page; tests hold the table complete.
        """
        text = english if self.language == "en" else self._known(english)
        return text.format(**values) if values else text

    def _known(self, english: str) -> str:
        return table().get(english, {}).get(self.language, english)


@cache
def table() -> Mapping[str, Mapping[Language, str]]:
    """Every text by its English form, from all files of this folder.

    Raises
    ------
    ValueError
        One text stands in two files.
    """
    found: dict[str, Mapping[Language, str]] = {}
    for file in sorted(_TABLES.glob("*.yaml")):
        entries = yaml.safe_load(file.read_text(encoding="utf-8"))
        if twice := found.keys() & entries.keys():
            raise ValueError(f"{file.name}: given elsewhere too: {', '.join(sorted(twice))}")
        found |= entries
    return found


ENGLISH = Words()
