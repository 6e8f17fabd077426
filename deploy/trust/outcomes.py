"""What became of the tests, from the JUnit file that ``pytest --junitxml`` writes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from deploy.trust.marks import TestRef

_BAD = frozenset({"failure", "error"})


@dataclass(frozen=True)
class Outcome:
    """How many cases of a set of tests passed, failed or were skipped."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    @property
    def shown(self) -> bool:
        """Something passed, and nothing failed."""
        return self.passed > 0 and self.failed == 0

    def __str__(self) -> str:
        words = (
            f"{self.passed} passed",
            f"{self.failed} failed" if self.failed else "",
            f"{self.skipped} skipped" if self.skipped else "",
        )
        return ", ".join(filter(None, words)) if self != Outcome() else "not run"


@dataclass(frozen=True)
class TestRun:
    """Every case of a run, counted by test function."""

    __test__ = False  # not a test class of pytest's

    started: str
    cases: dict[TestRef, Outcome]

    def of(self, references: Iterable[TestRef]) -> Outcome:
        """Sum over test functions, each counted once."""
        found = [self.cases.get(r, Outcome()) for r in set(references)]
        return Outcome(
            passed=sum(o.passed for o in found),
            failed=sum(o.failed for o in found),
            skipped=sum(o.skipped for o in found),
        )


def read_run(path: Path) -> TestRun:
    """Read a JUnit file of pytest's.

    Raises
    ------
    ValueError
        Not such a file, or one without a test.
    """
    try:
        tree = ElementTree.parse(path)
    except (OSError, ElementTree.ParseError) as error:
        raise ValueError(f"{path} is no file of test results.") from error
    counted: dict[TestRef, Counter[str]] = {}
    for case in tree.iter("testcase"):
        counted.setdefault(_reference(case), Counter())[_verdict(case)] += 1
    if not counted:
        raise ValueError(f"{path} holds no test.")
    suite = next(tree.iter("testsuite"))
    outcomes = {ref: Outcome(**count) for ref, count in counted.items()}
    return TestRun(suite.get("timestamp", "")[:19], outcomes)


def _reference(case: ElementTree.Element) -> TestRef:
    file = case.get("classname", "").replace(".", "/") + ".py"
    return TestRef(file, case.get("name", "").split("[")[0])


def _verdict(case: ElementTree.Element) -> str:
    tags = {child.tag for child in case}
    if tags & _BAD:
        return "failed"
    return "skipped" if "skipped" in tags else "passed"
