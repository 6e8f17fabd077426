"""What became of the tests, from the JUnit files that ``pytest --junitxml`` writes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from deploy.trust.marks import TestRef

_BAD = frozenset({"failure", "error"})
_WEIGHT = {"skipped": 0, "passed": 1, "failed": 2}


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
    """Every case of a run, counted by test function; when each of its parts was started."""

    __test__ = False  # not a test class of pytest's

    started: tuple[str, ...]
    cases: dict[TestRef, Outcome]

    def of(self, references: Iterable[TestRef]) -> Outcome:
        """Sum over test functions, each counted once."""
        found = [self.cases.get(r, Outcome()) for r in set(references)]
        return Outcome(
            passed=sum(o.passed for o in found),
            failed=sum(o.failed for o in found),
            skipped=sum(o.skipped for o in found),
        )


def read_runs(paths: Sequence[Path]) -> TestRun:
    """Read JUnit files of pytest's as one run.

    A case that one run skipped and another carried out, such as a test of the image, counts once,
    by what became of it where it was carried out; a failure counts before a pass.

    Raises
    ------
    ValueError
        Not such a file, or one without a test.
    """
    verdicts: dict[tuple[str, str], str] = {}
    started = []
    for path in paths:
        tree = _parse(path)
        started.append(next(tree.iter("testsuite")).get("timestamp", "")[:19])
        for case in tree.iter("testcase"):
            key = (case.get("classname", ""), case.get("name", ""))
            found = _verdict(case)
            verdicts[key] = max(found, verdicts.get(key, found), key=_WEIGHT.__getitem__)
    counted: dict[TestRef, Counter[str]] = {}
    for (module, name), verdict in verdicts.items():
        reference = TestRef(module.replace(".", "/") + ".py", name.split("[")[0])
        counted.setdefault(reference, Counter())[verdict] += 1
    return TestRun(tuple(started), {ref: Outcome(**count) for ref, count in counted.items()})


def _parse(path: Path) -> ElementTree.Element:
    try:
        tree = ElementTree.parse(path).getroot()
    except (OSError, ElementTree.ParseError) as error:
        raise ValueError(f"{path} is no file of test results.") from error
    if next(tree.iter("testcase"), None) is None:
        raise ValueError(f"{path} holds no test.")
    return tree


def _verdict(case: ElementTree.Element) -> str:
    tags = {child.tag for child in case}
    if tags & _BAD:
        return "failed"
    return "skipped" if "skipped" in tags else "passed"
