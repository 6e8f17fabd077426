"""Made-up rows of the scar task, for figures and cards worked by hand."""

from math import nan

from validation.cohort.records import CaseRow


def normal(case, fold, found_pct, myo=0.9):
    """A normal heart of which ``found_pct`` of the wall is called scar."""
    return CaseRow(
        case=case,
        subgroups={"group": "N", "fold": fold},
        overlap={"dice.myo": myo},
        measured={"infarct_pct": found_pct, "infarct_g": nan, "classification": found_pct >= 2},
        reference={"infarct_pct": 0.0, "infarct_g": nan, "classification": 0.0},
    )


def infarct(case, fold, dice, found_pct, true_pct, mvo=None):
    """A heart with an infarct, and with no-reflow where ``mvo`` is its Dice."""
    overlap = {"dice.myo": 0.8, "dice.infarct": dice}
    return CaseRow(
        case=case,
        subgroups={"group": "P", "fold": fold},
        overlap=overlap if mvo is None else overlap | {"dice.mvo": mvo},
        measured={"infarct_pct": found_pct, "infarct_g": nan, "classification": found_pct >= 2},
        reference={"infarct_pct": true_pct, "infarct_g": nan, "classification": 1.0},
    )


ROWS = [
    normal("N1", "0", 0.0),
    normal("N2", "1", 1.0),
    normal("N3", "1", 3.0, myo=0.7),
    infarct("P1", "0", 0.8, 20.0, 24.0, mvo=0.5),
    infarct("P2", "0", 0.6, 10.0, 8.0),
    infarct("P3", "1", 0.1, 1.0, 9.0),
]
