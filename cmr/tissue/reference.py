"""Reference ranges: those of the site, else published ones measured in the same way, else none.

Values differ between sites, field strengths and sequences far more than between health and mild
disease (I2 of 90-99 % in the meta-analyses), so a range is used for what it was measured with
only. Pooled means of meta-analyses are no ranges for a person and are not used.
"""

from __future__ import annotations

from typing import Literal

from cmr.ranges import Comparison, Limits, beside, no_range
from cmr.settings import Section

Quantity = Literal["native_t1", "t2", "ecv"]
Region = Literal["global", "septal"]


class NormalRange(Limits):
    """What is normal, in ms or %, for one way of measuring.

    Attributes
    ----------
    sequence
        As the results name it; for ECV that of the native and that of the post-contrast map,
        with `` / `` between them.
    """

    quantity: Quantity
    region: Region
    field_strength_t: float
    sequence: str


class ReferenceSettings(Section):
    """Ranges of the site, and how near a field strength has to be to match."""

    site_ranges: tuple[NormalRange, ...]
    field_tolerance_t: float


def _rosmini(quantity: Quantity, sequence: str, mean: float, sd: float) -> NormalRange:
    return NormalRange(
        quantity=quantity,
        region="septal",
        field_strength_t=1.5,
        sequence=sequence,
        mean=mean,
        sd=sd,
        low=None,
        high=None,
        source=(
            "Rosmini et al., Eur Heart J Cardiovasc Imaging 2018;19:615: "
            "mid anteroseptum of 94 healthy adults"
        ),
    )


PUBLISHED: tuple[NormalRange, ...] = (
    _rosmini("native_t1", "ShMOLLI", 957, 30),
    _rosmini("native_t1", "MOLLI 5s(3s)3s", 1025, 38),
    _rosmini("native_t1", "SASHA", 1144, 45),
    _rosmini("ecv", "ShMOLLI / ShMOLLI", 28.4, 3.0),
    _rosmini("ecv", "MOLLI 5s(3s)3s / MOLLI 4s(1s)3s(1s)2s", 27.3, 2.7),
    _rosmini("ecv", "SASHA / SASHA", 24.1, 2.9),
)


def compare(  # noqa: PLR0913 - what a range depends on
    value: float,
    quantity: Quantity,
    region: Region,
    field_strength_t: float | None,
    sequence: str,
    settings: ReferenceSettings,
) -> Comparison:
    """Put a value (ms, or % for ECV) beside the range for its quantity, field and sequence.

    The site's own ranges come first. Names of sequences have to be the same but for case and
    spaces.
    """
    if field_strength_t is None or not sequence:
        return no_range("No range: field strength or sequence unknown.")
    kinds: tuple[tuple[Literal["site", "published"], tuple[NormalRange, ...]], ...] = (
        ("site", settings.site_ranges),
        ("published", PUBLISHED),
    )
    for kind, ranges in kinds:
        for known in ranges:
            near = abs(known.field_strength_t - field_strength_t) <= settings.field_tolerance_t
            if (
                near
                and (known.quantity, known.region) == (quantity, region)
                and _plain(known.sequence) == _plain(sequence)
            ):
                return beside(value, known, kind)
    return no_range(
        f"No range: none is known for {quantity}, {region}, with {sequence} at "
        f"{field_strength_t:g} T."
    )


def _plain(sequence: str) -> str:
    return "".join(sequence.split()).casefold()
