"""What a scanner hands over: images of one plane or stack, before they become DICOM files."""

from __future__ import annotations

from dataclasses import dataclass, field

from cmr.volume import Volume4D


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
class Acquisition:
    """One measurement: ``volume.data`` is ``(t, z, row, col)``, non-negative, at most 4095.

    ``volume.times_ms`` holds trigger times and ``volume.rr_ms`` the RR interval of each slice;
    NaN for images without ECG gating.
    """

    description: str
    volume: Volume4D
    sequence: Sequence
    series_number: int
    started_s: float = field(default=36_000.0)


@dataclass(frozen=True)
class Person:
    """The made-up patient. Height and weight are NaN when the study does not hold them."""

    name: str
    patient_id: str
    birth_date: str
    sex: str
    height_cm: float
    weight_kg: float
