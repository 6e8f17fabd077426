"""The late-enhancement stack as two series of DICOM images, the way Siemens writes PSIR."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from phantom.acquired import Acquisition, ImageTags, Sequence, started_s
from phantom.scanner_header import SLICE_INTERVAL_S
from phantom.scar import ScarStudy
from phantom.scar_image import PSIR_INTERCEPT, PSIR_SLOPE
from phantom.scar_settings import ScarSettings

_MAGNITUDE_SERIES, _PSIR_SERIES = 201, 251
# Contrast is given where mapping sessions give it; these images are eight minutes later.
_CONTRAST_PLACE, _PLACE = 98, 140


def late_sequence(field_strength_t: float) -> Sequence:
    """Segmented inversion-recovery gradient echo, magnitude."""
    return Sequence(
        name="*tfl2d1_25",
        image_type=("ORIGINAL", "PRIMARY", "M", "NORM", "DIS2D"),
        scanning_sequence="GR\\IR",
        sequence_variant="SP\\MP",
        scan_options=("CG",),
        echo_time_ms=3.3,
        repetition_time_ms=750.0,
        flip_angle_deg=25,
        field_strength_t=field_strength_t,
    )


def scar_acquisitions(
    made: ScarStudy, settings: ScarSettings, field_strength_t: float
) -> Iterator[Acquisition]:
    """Magnitude and phase-sensitive images of the same breath-holds."""
    slices = made.magnitude.geometry.n_slices
    begun_s = started_s(_PLACE) + SLICE_INTERVAL_S * np.arange(slices)[None]
    tags = ImageTags(
        begun_s,
        inversion_ms=np.full((1, slices), float(round(made.contrast.inversion_ms))),
        contrast_s=started_s(_CONTRAST_PLACE),
    )
    sequence = late_sequence(field_strength_t)
    yield Acquisition(
        "SAX LGE MAG", made.magnitude, sequence, _MAGNITUDE_SERIES, started_s(_PLACE), tags
    )
    rescale = (PSIR_SLOPE, PSIR_INTERCEPT)
    stored = (made.psir.data - PSIR_INTERCEPT) / PSIR_SLOPE
    yield Acquisition(
        "SAX LGE PSIR",
        made.psir.with_data(stored),
        replace(sequence, image_type=("ORIGINAL", "PRIMARY", "R", "PSIR", "NORM", "DIS2D")),
        _PSIR_SERIES,
        started_s(_PLACE),
        replace(tags, rescale=rescale if settings.psir_rescale else None),
    )
