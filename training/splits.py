"""Who is kept out, and who validates which fold: drawn once, stratified by group, committed."""

import json
from pathlib import Path

import numpy as np

from cmr.settings import Section

SPLITS_FILE = Path(__file__).with_name("splits.json")


class Splits(Section):
    """``test`` is never trained or selected on; ``folds`` share out the others."""

    seed: int
    test: list[str]
    folds: list[list[str]]

    def held_out(self, fold: int | None) -> list[str]:
        """Who selects among the epochs; nobody when no fold is left out."""
        return [] if fold is None else self.folds[fold]

    def training(self, fold: int | None) -> list[str]:
        """Everyone outside ``fold`` and outside ``test``; None leaves no fold out."""
        return sorted(p for i, part in enumerate(self.folds) if i != fold for p in part)


def read_splits(path: Path = SPLITS_FILE) -> Splits:
    """Read the committed splits."""
    return Splits.model_validate(json.loads(path.read_text("utf-8")))


def draw_splits(groups: dict[str, str], n_test: int, n_folds: int, seed: int) -> Splits:
    """Deal the shuffled patients of each group out like cards.

    The deal goes on from one group to the next without starting anew, so that parts differ by
    one patient at most, in total and within each group.

    Parameters
    ----------
    groups
        Patient to group.
    n_test, n_folds, seed
        Patients kept out, number of folds, seed of the shuffle.
    """
    rng = np.random.default_rng(seed)
    by_group = {
        name: rng.permutation(sorted(p for p, g in groups.items() if g == name)).tolist()
        for name in sorted(set(groups.values()))
    }
    share, extra = divmod(n_test, len(by_group))
    with_extra = set(rng.permutation(sorted(by_group))[:extra])
    test: list[str] = []
    rest: list[str] = []
    for name, patients in by_group.items():
        take = share + (name in with_extra)
        test += patients[:take]
        rest += patients[take:]
    folds = [sorted(rest[i::n_folds]) for i in range(n_folds)]
    return Splits(seed=seed, test=sorted(test), folds=folds)
