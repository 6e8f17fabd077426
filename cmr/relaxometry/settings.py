"""What the fits may find, and when a pixel counts as not determined."""

from __future__ import annotations

from cmr.body import Range
from cmr.settings import Section


class FitSettings(Section):
    """Limits of the fits.

    Attributes
    ----------
    t1_ms, t2_ms, t2_star_ms
        Range of time constants that is searched; for MOLLI that of T1*. A fit that ends outside
        is no result.
    rician_noise
        Magnitude images of MOLLI without phase: the most likely curve for noise that cannot be
        negative. False leaves the least-squares curve, as most other software does.
    free_saturation_amplitude
        Saturation recovery with 3 parameters; false takes the saturation for perfect: 2.
    max_sd_fraction
        A value whose standard deviation is a larger share of it is not determined.
    noise_floor_fraction
        Share of a pixel's largest signal that its noise is taken to be at least when the value's
        standard deviation is judged. A few images may fit a curve better than chance allows.
    shortest_rr_ms
        Images of one inversion are at least this far apart.
    """

    t1_ms: Range
    t2_ms: Range
    t2_star_ms: Range
    rician_noise: bool
    free_saturation_amplitude: bool
    max_sd_fraction: float
    noise_floor_fraction: float
    shortest_rr_ms: float
