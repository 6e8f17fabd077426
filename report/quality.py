"""Section of the report on quality: every gate, what was withheld and why, the worst slice."""

from __future__ import annotations

from cmr.records import Gate, Status
from report.context import MARKS, Context
from report.gate_titles import gate_title
from report.numbers import general
from report.page import (
    Beside,
    Block,
    Cell,
    Column,
    Fact,
    GateList,
    Marked,
    Paragraph,
    Pictures,
    Row,
    Section,
    Table,
)

# A longer table needs the whole width.
_MOST_BESIDE = 6
_SEVEREST_FIRST = (Status.WITHHELD, Status.REVIEW)


def headline(context: Context) -> Fact:
    """How many gates passed, in one line, with the severest mark."""
    gates, say = context.results.quality, context.words
    counts = {status: sum(g.status is status for g in gates) for status in Status}
    if not gates:
        return Fact(say("Quality"), say("Nothing was measured."), "withheld")
    text = say(
        "{passed} of {count} quality gates passed; "
        "{review} to review, {withheld} that withhold values.",
        passed=counts[Status.PASS],
        count=len(gates),
        review=counts[Status.REVIEW],
        withheld=counts[Status.WITHHELD],
    )
    return Fact(say("Quality"), text, MARKS[context.results.quality_status])


def quality_section(context: Context) -> Section | None:
    """Gates that did not pass with what they mean, then those that passed; None without gates."""
    gates, say = context.results.quality, context.words
    if not gates:
        return None
    raised = [g for status in _SEVEREST_FIRST for g in gates if g.status is status]
    passed = [g for g in gates if g.status is Status.PASS]
    worst = context.picture("cine-worst-slice.png", say("Slice with the least agreement"))
    blocks: list[Block] = []
    if not raised:
        blocks.append(Paragraph(say("Every gate passed.")))
    elif worst is not None and len(raised) <= _MOST_BESIDE:
        blocks.append(Beside((_raised(context, raised),), worst, 36))
    else:
        blocks.append(_raised(context, raised))
    if worst is not None and not isinstance(blocks[0], Beside):
        blocks.append(Pictures((worst,), 36))
    if passed:
        marked = tuple(
            Marked(
                "pass",
                gate_title(g.name, context.words),
                general(g.figure, g.unit),
                general(g.limit, g.unit),
            )
            for g in passed
        )
        blocks.append(GateList(marked, say("Gates that passed (found / limit)")))
    return Section("quality", say("Quality"), tuple(blocks))


def _raised(context: Context, gates: list[Gate]) -> Table:
    say = context.words
    rows = tuple(
        Row(
            (
                Cell(say(gate.status.value), mark=MARKS[gate.status]),
                Cell(gate_title(gate.name, say)),
                Cell(general(gate.figure, gate.unit)),
                Cell(general(gate.limit, gate.unit)),
                Cell(context.say(gate.message)),
            )
        )
        for gate in gates
    )
    columns = (
        Column(say("Status")),
        Column(say("Gate")),
        Column(say("Found"), number=True),
        Column(say("Limit"), number=True),
        Column(say("Meaning"), share=0.46),
    )
    return Table(columns, rows, say("Gates that ask for a look"), "gates")
