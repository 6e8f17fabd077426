"""Tissue mapping in the results: T1, T2, T2* and extracellular volume by AHA segment."""

from __future__ import annotations

from collections.abc import Mapping as Table
from types import MappingProxyType
from typing import Generic, Literal, TypeVar

from pydantic import ConfigDict, Field

from cmr.records import Measured, Model, Record, Status, measured

MapQuantity = Literal["native_t1", "post_t1", "t1", "t2", "t2_star", "ecv"]
"""What a map shows; ``t1`` where it is not known whether contrast agent had been given."""


class Region(Measured):
    """Pixels of a region of a map, every one accounted for."""

    pixels: int = Field(description="Used.")
    undetermined_pixels: int = Field(description="Without a value in the map.")
    poor_fit_pixels: int = Field(description="With a value, but a worse fit than asked for.")
    left_out_pct: float | None = measured("Pixels left out", "%", 1)
    r2: float | None = measured("Goodness of fit", "1", 4)


class RelaxationRegion(Region):
    """Relaxation time of a region."""

    median_ms: float | None = measured("Median", "ms", 1)
    mean_ms: float | None = measured("Mean", "ms", 1)
    sd_ms: float | None = measured("Standard deviation", "ms", 1)
    uncertainty_ms: float | None = measured("Standard error of the median", "ms", 2)


class EcvRegion(Region):
    """Extracellular volume of a region."""

    median_pct: float | None = measured("Median", "%", 2)
    mean_pct: float | None = measured("Mean", "%", 2)
    sd_pct: float | None = measured("Standard deviation", "%", 2)
    uncertainty_pct: float | None = measured(
        "Standard error, with that of blood and haematocrit", "%", 2
    )


R = TypeVar("R", bound=Region)
_NAMED = ("native_t1", "post_t1", "t2", "t2_star", "ecv")
TITLES: Table[str, str] = MappingProxyType(
    {
        "native_t1": "Native T1",
        "post_t1": "Post-contrast T1",
        "t1": "T1",
        "t2": "T2",
        "t2_star": "T2*",
        "ecv": "Extracellular volume",
    }
)
"""What people call each quantity."""


def map_title(key: str, quantity: str) -> str:
    """What people call the map ``key``; with a number where the study has several of its kind."""
    number = key.rpartition("-")[2] if "-" in key else ""
    return f"{TITLES[quantity]} ({number})" if number else TITLES[quantity]


class SegmentAngle(Record):
    """Where the segments of a slice begin."""

    angle_deg: float = Field(description="From the row direction towards the column direction.")
    method: Literal["anterior RV insertion", "mid-septum"]
    from_slice: int = Field(description="Index of the slice that shows it, from 0.")


class MapSlice(Record, Generic[R]):
    """One slice of a map."""

    position_mm: float = Field(description="Along the stack normal, 0 at the first slice.")
    level: Literal["basal", "mid", "apical"] | None = None
    reference: SegmentAngle | None = None
    reason: str = Field(description="Why it has no segments; empty where it has.")
    wall: R
    blood: R
    segments: dict[int, R]


class SliceMotion(Record):
    """Motion correction of one slice; shifts are those of the images, in the order of time."""

    applied: bool
    reason: str = Field(description="Why, or why not.")
    row_shift_mm: list[float]
    column_shift_mm: list[float]
    residual_before_pct: float | None = Field(
        default=None, description="Of the fit, share of the signal."
    )
    residual_after_pct: float | None = None
    notes: list[str] = Field(default_factory=list)


class FitRecord(Record):
    """How a map was made from its source images."""

    model: str
    times_ms: list[list[float | None]] = Field(
        description="Of the images used, slice by slice; null for an image without preparation."
    )
    phase_used: bool = Field(description="Polarity from phase images.")
    pixels: int = Field(description="With a value, over all slices.")
    undetermined: dict[str, int] = Field(description="Pixels without one, by reason.")
    motion: list[SliceMotion] = Field(description="By slice; empty where it was not asked for.")


