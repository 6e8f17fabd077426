"""What is known of the tissue in the mapping slices."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from pydantic import BaseModel, ConfigDict

from cmr.volume import FloatArray
from phantom.mapping_heart import LEVELS, Level, MappedSlice
from phantom.mapping_settings import Protocol
from phantom.mapping_tissue import LESION, MappedTissues
from phantom.tissue import Tissue

ReadT1 = Mapping[Protocol, FloatArray]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TissueTruth(_Frozen):
    """One tissue.

    ``read_native_t1_ms`` and ``read_post_t1_ms`` are what the three-parameter fit finds in the
    noise-free MOLLI signals at the slice's heart rate: T1 itself for the model, biased for the
    simulation, None where the acquisition is not part of the study.
    """

    t1_native_ms: float
    t1_post_ms: float
    t2_ms: float
    t2_star_ms: float
    ecv_fraction: float
    read_native_t1_ms: float | None
    read_post_t1_ms: float | None


class SliceTruth(_Frozen):
    """One slice; ``segments`` by AHA number.

    ``insertion_deg`` is the polar angle of the anterior RV insertion about the LV axis, from the
    middle of the septum, negative towards the front.
    """

    level: Level
    insertion_deg: float
    blood: TissueTruth
    segments: dict[int, TissueTruth]


class MappingTruth(_Frozen):
    """All slices, in the order of the stack."""

    field_strength_t: float
    haematocrit_fraction: float
    lesion_segment: int | None
    slices: tuple[SliceTruth, ...]


def tissue_truth(tissues: MappedTissues, kind: int, read: ReadT1) -> TissueTruth:
    """One tissue of a slice; ``read`` holds its MOLLI acquisitions."""
    native, post = read.get(Protocol.NATIVE_MOLLI), read.get(Protocol.POST_MOLLI)
    return TissueTruth(
        t1_native_ms=float(tissues.t1_ms[kind]),
        t1_post_ms=float(tissues.post_t1_ms[kind]),
        t2_ms=float(tissues.t2_ms[kind]),
        t2_star_ms=float(tissues.t2_star_ms[kind]),
        ecv_fraction=float(tissues.ecv_fraction[kind]),
        read_native_t1_ms=None if native is None else float(native[kind]),
        read_post_t1_ms=None if post is None else float(post[kind]),
    )


def slice_truth(
    tissues: MappedTissues, place: MappedSlice, lesion_segment: int | None, read: ReadT1
) -> SliceTruth:
    """Truth of one slice."""
    return SliceTruth(
        level=LEVELS[place.level],
        insertion_deg=float(np.rad2deg(place.insertion)),
        blood=tissue_truth(tissues, Tissue.BLOOD, read),
        segments={
            number: tissue_truth(
                tissues, LESION if number == lesion_segment else Tissue.MYOCARDIUM, read
            )
            for number in place.numbers
        },
    )
