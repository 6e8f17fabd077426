"""Where the images of a stack come from: the link between arrays and DICOM instances."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cmr.volume import FloatArray, StackGeometry


@dataclass(frozen=True)
class FrameRef:
    """One image: a classic instance, or one frame of a multi-frame instance.

    ``frame_number`` counts from 1 as DICOM does; 0 marks a single-frame instance.
    """

    path: Path
    sop_class_uid: str
    sop_instance_uid: str
    series_uid: str
    frame_number: int = 0


@dataclass(frozen=True, eq=False)
class CineSource:
    """The short-axis cine of one study, before its pixels are read.

    ``frames[t][z]`` is the image of phase ``t`` at slice ``z`` of ``geometry``; ``times_ms`` is
    ``(t, z)`` and ``rr_ms`` ``(z,)`` as in :class:`cmr.volume.Volume4D`. Unknown height, weight
    and field strength are NaN.
    """

    study_uid: str
    frames: tuple[tuple[FrameRef, ...], ...]
    geometry: StackGeometry
    times_ms: FloatArray
    rr_ms: FloatArray
    height_cm: float
    weight_kg: float
    field_strength_t: float
    manufacturer: str

    @property
    def series_uids(self) -> tuple[str, ...]:
        """UIDs of the contributing series, in slice order, each once."""
        return tuple(dict.fromkeys(f.series_uid for phase in self.frames for f in phase))
