"""The registers written by hand: requirements, risks, known anomalies. Typed and cross-checked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict

REGISTERS = Path(__file__).parent / "registers"


class RegisterError(ValueError):
    """A register that contradicts itself or another one."""


class State(StrEnum):
    """What is said of a requirement."""

    CLAIMED = "claimed"
    """Met: at least one test shows it, and none of its tests fails."""
    MEASURED = "measured"
    """A figure by a command, as no test may depend on it; tests have no clock."""
    MISSED = "missed"
    """Made, but the figure asked for is not reached: a known anomaly says by how much."""
    NOT_RUN = "not run"
    """Made and with tests, which need what is not here: a known anomaly says what."""
    OPEN = "open"
    """Not in this version."""


_ANOMALOUS = frozenset({State.MISSED, State.NOT_RUN})
_EXPLAINED = _ANOMALOUS | {State.MEASURED}


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str


class Requirement(_Entry):
    """One thing asked for.

    Parameters
    ----------
    issue
        Number of the issue whose text asks for it.
    text
        What is asked, in short.
    code
        Patterns of the files that do it, from the top of the project.
    state
        What is said of it.
    evidence
        Of a measured or missed one: the figure and where it comes from; of one that was not run:
        what is missing.
    """

    issue: int
    text: str
    code: tuple[str, ...]
    state: State = State.CLAIMED
    evidence: str = ""


class Measure(BaseModel):
    """What keeps a risk small, the requirement that asks for it, and the test that shows it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str
    requirement: str
    test: str


class Severity(StrEnum):
    """How bad the harm would be, if somebody acted on the result. Words, not estimates."""

    NEGLIGIBLE = "negligible"
    MINOR = "minor"
    SERIOUS = "serious"
    CRITICAL = "critical"


class Probability(StrEnum):
    """How often it would come about. Judged, not measured."""

    REMOTE = "remote"
    OCCASIONAL = "occasional"
    PROBABLE = "probable"


class Risk(_Entry):
    """A hazard with its cause, how it comes to harm, and what is done about it."""

    hazard: str
    cause: str
    sequence: str
    harm: str
    severity: Severity
    before: Probability
    measures: tuple[Measure, ...]
    after: Probability
    rest: str


class Anomaly(_Entry):
    """Something known to be wrong or missing, and what a user can do."""

    issue: int
    text: str
    effect: str
    advice: str
    requirements: tuple[str, ...] = ()
    risks: tuple[str, ...] = ()


class Registers(BaseModel):
    """All registers, which name each other's entries."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    requirements: tuple[Requirement, ...]
    risks: tuple[Risk, ...]
    anomalies: tuple[Anomaly, ...]

    def risks_of(self, requirement: str) -> list[str]:
        """Identifiers of the risks that a requirement keeps small."""
        return [r.id for r in self.risks if any(m.requirement == requirement for m in r.measures)]

    def anomalies_of(self, identifier: str) -> list[str]:
        """Identifiers of the anomalies that name a requirement or a risk."""
        return [a.id for a in self.anomalies if identifier in (*a.requirements, *a.risks)]


def read_registers(folder: Path = REGISTERS) -> Registers:
    """Read and cross-check all registers.

    Raises
    ------
    RegisterError
        An identifier stands twice or nowhere, or a state lacks what it has to bring.
    """
    registers = Registers(
        requirements=_entries(folder, "requirements"),
        risks=_entries(folder, "risks"),
        anomalies=_entries(folder, "anomalies"),
    )
    _check(registers)
    return registers


def _entries(folder: Path, name: str) -> Any:
    files = sorted(folder.glob(f"{name}*.yaml"))
    if not files:
        raise RegisterError(f"No register of {name} in {folder}.")
    return [e for file in files for e in yaml.safe_load(file.read_text(encoding="utf-8"))]


def _check(registers: Registers) -> None:
    requirements = _once(registers.requirements)
    risks = _once(registers.risks)
    _once(registers.anomalies)
    for risk in registers.risks:
        _known(risk.id, [m.requirement for m in risk.measures], requirements)
    for anomaly in registers.anomalies:
        _known(anomaly.id, anomaly.requirements, requirements)
        _known(anomaly.id, anomaly.risks, risks)
    for entry in registers.requirements:
        if entry.state in _EXPLAINED and not entry.evidence:
            raise RegisterError(f"{entry.id} is {entry.state} and gives no figure or reason.")
        if entry.state in _ANOMALOUS and not registers.anomalies_of(entry.id):
            raise RegisterError(f"{entry.id} is {entry.state}, but no anomaly says so.")


def _once(entries: Sequence[_Entry]) -> frozenset[str]:
    names = [e.id for e in entries]
    twice = sorted({n for n in names if names.count(n) > 1})
    if twice:
        raise RegisterError(f"Twice in a register: {', '.join(twice)}.")
    return frozenset(names)


def _known(where: str, named: Iterable[str], known: frozenset[str]) -> None:
    unknown = sorted(set(named) - known)
    if unknown:
        raise RegisterError(f"{where} names what no register holds: {', '.join(unknown)}.")
