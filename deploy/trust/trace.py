"""Requirements joined with tests, code, risks and results; and what is missing between them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from deploy.image.bytecode import PACKAGES
from deploy.trust.marks import MarkedTests, TestRef, parse_reference
from deploy.trust.outcomes import TestRun
from deploy.trust.registers import Registers, Requirement, State


@dataclass(frozen=True)
class Trace:
    """Everything that is traced."""

    registers: Registers
    tests: MarkedTests

    def tests_of(self, requirement: str) -> tuple[TestRef, ...]:
        """Return what is marked with a requirement: functions, or whole files."""
        return self.tests.marked.get(requirement, ())

    def functions_of(self, requirement: str) -> list[TestRef]:
        """Return the test functions of a requirement."""
        return [f for r in self.tests_of(requirement) for f in self.tests.expand(r)]


def gaps(trace: Trace, root: Path) -> list[str]:
    """Say where registers, marks and code do not fit, one sentence each; none is well."""
    return [*_unmarked(trace), *_unknown(trace), *_risks_without_test(trace), *_code(trace, root)]


def failures(trace: Trace, run: TestRun) -> list[str]:
    """Name what a run of the tests does not show, one sentence each; none is well."""
    return [*_requirements_not_shown(trace, run), *_measures_not_shown(trace, run)]


def serves(requirement: Requirement, file: str) -> bool:
    """Tell whether a file is part of what does a requirement."""
    return any(Path(file).match(pattern) for pattern in requirement.code)


def _unmarked(trace: Trace) -> Iterator[str]:
    for entry in trace.registers.requirements:
        marked = bool(trace.functions_of(entry.id))
        if entry.state in (State.CLAIMED, State.NOT_RUN) and not marked:
            yield f"{entry.id} is {entry.state}, but no test is marked with it."
        if entry.state is State.OPEN and marked:
            yield f"{entry.id} is open, but tests are marked with it."


def _unknown(trace: Trace) -> Iterator[str]:
    known = {r.id for r in trace.registers.requirements}
    for identifier, tests in trace.tests.marked.items():
        if identifier not in known:
            yield f"{tests[0]} is marked with {identifier}, which is no requirement."
    marked = {test.file for tests in trace.tests.marked.values() for test in tests}
    for file in sorted(set(trace.tests.functions) - marked):
        yield f"{file} is marked with no requirement."


def _risks_without_test(trace: Trace) -> Iterator[str]:
    for risk in trace.registers.risks:
        for measure in risk.measures:
            tests = trace.tests.expand(parse_reference(measure.test))
            if not tests:
                yield f"{risk.id} names {measure.test}, which is no test."
            elif not set(tests) & set(trace.functions_of(measure.requirement)):
                yield f"{risk.id}: {measure.test} does not show {measure.requirement}."


def _code(trace: Trace, root: Path) -> Iterator[str]:
    requirements = trace.registers.requirements
    for entry in requirements:
        for pattern in entry.code:
            if entry.state is not State.OPEN and not any(root.glob(pattern)):
                yield f"{entry.id} names {pattern}, which is no file."
    # Every module that is shipped serves a requirement.
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            file = path.relative_to(root).as_posix()
            if path.name != "__init__.py" and not any(serves(r, file) for r in requirements):
                yield f"{file} serves no requirement."


def _requirements_not_shown(trace: Trace, run: TestRun) -> Iterator[str]:
    for entry in trace.registers.requirements:
        outcome = run.of(trace.functions_of(entry.id))
        if outcome.failed or (entry.state is State.CLAIMED and not outcome.shown):
            yield f"{entry.id}: {outcome}."
        elif entry.state is State.NOT_RUN and outcome.passed:
            yield f"{entry.id} is said to be not run ({entry.evidence}), but: {outcome}. Claim it."


def _measures_not_shown(trace: Trace, run: TestRun) -> Iterator[str]:
    for risk in trace.registers.risks:
        for measure in risk.measures:
            outcome = run.of(trace.tests.expand(parse_reference(measure.test)))
            if not outcome.shown:
                yield f"{risk.id}, {measure.test}: {outcome}."
