"""From a chosen stack of slices to the source of a cine."""

from __future__ import annotations

import numpy as np

from dicomio.index import Study
from dicomio.slices import geometry_of
from dicomio.source import CineSource
from dicomio.stacks import Stack


def build_source(study: Study, stack: Stack) -> CineSource:
    """Frames, geometry and times of a stack. Phases of its slices correspond by rank."""
    first = stack.slices[0].first
    return CineSource(
        study_uid=study.uid,
        frames=tuple(tuple(s.images[t].ref for s in stack.slices) for t in range(stack.n_phases)),
        geometry=geometry_of(stack.slices),
        times_ms=np.stack([s.times_ms for s in stack.slices], axis=1),
        rr_ms=np.array([s.rr_ms for s in stack.slices]),
        subject=study.subject,
        field_strength_t=first.field_strength_t,
        manufacturer=first.manufacturer,
        left_out=stack.lost,
    )
