"""From a chosen stack of slices to the source of a cine."""

from __future__ import annotations

import numpy as np

from cmr.volume import StackGeometry
from dicomio.index import Study
from dicomio.source import CineSource
from dicomio.stacks import Stack


def build_source(study: Study, stack: Stack) -> CineSource:
    """Frames, geometry and times of a stack. Phases of its slices correspond by rank."""
    middle = stack.slices[len(stack.slices) // 2]
    first = middle.first
    return CineSource(
        study_uid=study.uid,
        frames=tuple(tuple(s.images[t].ref for s in stack.slices) for t in range(stack.n_phases)),
        geometry=StackGeometry(
            positions_mm=np.array([s.position_mm for s in stack.slices]),
            row_cosine=middle.orientation[0],
            column_cosine=middle.orientation[1],
            pixel_spacing_mm=(first.pixel_spacing_mm[0], first.pixel_spacing_mm[1]),
            shape=first.shape,
            slice_thickness_mm=first.slice_thickness_mm,
            frame_of_reference_uid=first.frame_of_reference_uid,
        ),
        times_ms=np.stack([s.times_ms for s in stack.slices], axis=1),
        rr_ms=np.array([s.rr_ms for s in stack.slices]),
        height_cm=study.height_cm,
        weight_kg=study.weight_kg,
        field_strength_t=first.field_strength_t,
        manufacturer=first.manufacturer,
        left_out=stack.lost,
    )
