"""Settings of late enhancement; the values stand in app.yaml."""

from __future__ import annotations

from pydantic import Field

from cmr.preprocess import Seen
from cmr.results_scar import GrayDefinition, ScarMethod
from cmr.scar.depth import DepthSettings
from cmr.scar.surface_mould import SurfaceSettings
from cmr.settings import Section


class RemoteSettings(Section):
    """How remote myocardium is found.

    Attributes
    ----------
    sector_deg
        Width of the sector of the wall that is taken.
    step_deg
        Between the sectors that are tried.
    least_pixels
        A sector with fewer tells no standard deviation.
    largest_sd_ratio
        To the median over the slices; a slice with more has no remote sector.
    """

    sector_deg: float
    step_deg: float
    least_pixels: int
    largest_sd_ratio: float


class IslandSettings(Section):
    """What is too small to be scar.

    Attributes
    ----------
    least_mm3
        Volume of an island, over the slices it touches, away from the borders of the wall.
    border_px
        Rim of the wall that shares its pixels with blood or fat: no scar begins there.
    reach_px
        How far scar goes on into that rim.
    """

    least_mm3: float
    border_px: float
    reach_px: int


class NoReflowSettings(Section):
    """When a dark region within scar is no-reflow.

    Attributes
    ----------
    rim_fraction
        Of the contrast between remote and scar: how bright the scar round it is at least. A rim of
        one or two pixels is half blurred away.
    closing_px
        Radius of the gaps in the scar round it that are overlooked.
    least_scar_outline
        Share of its outline that is scar; the rest is endocardium.
    least_mm2
        In a slice.
    """

    rim_fraction: float
    closing_px: int
    least_scar_outline: float
    least_mm2: float


class MethodSettings(Section):
    """Thresholds.

    Attributes
    ----------
    least_contrast_sd
        Scar stands out from remote by that much, or there is none.
    scar_percentile
        Of the enhanced pixels: what full scar looks like to :func:`cmr.scar.ewa.weights`.
    peak_percentile
        Of the enhanced pixels: the "maximum" of FWHM, without the brightest noise.
    """

    least_contrast_sd: float
    scar_percentile: float
    peak_percentile: float


class ScarSettings(Section):
    """Everything that decides the numbers of late enhancement.

    Attributes
    ----------
    default, gray_definition
        What the headline numbers are of.
    review_difference_pct
        Of LV mass between the compared methods; more is reviewed.
    compared
        Methods that are expected to agree.
    """

    preprocessing: Seen
    default: ScarMethod
    gray_definition: GrayDefinition
    compared: tuple[ScarMethod, ...] = Field(min_length=2)
    review_difference_pct: float
    depth: DepthSettings
    surface: SurfaceSettings
    remote: RemoteSettings
    islands: IslandSettings
    no_reflow: NoReflowSettings
    methods: MethodSettings
