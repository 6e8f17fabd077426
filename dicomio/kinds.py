"""What a series, or a part of one, is taken for."""

from enum import StrEnum


class SeriesKind(StrEnum):
    """Kind of images, as it stands in the results."""

    CINE_SHORT_AXIS = "cine short axis"
    CINE_LONG_AXIS = "cine long axis"
    CINE_OTHER = "cine other"
    REAL_TIME = "real-time cine"
    TAGGING = "tagging"
    PERFUSION = "perfusion"
    FLOW = "flow"
    TI_SCOUT = "TI scout"
    SCOUT = "scout"
    LGE_MAGNITUDE = "LGE magnitude"
    LGE_PSIR = "LGE PSIR"
    T1_MAP = "T1 map"
    T1_SOURCE = "T1 source"
    T2_MAP = "T2 map"
    T2_SOURCE = "T2 source"
    T2_STAR_MAP = "T2* map"
    T2_STAR_SOURCE = "T2* source"
    ECV_MAP = "ECV map"
    MAP_PARAMETERS = "map parameters"
    AI_RESULT = "AI result"
    DERIVED = "derived"
    OTHER = "other"


class Component(StrEnum):
    """Which part of the complex signal an image shows."""

    MAGNITUDE = "magnitude"
    PHASE = "phase"
    REAL = "real"
    IMAGINARY = "imaginary"
    UNKNOWN = "unknown"
