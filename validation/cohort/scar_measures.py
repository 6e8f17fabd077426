"""What the scar task measures: of the network, and the same of each classical method."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

from cmr.results_scar import METHOD_TITLES, ScarMethod
from cmr.scar.labels import ENHANCED, WALL, ScarLabel
from validation.cohort.measures import Measure

NETWORK: ScarMethod = "network"
CLASSICAL = tuple(method for method in get_args(ScarMethod) if method != NETWORK)
# Of the wall: less is called free of scar. The requirement on the network (README of the model);
# 2 SD of nulled noise alone make 2 to 4 %.
SCAR_FROM_PCT = 2.0

STRUCTURES = {"myo": WALL, "infarct": ENHANCED, "mvo": (ScarLabel.NO_REFLOW,)}
"""Labels of each structure whose overlap is measured."""
_TITLES = {"myo": "wall", "infarct": "infarct", "mvo": "no-reflow"}


def prefix_of(method: ScarMethod) -> str:
    """Begin every key of a method; empty for the network."""
    return "" if method == NETWORK else f"methods.{method}."


def _of(method: ScarMethod) -> Iterator[Measure]:
    prefix, name = prefix_of(method), METHOD_TITLES[method]
    main = method == NETWORK
    for structure, title in _TITLES.items():
        key, text = f"{prefix}dice.{structure}", f"Dice, {title}, {name}"
        group = title.capitalize()
        yield Measure("overlap", key, text, group, "", 3, group, name, "dice", main)
    for quantity, words, unit in (
        ("infarct_pct", "share of the wall", "%"),
        ("infarct_g", "mass", "g"),
    ):
        text, short = f"Infarct, {words}, {name}", f"Infarct ({unit})"
        yield Measure("agreement", f"{prefix}{quantity}", text, short, unit, 1, main=main)
    text = f"Has scar ({SCAR_FROM_PCT:g} % of the wall or more), {name}"
    yield Measure("classification", f"{prefix}classification", text, "Has scar", "", 3, main=main)


SCAR_MEASURES = tuple(measure for method in (NETWORK, *CLASSICAL) for measure in _of(method))
