"""The pages of ``docs/regulatory``: made of the registers, the marks and the parts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from deploy.trust.markdown import table
from deploy.trust.marks import TestRef, parse_reference
from deploy.trust.outcomes import TestRun
from deploy.trust.registers import Registers, Requirement, State
from deploy.trust.trace import Trace, failures

NOTICE = (
    "> **Not a medical device, not cleared, for research only.** This page has the shape of what\n"
    "> IEC 62304, ISO 14971 and FDA's list of documents ask for. It does not claim to conform.\n"
    "> Made by `python -m deploy.trust documents`: edit the registers, not this page."
)

_AREAS = {
    2: "The application and the cine",
    3: "Network of the cine, and validation",
    4: "Tissue mapping",
    5: "Late enhancement",
    6: "Image, neighbours, trust",
    7: "What people look at",
}
_MEANING = {
    State.CLAIMED: "tests show it; `make regulatory` fails where none passes or one fails",
    State.MEASURED: "a figure by a command, as no test may depend on it",
    State.MISSED: "made, but the figure that was asked for is not reached; a known anomaly says so",
    State.NOT_RUN: "made, and its tests need what was not at hand; a known anomaly says so",
    State.OPEN: "not in this version",
}


def requirements_page(trace: Trace) -> str:
    """Write down what is asked, and what is said of it."""
    registers = trace.registers
    return _page(
        "Requirements",
        "From the texts of issues 2 to 7; issue 1 is not on record. Texts are short forms. "
        f"There are {len(registers.requirements)}:",
        _states(registers),
        *_by_area(
            registers,
            ("Requirement", "What is asked", "State"),
            lambda r: (r.id, r.text, _state(r, registers)),
        ),
    )


def traceability_page(trace: Trace) -> str:
    """Trace each requirement to code, tests and risks."""
    registers = trace.registers

    def row(entry: Requirement) -> tuple[str, ...]:
        tests = ", ".join(f"`{t}`" for t in trace.tests_of(entry.id)) or f"none: {entry.state}"
        code = ", ".join(f"`{c}`" for c in entry.code)
        return entry.id, code, tests.replace("tests/", ""), ", ".join(registers.risks_of(entry.id))

    return _page(
        "Traceability",
        "Tests carry `pytest.mark.requirement`; a file alone stands for all its tests. All are in "
        "`tests/`. `python -m deploy.trust documents --results FILE` adds what a run of them "
        "showed (`results.md`).",
        *_by_area(registers, ("Requirement", "Code", "Tests", "Risks"), row),
    )


def risks_page(trace: Trace) -> str:
    """Write the risk file."""
    parts: list[str] = []
    for risk in trace.registers.risks:
        facts = [
            ("Hazard", risk.hazard),
            ("Cause", risk.cause),
            ("Sequence", risk.sequence),
            ("Harm", risk.harm),
            ("Severity", risk.severity),
            ("Probability without measures", risk.before),
            ("Probability with them", risk.after),
            ("What is left", risk.rest),
            ("Known anomalies", ", ".join(trace.registers.anomalies_of(risk.id)) or "none"),
        ]
        measures = [(m.text, m.requirement, f"`{m.test}`") for m in risk.measures]
        parts += [
            f"## {risk.id}: {risk.hazard}",
            table(("", ""), facts),
            table(("Measure", "Requirement", "Test"), measures),
        ]
    return _page(
        "Risks",
        "Harm that could follow if somebody acted on a result, though nobody should. Words of "
        "severity and probability are judgements; nothing was counted on patients.",
        *parts,
    )


def anomalies_page(trace: Trace) -> str:
    """List what is known to be wrong or missing."""
    rows = [
        (a.id, str(a.issue), a.text, a.effect, a.advice, ", ".join((*a.requirements, *a.risks)))
        for a in trace.registers.anomalies
    ]
    return _page(
        "Known anomalies",
        "From the closing notes of the issues. A gate speaks up only where the entry says so.",
        table(("Anomaly", "Issue", "What", "Effect", "What to do", "Concerns"), rows),
    )


def results_page(trace: Trace, run: TestRun) -> str:
    """Join requirements and measures of risks with what a run of the tests showed."""
    missing = failures(trace, run)
    verdict = (
        "Every claimed requirement has a passing test, and no test of one fails."
        if not missing
        else "**Not shown:**\n\n" + "\n".join(f"- {m}" for m in missing)
    )

    def row(entry: Requirement) -> tuple[str, ...]:
        outcome = run.of(trace.functions_of(entry.id))
        return entry.id, str(entry.state), str(outcome), entry.evidence

    return _page(
        "Results of the tests",
        f"Started {' and '.join(run.started)}. {verdict}",
        *_by_area(trace.registers, ("Requirement", "State", "Tests", "Figure or reason"), row),
        "## Measures of risks",
        table(
            ("Risk", "Measure", "Tests"),
            [
                (r.id, m.text, str(run.of(_expanded(trace, m.test))))
                for r in trace.registers.risks
                for m in r.measures
            ],
        ),
    )


def _expanded(trace: Trace, test: str) -> tuple[TestRef, ...]:
    return trace.tests.expand(parse_reference(test))


def _states(registers: Registers) -> str:
    count = Counter(r.state for r in registers.requirements)
    rows = [(str(state), str(count[state]), meaning) for state, meaning in _MEANING.items()]
    return table(("State", "Number", "Meaning"), rows)


def _state(entry: Requirement, registers: Registers) -> str:
    anomalies = ", ".join(registers.anomalies_of(entry.id))
    words = (str(entry.state), entry.evidence, anomalies and f"see {anomalies}")
    return "; ".join(filter(None, words))


def _by_area(
    registers: Registers,
    head: Sequence[str],
    row: Callable[[Requirement], Sequence[str]],
) -> Iterable[str]:
    for issue, title in _AREAS.items():
        entries = [r for r in registers.requirements if r.issue == issue]
        yield f"## {title}"
        yield table(head, map(row, entries))


def _page(title: str, introduction: str, *parts: str) -> str:
    return "\n\n".join((f"# {title}", NOTICE, introduction, *parts)) + "\n"