class ScannerCheck(Record):
    """The fitted map against the scanner's own, pixel by pixel."""

    pixels: int = Field(description="Compared: with a value in both maps.")
    min_r2: float | None = Field(
        default=None, description="The scanner's own R² of these; null without it."
    )
    undetermined_pixels: int = Field(description="With a value in the scanner's map alone.")
    median_difference_ms: float | None = None
    median_absolute_difference_ms: float | None = None


class ReferenceRange(Record):
    """A value beside the range for its quantity, region, field strength and sequence."""

    region: Literal["global", "septal"]
    kind: Literal["site", "published", "none"]
    low: float | None = None
    high: float | None = None
    z: float | None = None
    source: str
    reason: str = Field(description="Why there is no range; empty where there is.")


class MapQc(Record):
    """Verdict of the quality gates on this map; the gates stand in ``quality``."""

    status: Status
    not_passed: list[str] = Field(description="Names of the gates.")


class TissueMap(Record, Generic[R]):
    """One map, measured."""

    model_config = ConfigDict(serialize_by_alias=True, validate_by_name=True)

    quantity: MapQuantity
    sequence: str
    source: Literal["scanner", "fitted"]
    source_reason: str
    global_: R = Field(alias="global", description="Over all segments.")
    global_of: Literal["segments", "wall without segments"]
    septal: R = Field(description="Segments 2, 3, 8, 9 and 14.")
    blood: R = Field(description="Middle of the LV cavity.")
    segments: dict[int, R] = Field(description="AHA segments 1 to 16.")
    slices: list[MapSlice[R]]
    level_method: str
    apex_evidence: str
    reference: list[ReferenceRange]
    series_uids: list[str]
    field_strength_t: float | None = None
    manufacturer: str
    pixel_spacing_mm: tuple[float, float]
    contrast_reason: str = Field(description="How native and post-contrast were told apart.")
    fit: FitRecord | None = Field(
        default=None, description="Null for a scanner's map without source images."
    )
    scanner_check: ScannerCheck | None = None
    left_out: list[str] = Field(description="Slices and images that were not used, and why.")
    notes: list[str]
    qc: MapQc


class RelaxationMapResults(TissueMap[RelaxationRegion]):
    """T1, T2 or T2* map."""


class HaematocritRecord(Record):
    """Haematocrit used for the extracellular volume."""

    fraction: float
    sd_fraction: float
    source: Literal["measured", "synthetic"]
    origin: str


class PostShift(Record):
    """Registration of one post-contrast slice to the native one."""

    applied: bool
    reason: str
    row_shift_mm: float | None = None
    column_shift_mm: float | None = None


class EcvMapResults(TissueMap[EcvRegion]):
    """Extracellular volume."""

    haematocrit: HaematocritRecord | None = Field(
        default=None, description="Null for a scanner's ECV map."
    )
    post_shift: list[PostShift]


AnyMap = RelaxationMapResults | EcvMapResults


class Mapping(Record):
    """Tissue mapping of a study."""

    native_t1: RelaxationMapResults | None = None
    post_t1: RelaxationMapResults | None = None
    t2: RelaxationMapResults | None = None
    t2_star: RelaxationMapResults | None = None
    ecv: EcvMapResults | None = None
    others: list[RelaxationMapResults | EcvMapResults] = Field(
        default_factory=list,
        description="Further acquisitions of a quantity that stands above, and T1 maps of which it "
        "is not known whether contrast agent had been given.",
    )
    not_measured: dict[str, str] = Field(
        default_factory=dict, description="What the study has images for but no result, and why."
    )
    model: Model

    @property
    def maps(self) -> dict[str, AnyMap]:
        """Every map by its key, in reading order; further ones of a quantity have a number."""
        named = {name: getattr(self, name) for name in _NAMED}
        found: dict[str, AnyMap] = {name: one for name, one in named.items() if one is not None}
        for one in self.others:
            same = sum(known.quantity == one.quantity for known in found.values())
            found[f"{one.quantity}-{same + 1}" if same else one.quantity] = one
        return found
