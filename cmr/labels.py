"""Label values of every cine mask in this project (those of the ACDC challenge)."""

from enum import IntEnum


class Label(IntEnum):
    """Voxel label. Papillary muscles belong to ``LV`` (the ACDC convention)."""

    BACKGROUND = 0
    RV = 1
    MYOCARDIUM = 2
    LV = 3


STRUCTURES: tuple[Label, ...] = (Label.RV, Label.MYOCARDIUM, Label.LV)
