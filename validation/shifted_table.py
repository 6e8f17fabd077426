"""The page on shifted input: one row a shift."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cmr.labels import STRUCTURES, Label
from cmr.model_store import ModelFolder
from validation.uncertainty import POOR_DICE

EF_KEYS = ("lv.ef_pct", "rv.ef_pct")
UNSHIFTED = "as it is"
_GATES_SHOWN = 3

_PAGE = """# What shifted input does, and whether the gates notice

Written by `.venv/bin/python -m validation.shifted_inputs`, which repeats it: the {patients} ACDC
patients of `test` in `training/splits.json`, on which nothing was trained or selected, through the
application's path without DICOM. Model `{model}` {version}, SHA-256
`{sha256}`, test-time variants: {variants}.

{table}

Dice is the mean of ED and ES against labels shifted like the images; EF is the mean absolute error
in points against the labels of the whole, unshifted patient, with the number of patients in
brackets where it is undefined in some. *Noticed* counts patients for whom a gate does not pass, to
be compared with the first row ({unshifted}); *new* counts those for whom all gates pass in that
row, and the last column names the gates that most often do not pass. The gates on the sampling of
the cycle are left out, as these files hold two phases. Of the cases whose Dice, mean of the three
structures, is below {poor:g}, the gates notice {caught} over all shifts.

Four mirrored variants have the same mean in any order: mirroring and turning by 180° can change
next to nothing, and 90° and 270° are alike. The shifts are in `training/shifts.py`.
"""

_HEAD = """\
| Shift | RV Dice | Myocardium Dice | LV Dice | LV EF error | RV EF error | Noticed | new \
| Dice < {poor:g} noticed | Gates |
|---|---|---|---|---|---|---|---|---|---|"""


@dataclass(frozen=True)
class Outcome:
    """One patient under one shift.

    Parameters
    ----------
    dice
        Mean over ED and ES of each structure.
    ef_error
        Found minus reference, in points, by :data:`EF_KEYS`; NaN where the found EF is undefined.
    gates
        Those that do not pass.
    """

    dice: Mapping[Label, float]
    ef_error: Mapping[str, float]
    gates: tuple[str, ...]

    @property
    def mean_dice(self) -> float:
        """Mean of the three structures."""
        return float(np.mean([self.dice[label] for label in STRUCTURES]))


def page(patients: Sequence[Mapping[str, Outcome]], model: ModelFolder, variants: int) -> str:
    """Markdown of the whole page.

    Parameters
    ----------
    patients
        Each patient's outcome by shift, :data:`UNSHIFTED` among them.
    variants
        Test-time variants that were used.
    """
    return _PAGE.format(
        patients=len(patients),
        model=model.name,
        version=model.version,
        sha256=model.sha256,
        variants=variants,
        unshifted=_share(sum(bool(p[UNSHIFTED].gates) for p in patients), len(patients)),
        caught=_caught([o for p in patients for name, o in p.items() if name != UNSHIFTED]),
        poor=POOR_DICE,
        table=table(patients),
    )


def table(patients: Sequence[Mapping[str, Outcome]]) -> str:
    """Markdown table: a row a shift, in the order of the first patient."""
    rows = (
        _row(name, [p[name] for p in patients], [p[UNSHIFTED] for p in patients])
        for name in patients[0]
    )
    return "\n".join((_HEAD.format(poor=POOR_DICE), *rows))


def _row(name: str, shifted: Sequence[Outcome], plain: Sequence[Outcome]) -> str:
    cells = (name, *_figures(shifted), *_noticed(shifted, plain), _commonest(shifted))
    return f"| {' | '.join(cells)} |"


def _figures(shifted: Sequence[Outcome]) -> Iterator[str]:
    for label in STRUCTURES:
        yield f"{np.mean([o.dice[label] for o in shifted]):.3f}"
    for key in EF_KEYS:
        errors = np.abs([o.ef_error[key] for o in shifted])
        defined = errors[np.isfinite(errors)]
        count = "" if defined.size == errors.size else f" ({defined.size})"
        yield f"{defined.mean():.1f}{count}" if defined.size else "undefined"


def _noticed(shifted: Sequence[Outcome], plain: Sequence[Outcome]) -> Iterator[str]:
    yield _share(sum(bool(o.gates) for o in shifted), len(shifted))
    yield str(sum(bool(a.gates and not b.gates) for a, b in zip(shifted, plain, strict=True)))
    yield _caught(shifted)


def _caught(shifted: Sequence[Outcome]) -> str:
    poor = [o for o in shifted if o.mean_dice < POOR_DICE]
    return f"{sum(bool(o.gates) for o in poor)} of {len(poor)}"


def _share(part: int, whole: int) -> str:
    return f"{part} of {whole}, {100 * part / whole:.0f} %"


def _commonest(shifted: Sequence[Outcome]) -> str:
    """Ties in alphabetical order, so that the page is the same each time."""
    counts = Counter(gate for o in shifted for gate in o.gates)
    first = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:_GATES_SHOWN]
    return ", ".join(f"`{gate}` {count}" for gate, count in first) or "none"
