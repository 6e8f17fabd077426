"""Sections of a network that has to see any contrast: synthesised images, and LGE images."""

from typing import Annotated

from pydantic import Field, PositiveFloat

from cmr.preprocess import Seen
from cmr.settings import Section

Probability = Annotated[float, Field(ge=0, le=1)]
Range = tuple[float, float]


class SharesConfig(Section):
    """Parts that each kind of image has among the samples of the cine data; they need no sum.

    ``cine`` leaves the image, ``grey`` draws grey values, ``signal`` draws a T1- or T2-weighted
    image and ``map`` a map of relaxation times (:mod:`training.synthesis`).
    """

    cine: PositiveFloat
    grey: PositiveFloat
    signal: PositiveFloat
    map: PositiveFloat


class SynthesisConfig(Section):
    """How cine images become other contrasts; fractions are of the range of grey values.

    ``flat`` is the share of images whose structures are painted in one grey value each, and
    ``texture`` how much of the real image's fine detail is put back.
    """

    shares: SharesConfig
    flat: Probability
    texture: Range
    shading_sd: float = Field(ge=0)
    scar: Probability
    signal_noise: Range
    map_noise: Range


class LgeConfig(Section):
    """The real LGE images; ``fold`` of ``emidec_splits.json`` is kept out.

    ``stretch`` takes the place of the geometry's, as these pixels are not square and nobody knows
    by how much, in a share ``stretched`` of the batches. ``tone`` is the share of images with a
    random monotone map of the grey values.
    """

    fold: int | None = Field(ge=0, description="null: trained on all.")
    stretch: Range
    stretched: Probability
    tone: Probability


class InfarctConfig(Section):
    """The scar network: EMIDEC with its infarcts, and infarcts painted into healthy walls.

    ``seen`` is what this network sees, from app.yaml: scar.preprocessing.
    ``cine_slices`` of the ACDC patients, given the contrast of late enhancement, come to each
    epoch. ``painted`` is the share of healthy walls that get an infarct, ``not_ischaemic`` that of
    those infarcts that leave the endocardium free, ``no_reflow`` that with a dark core.
    """

    seen: Seen
    cine_slices: int = Field(ge=0)
    painted: Probability
    not_ischaemic: Probability
    no_reflow: Probability
    half_width_deg: Range
    extent: Range
