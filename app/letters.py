"""Letters that a terminal cannot show are spelt with those that it can; they never end a run."""

from __future__ import annotations

import codecs
import io
import unicodedata
from typing import TextIO

SPELT = "cmr-map.spelt"
"""Name of the handler of encoding errors."""

_AS_ASCII = {
    "▲": "!", "✕": "x", "✓": "+", "·": "-", "–": "-", "—": "-", "−": "-", "…": "...", "×": "x",
    "≥": ">=", "≤": "<=", "±": "+/-", "→": "->", "°": " deg", "µ": "u", "β": "b",
    "“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "ß": "ss",
}  # fmt: skip


def make_safe(stream: TextIO) -> None:
    """Let a stream spell what its encoding lacks."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors=SPELT)


def shown(text: str, encoding: str) -> str:
    """The text as a terminal of this encoding shows it, without what would move its cursor."""
    printable = "".join(c if c.isprintable() else "?" for c in text)
    return printable.encode(encoding, SPELT).decode(encoding)


def _spell(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    letters = error.object[error.start : error.end]
    return "".join(_ascii(letter) for letter in letters), error.end


def _ascii(letter: str) -> str:
    """What stands for one letter: a spelling, the letter without its accents, or ``?``."""
    plain = unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode()
    return _AS_ASCII.get(letter) or plain or "?"


codecs.register_error(SPELT, _spell)
