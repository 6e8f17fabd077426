"""Labels (those of the ACDC challenge) and phases of every cine mask in this project."""

from enum import IntEnum


class Label(IntEnum):
    """Voxel label. Papillary muscles belong to ``LV`` (the ACDC convention)."""

    BACKGROUND = 0
    RV = 1
    MYOCARDIUM = 2
    LV = 3


STRUCTURES: tuple[Label, ...] = (Label.RV, Label.MYOCARDIUM, Label.LV)
# End-diastole and end-systole, as files and results name them.
PHASES = ("ed", "es")
