"""Fonts of the report: which there are, which signs they hold, and parts of them for a page."""

from __future__ import annotations

import base64
import io
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

from texts.fonts import BOLD, EAST_ASIAN, FOLDER, REGULAR

# Of a sign that no font holds.
UNKNOWN = "\N{WHITE SQUARE}"
# Without them Arabic letters take other shapes.
_JOINERS = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"


@dataclass(frozen=True)
class Face:
    """One font file."""

    family: str
    weight: int
    path: Path


def folders() -> tuple[Path, ...]:
    """Where the fonts lie: the project's own, then those that come with matplotlib."""
    return FOLDER, _matplotlib_fonts()


@cache
def _matplotlib_fonts() -> Path:
    """Found without importing matplotlib, which takes longer than making the report."""
    found = find_spec("matplotlib")
    assert found is not None, "matplotlib is a requirement of the application"
    assert found.origin is not None
    return Path(found.origin).parent / "mpl-data" / "fonts" / "ttf"


@cache
def faces() -> tuple[Face, ...]:
    """In the order in which a sign is looked for; DejaVu has Arabic and Hebrew."""
    last = _matplotlib_fonts()
    return (
        Face("Noto Sans", 400, REGULAR),
        Face("Noto Sans", 700, BOLD),
        Face("Noto Sans CJK SC", 400, EAST_ASIAN),
        Face("DejaVu Sans", 400, last / "DejaVuSans.ttf"),
        Face("DejaVu Sans", 700, last / "DejaVuSans-Bold.ttf"),
    )


def families() -> tuple[str, ...]:
    """Names of the fonts, each once."""
    return tuple(dict.fromkeys(face.family for face in faces()))


@cache
def _held(path: Path) -> frozenset[int]:
    with TTFont(path, lazy=True) as font:
        return frozenset(font.getBestCmap())


def drawable(text: str) -> str:
    """``text`` on one line, with a box for each sign that no font holds.

    Signs that turn the direction of writing or are not seen are left out: they would let a header
    disguise what stands beside it.
    """
    return "".join(_drawable(sign) for sign in unicodedata.normalize("NFC", text))


def _drawable(sign: str) -> str:
    if sign.isascii() and sign.isprintable():
        return sign
    kind = unicodedata.category(sign)
    if kind in ("Cc", "Zl", "Zp"):
        return " "
    if kind in ("Cf", "Cs", "Cn", "Co") and sign not in _JOINERS:
        return ""
    regular = (face.path for face in faces() if face.weight == 400)
    return sign if any(ord(sign) in _held(path) for path in regular) else UNKNOWN


def parts_of_fonts(signs: set[str]) -> Iterator[tuple[Face, str]]:
    """Every font that ``signs`` need, reduced to them, as a WOFF data URI."""
    left = {ord(sign) for sign in signs}
    for family in families():
        here = {code for code in left if code in _held(_regular(family))}
        if not here:
            continue
        left -= here
        for face in (f for f in faces() if f.family == family):
            yield face, _data_uri(face.path, frozenset(here))


def _regular(family: str) -> Path:
    return next(f.path for f in faces() if f.family == family and f.weight == 400)


@cache
def _data_uri(path: Path, codes: frozenset[int]) -> str:
    options = Options(flavor="woff", hinting=False, desubroutinize=True, notdef_outline=True)
    options.drop_tables += ["FFTM"]  # DejaVu's, of which fontTools would warn
    # The date of the making would change the bytes.
    with TTFont(path, lazy=True, recalcTimestamp=False) as font:
        subsetter = Subsetter(options)
        subsetter.populate(unicodes=codes)
        subsetter.subset(font)
        font.flavor = "woff"
        buffer = io.BytesIO()
        font.save(buffer, reorderTables=False)
    return f"data:font/woff;base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"
