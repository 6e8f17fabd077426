"""Figures of the scar network in words and tables: reached, wanted, published."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

_NONE = "–"


def _dice(value: float) -> str:
    return f"{value:.3f}"


def _points(value: float) -> str:
    return f"{value:.1f}"


def _pct(value: float) -> str:
    return f"{100 * value:.0f} %"


@dataclass(frozen=True)
class _Row:
    """A figure: ``key`` and ``statistic`` as in ``summary.json``, without the name of the task.

    ``counts`` add up to the cases it is of; ``published`` is that of EMIDEC's winner.
    """

    title: str
    key: str
    statistic: str
    low: str
    high: str
    shown: Callable[[float], str]
    published: float | None = None
    counts: tuple[str, ...] = ("n",)


_ROWS = (
    _Row("Myocardium, Dice", "dice.myo", "mean", "ci_low", "ci_high", _dice, 0.879),
    _Row("Infarct, Dice", "dice.infarct", "mean", "ci_low", "ci_high", _dice, 0.712),
    _Row("No-reflow, Dice", "dice.mvo", "mean", "ci_low", "ci_high", _dice, 0.785),
    _Row("Infarct share of the myocardium, mean absolute error, points", "infarct_pct", "mae",
         "mae_ci_low", "mae_ci_high", _points),
    _Row("Normals called free of scar", "classification", "specificity",
         "specificity_ci_low", "specificity_ci_high", _pct,
         counts=("true_negative", "false_positive")),
    _Row("Infarcts called scar", "classification", "sensitivity",
         "sensitivity_ci_low", "sensitivity_ci_high", _pct,
         counts=("true_positive", "false_negative")),
)  # fmt: skip
_SIGNS = {"at_least": "≥", "at_most": "≤"}
_BELOW = """\
Wall, infarct and no-reflow join labels as the application does: myocardium is healthy wall, infarct
and no-reflow, infarct is infarct and no-reflow. The last two are over the cases whose reference has
them. Free of scar: less than 2 % of the myocardium. The winner's figures are those published for
the challenge, on the original volumes and other cases, and how it counts cases without a structure
was not checked: a place to look from, not a comparison.

Infarct share, measured less reference: bias {bias:+.1f}, SD {sd:.1f} points, ICC {icc_2_1:.2f}.

| Fold kept out | cases | myocardium | infarct | no-reflow | error, points | normals free of scar |
|---|---|---|---|---|---|---|
{folds}

Through the application's own path (place of the heart, crop, mean of the mirrored variants,
clean-up, islands), on the original grid, by `python -m validation.scar_figures`.
"""


def scar_figures(found: dict[str, Any]) -> str:
    """Tables of the cross-validation."""
    lines = [
        f"**EMIDEC, {len(found['folds'])}-fold cross-validation**, {found['cases']} cases, each by "
        "the network that has not seen it; means with 95 % intervals.",
        "",
        "| | cases | wanted | reached | EMIDEC's winner |",
        "|---|---|---|---|---|",
        *(_line(row, found) for row in _ROWS),
        "",
    ]
    folds = "\n".join(_fold(name, part) for name, part in found["folds"].items())
    return "\n".join([*lines, _BELOW.format(**found["infarct_pct"], folds=folds)])


def short_falls(found: dict[str, Any]) -> Iterator[str]:
    """What the figures leave to be wished for, a line each."""
    missed = [line for row in _ROWS for line in _against_wanted(row, found)]
    yield from missed or ["- Every figure that was wanted is reached, intervals included."]
    yield from _called_wrongly(found["classification"])
    for name, title in (("myo", "myocardium"), ("infarct", "infarct")):
        worst, folds = found["dice"][name]["min"], _range(found["folds"], name)
        yield f"- Dice of the {title}: {worst:.2f} in the worst case; {folds} by fold."
    behind = [
        f"{row.title.split(',')[0].lower()} {row.published - value:.3f}"
        for row in _ROWS
        if row.published is not None
        and (value := _of(row, found)[row.statistic]) is not None
        and value < row.published
    ]
    if behind:
        yield f"- Dice below EMIDEC's published winner by: {', '.join(behind)}."


def _of(row: _Row, found: dict[str, Any]) -> dict[str, Any]:
    """Figures that the row is one of."""
    for name in row.key.split("."):
        found = found[name]
    return found


def _wanted(row: _Row, found: dict[str, Any]) -> dict[str, Any] | None:
    asked = (f"scar.{row.key}", row.statistic)
    return next((w for w in found["wanted"] if (w["key"], w["statistic"]) == asked), None)


def _line(row: _Row, found: dict[str, Any]) -> str:
    part, wanted = _of(row, found), _wanted(row, found)
    limit = f"{_SIGNS[wanted['sense']]} {row.shown(wanted['limit'])}" if wanted else ""
    published = "" if row.published is None else row.shown(row.published)
    cases = sum(part[name] for name in row.counts)
    return f"| {row.title} | {cases} | {limit} | {_reached(row, part)} | {published} |"


def _reached(row: _Row, part: dict[str, Any]) -> str:
    """Value with its interval, where there are enough cases for either."""
    value, low, high = (
        None if part[name] is None else row.shown(part[name])
        for name in (row.statistic, row.low, row.high)
    )
    if value is None:
        return _NONE
    return value if low is None or high is None else f"{value} ({low} to {high})"


def _against_wanted(row: _Row, found: dict[str, Any]) -> Iterator[str]:
    part, wanted = _of(row, found), _wanted(row, found)
    if wanted is None:
        return
    value, limit = part[row.statistic], wanted["limit"]
    if value is None:
        yield f"- {row.title}: could not be told."
        return
    least = wanted["sense"] == "at_least"
    far = part[row.low if least else row.high]
    told = f"{row.shown(value)}, wanted {_SIGNS[wanted['sense']]} {row.shown(limit)}"
    if not wanted["passed"]:
        yield f"- **{row.title}: {told}: not reached.**"
    elif far is None or (far < limit if least else far > limit):
        end = _NONE if far is None else row.shown(far)
        yield f"- {row.title}: {told}: reached, but the interval goes to {end}."


def _called_wrongly(found: dict[str, Any]) -> Iterator[str]:
    missed, alarms = found["false_negative_cases"], found["false_positive_cases"]
    if missed:
        yield f"- Infarcts overlooked: {len(missed)} ({', '.join(missed)})."
    if alarms:
        yield f"- Normals called scarred: {len(alarms)} ({', '.join(alarms)})."


def _range(folds: dict[str, Any], name: str) -> str:
    values = [part[name] for part in folds.values() if part[name] is not None]
    return f"{min(values):.3f} to {max(values):.3f}" if values else _NONE


def _fold(name: str, part: dict[str, Any]) -> str:
    formats = {**dict.fromkeys(("myo", "infarct", "mvo"), _dice), "mae": _points}
    formats["specificity"] = _pct
    cells = [_NONE if part[k] is None else shown(part[k]) for k, shown in formats.items()]
    return f"| {name} | {part['cases']} | {' | '.join(cells)} |"
