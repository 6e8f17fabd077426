"""How one quality gate is stated, and the dotted keys that gates withhold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isfinite

from cmr.records import Gate, Status
from cmr.results import LeftVentricle, Ventricle

LV_KEYS: tuple[str, ...] = (
    *(f"cine.lv.{q.key}" for q in LeftVentricle.quantities()),
    "cine.curve.lv_ml",
    "cine.curve.myocardium_ml",
    "cine.basal_slice",
    "cine.wall",
)
RV_KEYS: tuple[str, ...] = (
    *(f"cine.rv.{q.key}" for q in Ventricle.quantities()),
    "cine.curve.rv_ml",
)
WALL_KEYS: tuple[str, ...] = (
    "cine.lv.mass_ed_g",
    "cine.lv.mass_es_g",
    "cine.lv.mass_ed_index_g_m2",
    "cine.curve.myocardium_ml",
    "cine.wall",
)


@dataclass(frozen=True)
class Finding:
    """What a gate looked at: a figure, the limit it is compared with, and what both mean."""

    name: str
    figure: float
    limit: float
    unit: str
    message: str


def review(finding: Finding, *, good: bool) -> Gate:
    """Gate that asks for a look; a figure that cannot be formed asks for one too."""
    known = isfinite(finding.figure)
    message = finding.message if known else f"{finding.message} It could not be judged."
    status = Status.PASS if good and known else Status.REVIEW
    return _gate(replace(finding, message=message), status, ())


def withhold(finding: Finding, keys: Sequence[str], *, good: bool) -> Gate:
    """Gate that keeps numbers back; ``keys`` are withheld unless it is good."""
    return _gate(finding, Status.PASS if good else Status.WITHHELD, () if good else keys)


def _gate(finding: Finding, status: Status, keys: Sequence[str]) -> Gate:
    return Gate(
        name=finding.name,
        status=status,
        figure=round(finding.figure, 4) if isfinite(finding.figure) else None,
        limit=finding.limit,
        unit=finding.unit,
        message=finding.message,
        withholds=list(keys),
    )
