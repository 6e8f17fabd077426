"""What series and protocol names hint at. Names are the last evidence: blank or wrong in practice.

The patterns were read off the 1,700 names of two hospitals and of UK Biobank protocols in
``series_names.csv`` (rohanshad/cmr_toolkit, Apache-2.0); ``tests/test_names.py`` measures how far
they agree with the views labelled there.
"""

from __future__ import annotations

import re
from enum import StrEnum

from dicomio.kinds import SeriesKind


class View(StrEnum):
    """Heart view that a name speaks of."""

    SHORT_AXIS = "SAX"
    TWO_CHAMBER = "2CH"
    THREE_CHAMBER = "3CH"
    FOUR_CHAMBER = "4CH"
    NONE = ""


def _rule(*words: str) -> re.Pattern[str]:
    return re.compile("|".join(words))


# First match wins. Names are matched in lower case with _ - . : / turned into blanks.
KIND_RULES: tuple[tuple[SeriesKind, re.Pattern[str]], ...] = (
    (
        SeriesKind.DERIVED,
        _rule(
            r"inline ?vf",
            r"screen ?(shot|save)",
            r"summary series",
            r"processed images",
            r"\bmip\b",
            r"\bmpr\b",
            r"\bv3d\b",
        ),
    ),
    (
        SeriesKind.AI_RESULT,
        _rule(r"\bai\b", r"\bsegmentation\b", r"contours?\b", r"overlay", r"deep ?learning"),
    ),
    (SeriesKind.TAGGING, _rule(r"\bm?tags?\b", r"\btagging\b", r"\bgrid\b", r"spamm", r"csp?amm")),
    (
        SeriesKind.TI_SCOUT,
        _rule(
            r"\bti ?scout",
            r"cine ?ir\b",
            r"look ?locker",
            r"\bll\b",
            r"cine (\d )?ir\b",
            r"\bir (tfe|epi) ll",
        ),
    ),
    (SeriesKind.MAP_PARAMETERS, _rule(r"fit ?params?\b", r"\br2 ?map\b", r"\bgof\b")),
    (SeriesKind.ECV_MAP, _rule(r"\becv\b")),
    (
        SeriesKind.T1_MAP,
        _rule(r"t1 ?map.* t1$", r"\bt1map$", r"t1 molli map", r"smart1map", r"molli.* t1 ?map$"),
    ),
    (SeriesKind.T2_STAR_MAP, _rule(r"t2 ?(\*|star) ?map", r"^s?r2\*", r"^st2\*")),
    (SeriesKind.T2_MAP, _rule(r"t2 ?map.* t2$", r"mgrase.*t2 (map|r2)", r"t2 map mgrase")),
    (SeriesKind.T1_SOURCE, _rule(r"molli", r"t1 ?map", r"sasha", r"t1 my ?o ?map", r"t1 native")),
    (
        SeriesKind.T2_STAR_SOURCE,
        _rule(r"t2 ?\*", r"t2 ?star", r"\bmfgre\b", r"gated \d+ echo", r"m ffe shortest"),
    ),
    (SeriesKind.T2_SOURCE, _rule(r"t2 ?map")),
    (
        SeriesKind.FLOW,
        _rule(
            r"flow",
            r"\bpc\b",
            r"fast ?(card )?pc",
            r"phase contrast",
            r"\bvenc\b",
            r"4df",
            r"velocit",
            r"\bpc ?vec",
        ),
    ),
    (SeriesKind.PERFUSION, _rule(r"perf(usion)?\b", r"first pass", r"\bperf ", r"dynamic tfl")),
    (SeriesKind.LGE_PSIR, _rule(r"psir( moco| avg| ave)*$", r"^(orig )?ps ", r"psmde$")),
    (
        SeriesKind.LGE_MAGNITUDE,
        _rule(
            r"\blge\b",
            r"\bm?de\b",
            r"\bdme\b",
            r"dhe\b",
            r"\bdelay(ed)?\b",
            r"viab",
            r"irp fgre",
            r"psir",
            r"mde\b",
        ),
    ),
    (
        SeriesKind.SCOUT,
        _rule(
            r"\bloc\b",
            r"localizer",
            r"locator",
            r"scout",
            r"\bsurv(ey)?\b",
            r"\b3 ?pl",
            r"define",
            r"\bapprox\b",
            r"calibration",
            r"interactive",
        ),
    ),
    (SeriesKind.REAL_TIME, _rule(r"real ?time", r"trufi rt\b")),
)

_MAGNITUDE = _rule(r"\bmag$", r"^(orig )?mag ")
_AVERAGE = _rule(r"\b(avg|ave|aver|averaged?)\b")
_EARLY = _rule(r"\bege\b", r"\bearly\b")

# Views other than the four of the left heart; they stop the rules below.
_OTHER_VIEW = _rule(
    r"\brv ?\d ?ch",
    r"rvot",
    r"aort",
    r"\bao\b",
    r"\bmpa\b",
    r"pulm",
    r"atrial",
    r"valve",
    r"(?<!short )(?<!sh )\bax(ial)?\b",
    r"\bsag\b",
    r"\bcor\b",
    r"\brv ?sax",
    r"\bp4ch",
    r"\brv\b",
    r"mass",
)
VIEW_RULES: tuple[tuple[View, re.Pattern[str]], ...] = (
    (View.SHORT_AXIS, _rule(r"\bsax\b", r"short ax", r"\bsa\b", r"\bshax\b", r"\bsh ax\b")),
    (View.TWO_CHAMBER, _rule(r"\b(lv ?)?(2|two) ?ch(amber)?\b", r"\b2chamber", r"\bvla\b")),
    (
        View.THREE_CHAMBER,
        _rule(r"\b(lv ?)?(3|three) ?ch(amber)?\b", r"\b3chamber", r"\blvot\b", r"\bvlax\b"),
    ),
    (View.FOUR_CHAMBER, _rule(r"\b(4|four) ?ch(amber)?s?\b", r"\bhla\b")),
)


def kind_hint(name: str) -> SeriesKind | None:
    """Kind that a name speaks of, None when it says nothing of the kind."""
    plain = _plain(name)
    return next((kind for kind, rule in KIND_RULES if rule.search(plain)), None)


def names_magnitude(name: str) -> bool:
    """Tell whether a name speaks of the magnitude images of a phase-sensitive acquisition."""
    return bool(_MAGNITUDE.search(_plain(name)))


def names_average(name: str) -> bool:
    """Tell whether a name speaks of averaged images."""
    return bool(_AVERAGE.search(_plain(name)))


def names_early(name: str) -> bool:
    """Tell whether a name speaks of early enhancement, minutes before the late one."""
    return bool(_EARLY.search(_plain(name)))


def names_other_view(name: str) -> bool:
    """Tell whether a name speaks of a valve, the right heart or a plain body plane."""
    return bool(_OTHER_VIEW.search(_plain(name)))


def view_hint(name: str) -> View:
    """Heart view that a name speaks of."""
    plain = _plain(name)
    views = [view for view, rule in VIEW_RULES if rule.search(plain)]
    if len(views) != 1 and View.SHORT_AXIS not in views:
        return views[0] if views and not _OTHER_VIEW.search(plain) else View.NONE
    return View.NONE if _OTHER_VIEW.search(plain) else views[0]


def _plain(name: str) -> str:
    return re.sub(r"[\s_\-.:/()@]+", " ", name.lower()).strip()
