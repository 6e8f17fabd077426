"""Labels of the scar network and of every scar mask; those of EMIDEC, in its order."""

from enum import IntEnum


class ScarLabel(IntEnum):
    """Voxel label. The wall is the last three together, the infarct the last two."""

    BACKGROUND = 0
    LV = 1
    MYOCARDIUM = 2
    INFARCT = 3
    NO_REFLOW = 4


WALL = (ScarLabel.MYOCARDIUM, ScarLabel.INFARCT, ScarLabel.NO_REFLOW)
ENHANCED = (ScarLabel.INFARCT, ScarLabel.NO_REFLOW)
