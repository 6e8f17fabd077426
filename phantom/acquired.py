"""What a scanner hands over: images of one plane or stack, before they become DICOM files."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from cmr.volume import FloatArray, Volume4D

_STUDY_START_S = 36_000.0
_SECONDS_PER_PLACE = 12.0


@dataclass(frozen=True)
class Sequence:
    """How the images were taken, as DICOM tags want it.

    ``image_type`` are the values of Image Type, ``name`` the vendor's sequence name.
    """

    name: str
    image_type: tuple[str, ...]
    scanning_sequence: str
    sequence_variant: str
    scan_options: tuple[str, ...]
    echo_time_ms: float
    repetition_time_ms: float
    flip_angle_deg: float
    field_strength_t: float


@dataclass(frozen=True, eq=False)
class Palette:
    """Colours of stored values: ``(4096,)`` of 16 bits each."""

    red: npt.NDArray[np.uint16]
    green: npt.NDArray[np.uint16]
    blue: npt.NDArray[np.uint16]


@dataclass(frozen=True, eq=False)
class ImageTags:
    """Tags by which the images of one slice differ although they show the same instant.

    Parameters
    ----------
    begun_s
        ``(t, z)`` seconds after midnight.
    inversion_ms
        ``(t, z)`` Inversion Time; None leaves it out.
    echo_ms
        ``(t, z)`` Echo Time; None for that of the sequence.
    comments
        Image Comments of each ``t``; empty for none.
    palettes
        Colour table of each ``t``; empty for none.
    rescale
        Slope and intercept; None for none.
    contrast_s
        Seconds after midnight at which contrast was given; None for none.
    """

    begun_s: FloatArray
    inversion_ms: FloatArray | None = None
    echo_ms: FloatArray | None = None
    comments: tuple[str, ...] = ()
    palettes: tuple[Palette, ...] = ()
    rescale: tuple[float, float] | None = None
    contrast_s: float | None = None


@dataclass(frozen=True, eq=False)
class Acquisition:
    """One measurement: ``volume.data`` is ``(t, z, row, col)``, non-negative, at most 4095.

    ``volume.times_ms`` holds trigger times and ``volume.rr_ms`` the RR interval of each slice;
    NaN for images without ECG gating. ``tags`` make it something other than a cine.
    """

    description: str
    volume: Volume4D
    sequence: Sequence
    series_number: int
    started_s: float = field(default=_STUDY_START_S)
    tags: ImageTags | None = None


def started_s(place: int) -> float:
    """Seconds after midnight of the ``place``-th breath-hold of the session."""
    return _STUDY_START_S + place * _SECONDS_PER_PLACE


@dataclass(frozen=True)
class Person:
    """The made-up patient. Height and weight are NaN when the study does not hold them."""

    name: str
    patient_id: str
    birth_date: str
    sex: str
    height_cm: float
    weight_kg: float
