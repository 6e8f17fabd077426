"""Sentences that the program makes, with numbers in them, in the language of the reader.

``sentences.yaml`` has each as a pattern: ``Found {figure}, limit {limit} ({unit}).`` What stands
for a name is translated in its turn, so that a sentence may hold another. A text of several
sentences, or of clauses between semicolons, is taken apart; what no pattern fits stays English.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from types import MappingProxyType

from texts.words import Language, Words, table

_LONGEST = 1500  # matching takes more than linear time
_NAME = re.compile(r"\{(\w+)\}")
# What stands for these is a number, which keeps patterns apart that are alike otherwise.
_NUMBERS = frozenset({"n", "m", "k", "angle", "minutes", "phases", "used", "total", "longest"})
# What stands for these may have several clauses; elsewhere a clause in front is not part of it.
_SEVERAL = frozenset({"reason", "reasons", "told"})
_BREAKS = (re.compile(r"(?<=[.!?])\s+(?=\S)"), re.compile(r";\s+"), re.compile(r",\s+(?=[A-Z])"))
_JOINS = (" ", "; ", ", ")
_OWN_JOINS: Mapping[Language, tuple[str, str, str]] = MappingProxyType(
    {"fr": (" ", " ; ", ", "), "zh": ("", "；", "，")}
)


def translated(text: str, language: Language) -> str:
    """``text`` in ``language``, as far as the table goes."""
    if language == "en" or len(text) > _LONGEST:
        return text
    return _translated(text, language)


@lru_cache(maxsize=2000)
def _translated(text: str, language: Language) -> str:
    known = _matched(text, language)
    if known is not None:
        return known
    joins = _OWN_JOINS.get(language, _JOINS)
    for breaks, join in zip(_BREAKS, joins, strict=True):
        parts = breaks.split(text)
        if len(parts) == 1:
            continue
        found = [_translated(part, language) for part in parts]
        if found != parts:
            return join.join(found)
    return text


def _matched(text: str, language: Language) -> str | None:
    if text in table():
        return Words(language)(text)
    for pattern, english in _patterns():
        found = pattern.fullmatch(text)
        if found:
            filled = {name: _translated(part, language) for name, part in found.groupdict().items()}
            return Words(language)(english, **filled)
    return None


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Every text with names in it; those with the most letters of their own first."""
    found = sorted((text for text in table() if _NAME.search(text)), key=_own_letters, reverse=True)
    return tuple((re.compile("".join(_parts(text)), re.DOTALL), text) for text in found)


def _own_letters(text: str) -> int:
    return len(_NAME.sub("", text))


def _parts(text: str) -> Iterator[str]:
    for n, part in enumerate(_NAME.split(text)):
        if n % 2:
            yield f"(?P<{part}>{_value(part)})"
        else:
            yield re.escape(part)


def _value(name: str) -> str:
    if name in _NUMBERS:
        return "-?[0-9.]+"
    return ".+?" if name in _SEVERAL else "(?:(?![;:] ).)+?"
