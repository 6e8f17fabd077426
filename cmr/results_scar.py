"""Late enhancement in the results: scar, its core and gray zone, no-reflow, by AHA segment."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from pydantic import Field

from cmr.records import Measured, Model, Record, measured

ScarMethod = Literal["network", "sd2", "sd3", "sd4", "sd5", "sd6", "fwhm", "otsu", "gmm", "ewa"]
GrayDefinition = Literal["sd_2_3", "yan", "schmidt"]
TransmuralityClass = Literal["0", "1-25", "26-50", "51-75", "76-100"]
Territory = Literal["LAD", "RCA", "LCX"]

METHOD_TITLES: Mapping[ScarMethod, str] = MappingProxyType(
    {
        "network": "Network",
        "sd2": "2 SD above remote",
        "sd3": "3 SD above remote",
        "sd4": "4 SD above remote",
        "sd5": "5 SD above remote",
        "sd6": "6 SD above remote",
        "fwhm": "Full width at half maximum",
        "otsu": "Otsu",
        "gmm": "Gaussian mixture",
        "ewa": "Expectation maximisation, weighted",
    }
)
GRAY_TITLES: Mapping[GrayDefinition, str] = MappingProxyType(
    {
        "sd_2_3": "gray zone 2 to 3 SD above remote",
        "yan": "peri-infarct zone of Yan 2006",
        "schmidt": "gray zone of Schmidt 2007",
    }
)
"""What people call each definition."""


class ScarAmount(Measured):
    """How much of the left ventricle one way of looking calls scar."""

    mass_g: float | None = measured("Scar mass", "g", 2)
    pct_lv_mass: float | None = measured("Scar, share of LV mass", "%", 1)


class MethodResult(ScarAmount):
    """One method; what it could not tell stands in ``withheld``."""

    thresholds: list[float | None] = Field(
        description="Grey value by slice from which a pixel is scar; null where there is none."
    )
    note: str = Field(description="What the method rests on here; empty where nothing is special.")


class GrayZone(Measured):
    """Core and gray zone by one definition; no-reflow counts as core."""

    core_g: float | None = measured("Core mass", "g", 2)
    core_pct: float | None = measured("Core, share of LV mass", "%", 1)
    gray_g: float | None = measured("Gray zone mass", "g", 2)
    gray_pct: float | None = measured("Gray zone, share of LV mass", "%", 1)
    gray_of_scar_pct: float | None = measured("Gray zone, share of core and gray zone", "%", 1)


class ScarSegment(Measured):
    """One AHA segment."""

    scar_pct: float | None = measured("Scar, share of the segment", "%", 1)
    transmurality_pct: float | None = measured("Transmurality, mean over chords", "%", 1)
    transmurality_class: TransmuralityClass | None = None
    chords: int = Field(description="Measured in this segment.")


class TerritoryScar(ScarAmount):
    """Scar in the segments that a coronary artery usually supplies (Cerqueira 2002)."""

    segments: list[int] = Field(description="AHA segments counted.")
    segments_with_scar: int | None = Field(
        default=None, description="Null where no segment has chords."
    )


class Layers(Measured):
    """Share of the scar in each third of the wall."""

    endocardial_pct: float | None = measured("Scar in the endocardial third", "%", 1)
    midwall_pct: float | None = measured("Scar in the middle third", "%", 1)
    epicardial_pct: float | None = measured("Scar in the epicardial third", "%", 1)


class Remote(Measured):
    """Remote myocardium, found without hands."""

    mean: float | None = measured("Mean of remote myocardium", "1", 2)
    sd: float | None = measured("Standard deviation of remote myocardium", "1", 2)
    pixels: int
    slices_refused: dict[int, str] = Field(
        default_factory=dict, description="Slices, from 0, whose sector was not believed, and why."
    )


class ScarSlice(Record):
    """One slice."""

    position_mm: float = Field(description="Along the stack normal, 0 at the first slice.")
    level: Literal["basal", "mid", "apical"] | None = None
    reason: str = Field(description="Why it has no AHA segments; empty where it has.")
    wall_mm2: float
    scar_mm2: float | None = Field(default=None, description="Null where the scar is withheld.")


class LateStack(Record):
    """The late-enhancement stack that was measured, and why this one."""

    kind: Literal["magnitude", "psir"]
    reason: str
    zero: str = Field(description="How the zero of signed values was found; empty for magnitude.")
    series_uids: list[str]
    slices: int
    pitch_mm: float | None = None
    slice_thickness_mm: float | None = None
    pixel_spacing_mm: tuple[float, float]
    inversion_ms: list[float | None] = Field(description="By slice.")
    left_out: list[str]
    not_taken: list[str] = Field(description="Other stacks of the study, and why not.")


class MeshFile(Record):
    """A surface that was written."""

    structure: Literal["epicardium", "endocardium", "scar"]
    file: str
    volume_ml: float
    mask_volume_ml: float
    closed: bool


class Scar(ScarAmount):
    """Results of late enhancement; its own numbers are those of ``method``."""

    lv_mass_g: float | None = measured("LV mass on late enhancement", "g", 2)
    core_pct: float | None = measured("Core, share of LV mass", "%", 1)
    gray_pct: float | None = measured("Gray zone, share of LV mass", "%", 1)
    mvo_g: float | None = measured("No-reflow mass", "g", 2)
    mvo_pct: float | None = measured("No-reflow, share of LV mass", "%", 1)
    segments_over_50: int | None = measured("Segments with over 50 % transmurality", "1", 0)
    method: ScarMethod
    method_reason: str
    gray_definition: GrayDefinition = Field(description="Of ``core_pct`` and ``gray_pct``.")
    methods: dict[ScarMethod, MethodResult]
    gray_zones: dict[GrayDefinition, GrayZone]
    remote: Remote
    layers: Layers
    territories: dict[Territory, TerritoryScar]
    segments: dict[int, ScarSegment] = Field(description="AHA segments 1 to 16.")
    slices: list[ScarSlice]
    stack: LateStack
    meshes: list[MeshFile] = Field(default_factory=list)
    notes: list[str]
    model: Model
    heart_model: Model = Field(description="The network that found the heart and the RV.")
