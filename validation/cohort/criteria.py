"""Acceptance criteria of a run: read from a file that a site edits, and judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import isnan, nan
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationInfo, model_validator

from cmr.settings import Section, read_yaml
from validation.cohort.measures import STATISTICS
from validation.cohort.task import Task

FAILURES = "failures"


class Criterion(Section):
    """One limit.

    Parameters
    ----------
    key
        Place in ``summary.json``, such as ``cine.lv.edv_ml``, ``cine.dice.lv.ed``, ``failures``.
    statistic
        One of the figures that stand there (:func:`statistics_of`).
    limit
        In the unit of the statistic; itself still allowed.
    sense
        ``at_most`` or ``at_least``. A bias is compared without its sign.
    source
        Where the limit comes from.
    """

    key: str
    statistic: str
    limit: float = Field(allow_inf_nan=False)
    sense: Literal["at_most", "at_least"]
    source: str = Field(min_length=1)

    @model_validator(mode="after")
    def _makes_sense(self, info: ValidationInfo) -> Criterion:
        known = (info.context or {}).get("known")
        if known is not None and self.key not in known:
            raise ValueError(f"unknown key {self.key}; known: {', '.join(known)}")
        if known is not None and self.statistic not in known[self.key]:
            it_has = ", ".join(known[self.key])
            raise ValueError(f"{self.key} has no statistic {self.statistic}; it has {it_has}")
        if self.statistic == "bias" and self.sense == "at_least":
            raise ValueError(f"{self.key} bias: its size can only be at_most")
        return self

    def holds(self, value: float) -> bool:
        """Compare a value with the limit."""
        compared = abs(value) if self.statistic == "bias" else value
        return compared <= self.limit if self.sense == "at_most" else compared >= self.limit


class _CriteriaFile(Section):
    criteria: list[Criterion] = Field(min_length=1)


@dataclass(frozen=True)
class Verdict:
    """A criterion judged.

    Parameters
    ----------
    criterion
        What was asked.
    value
        What was found; NaN where undefined.
    passed
        None where the criterion does not apply to the data.
    reason
        What the value does not tell; empty for a plain comparison.
    """

    criterion: Criterion
    value: float
    passed: bool | None
    reason: str = ""

    def record(self) -> dict[str, Any]:
        """Entry of ``criteria`` in ``summary.json``."""
        return {
            **self.criterion.model_dump(),
            "value": None if isnan(self.value) else self.value,
            "passed": self.passed,
            "reason": self.reason,
        }


def statistics_of(task: Task) -> dict[str, tuple[str, ...]]:
    """Every key that a criterion of a task may name, with the statistics that it has."""
    keys = {f"{task.name}.{m.key}": STATISTICS[m.kind] for m in task.measures}
    return keys | {FAILURES: ("n",)}


def read_criteria(path: Path, task: Task) -> list[Criterion]:
    """Read and check a file of criteria for a task.

    Raises
    ------
    UsageError
        The file is missing, is not YAML, holds no criterion, or one with an unknown key,
        statistic or field.
    """
    known = statistics_of(task)
    return read_yaml(path, _CriteriaFile, "Criteria", {"known": known}).criteria


def judge_criteria(summary: Mapping[str, Any], criteria: Sequence[Criterion]) -> list[Verdict]:
    """Judge every criterion on the content of ``summary.json``.

    A measure that no reference holds is not applicable. A case whose reference holds the measure
    and whose measurement is undefined fails the criterion, as no figure accounts for it. When no
    criterion on a measurement applies, those criteria fail: such a run shows nothing.
    """
    verdicts = [_judge(summary, criterion) for criterion in criteria]
    of_measures = [v for v in verdicts if v.criterion.key != FAILURES]
    if all(v.passed is None for v in of_measures):
        return [_nothing_shown(v) if v.passed is None else v for v in verdicts]
    return verdicts


def run_passes(verdicts: Sequence[Verdict]) -> bool:
    """Tell whether every criterion that applies holds, and one at least does."""
    judged = [v.passed for v in verdicts if v.passed is not None]
    return bool(judged) and all(judged)


def _judge(summary: Mapping[str, Any], criterion: Criterion) -> Verdict:
    if criterion.key == FAILURES:
        return _judge_failures(summary, criterion)
    found: Any = summary
    for part in criterion.key.split("."):
        found = found[part]
    n, missing = found["n"], found["missing"]
    if n + missing == 0:
        return Verdict(criterion, nan, None, "not applicable: no measured case has a reference")
    value = found[criterion.statistic]
    if value is None:
        return Verdict(
            criterion, nan, False, f"undefined: {found['undefined'][criterion.statistic]}"
        )
    if missing:
        reason = f"undefined in {missing} of {n + missing} cases, which the figure leaves out"
        return Verdict(criterion, value, False, reason)
    return Verdict(criterion, value, criterion.holds(value))


def _judge_failures(summary: Mapping[str, Any], criterion: Criterion) -> Verdict:
    failed, cases = summary["failures"]["n"], summary["cases"]
    if failed == cases:
        return Verdict(criterion, failed, False, f"none of {cases} cases was measured")
    return Verdict(criterion, failed, criterion.holds(failed))


def _nothing_shown(verdict: Verdict) -> Verdict:
    reason = f"{verdict.reason}; the run fails, as no criterion on a measurement applies to it"
    return replace(verdict, passed=False, reason=reason)
