"""The one results schema. ``results.json``, the structured report and the terminal all read it.

Its building blocks are in :mod:`cmr.records`, tissue mapping in :mod:`cmr.results_mapping`,
late enhancement in :mod:`cmr.results_scar`, the wall on the cine in :mod:`cmr.results_cine`.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from cmr.records import Gate, Measured, Model, Record, Status, measured, most_severe
from cmr.results_cine import CineRange, Wall
from cmr.results_mapping import Mapping
from cmr.results_scar import Scar

SCHEMA_VERSION: Literal["1.5.0"] = "1.5.0"
# Read too: what they lack may be absent.
_EARLIER = ("1.4.0",)


class Ventricle(Measured):
    """Volumes and function of one ventricle."""

    edv_ml: float | None = measured("End-diastolic volume", "ml", 2)
    esv_ml: float | None = measured("End-systolic volume", "ml", 2)
    sv_ml: float | None = measured("Stroke volume", "ml", 2)
    ef_pct: float | None = measured("Ejection fraction", "%", 1)
    co_l_min: float | None = measured("Cardiac output", "l/min", 2)
    ci_l_min_m2: float | None = measured("Cardiac index", "l/min/m2", 2)
    edv_index_ml_m2: float | None = measured("End-diastolic volume index", "ml/m2", 1)
    esv_index_ml_m2: float | None = measured("End-systolic volume index", "ml/m2", 1)
    sv_index_ml_m2: float | None = measured("Stroke volume index", "ml/m2", 1)
    peak_ejection_rate_ml_s: float | None = measured("Peak ejection rate", "ml/s", 1)
    peak_filling_rate_ml_s: float | None = measured("Peak filling rate", "ml/s", 1)
    time_to_peak_ejection_ms: float | None = measured(
        "Time from end-diastole to peak ejection", "ms", 0
    )
    time_to_peak_filling_ms: float | None = measured(
        "Time from end-systole to peak filling", "ms", 0
    )


class LeftVentricle(Ventricle):
    """Left ventricle: volumes, function and mass."""

    mass_ed_g: float | None = measured("Myocardial mass at end-diastole", "g", 2)
    mass_es_g: float | None = measured("Myocardial mass at end-systole", "g", 2)
    mass_ed_index_g_m2: float | None = measured("Myocardial mass index", "g/m2", 1)
    edv_area_length_ml: float | None = measured("End-diastolic volume, area-length", "ml", 2)
    esv_area_length_ml: float | None = measured("End-systolic volume, area-length", "ml", 2)
    ef_area_length_pct: float | None = measured("Ejection fraction, area-length", "%", 1)


class Heart(Measured):
    """What both ventricles share."""

    heart_rate_bpm: float | None = measured("Heart rate", "{H.B.}/min", 0)
    height_cm: float | None = measured("Height", "cm", 0)
    weight_kg: float | None = measured("Weight", "kg", 1)
    bsa_m2: float | None = measured("Body surface area", "m2", 2)
    bsa_formula: Literal["Mosteller", "DuBois"] | None = None


class Phases(Record):
    """Cardiac phases, counted from 0 in the order of the cycle."""

    count: int
    ed: int
    es: int


class Curve(Record):
    """Volume over the cycle, one entry a phase; ``null`` where undefined."""

    time_ms: list[float | None]
    lv_ml: list[float | None]
    rv_ml: list[float | None]
    myocardium_ml: list[float | None]
    lv_fitted_ml: list[float | None] = Field(
        default_factory=list, description="Periodic fit that the LV rates come from."
    )
    rv_fitted_ml: list[float | None] = Field(
        default_factory=list, description="Periodic fit that the RV rates come from."
    )


class SliceAreas(Record):
    """Areas of one stack position, base first."""

    position_mm: float = Field(description="Along the stack normal, 0 at the first slice.")
    extent_mm: float = Field(description="Length along the normal that the slice stands for.")
    lv_ed_mm2: float
    lv_es_mm2: float
    myocardium_ed_mm2: float
    myocardium_es_mm2: float
    rv_ed_mm2: float
    rv_es_mm2: float


class BasalSlice(Record):
    """The decision on the most basal slice, and what it is worth."""

    doubtful: bool
    reason: str
    lv_edv_with_ml: float
    lv_edv_without_ml: float
    lv_esv_with_ml: float
    lv_esv_without_ml: float


class Stack(Record):
    """The short-axis stack that was measured."""

    series_uids: list[str]
    slices: int
    images: int
    pitch_mm: float | None = None
    slice_thickness_mm: float | None = None
    pixel_spacing_mm: tuple[float, float]
    regular: bool
    left_out: list[str] = Field(
        default_factory=list, description="Positions of the stack without usable images, and why."
    )
    field_strength_t: float | None = None
    manufacturer: str


class Agreement(Record):
    """Dice of mirrored variants of the images with their consensus, before clean-up.

    Low where the network is in doubt; ``null`` where no variant finds the structure.
    """

    rv_ed_pct: float | None = None
    rv_es_pct: float | None = None
    myocardium_ed_pct: float | None = None
    myocardium_es_pct: float | None = None
    lv_ed_pct: float | None = None
    lv_es_pct: float | None = None


class CleanUpChange(Record):
    """Voxels that one clean-up step changed over all phases."""

    step: str
    structure: str
    voxels_added: int
    voxels_removed: int


class Cine(Record):
    """Results of the short-axis cine."""

    lv: LeftVentricle
    rv: Ventricle
    heart: Heart
    phases: Phases
    curve: Curve
    slices: list[SliceAreas]
    basal_slice: BasalSlice | None = None
    papillary_muscles: Literal["in cavity"]
    volume_method: Literal["sum of segmented areas x slice extent"]
    stack: Stack
    model: Model
    agreement: Agreement | None = Field(
        default=None, description="Null where no variants were compared."
    )
    clean_up: list[CleanUpChange]
    wall: Wall | None = Field(default=None, description="Null where masks are withheld.")
    reference: dict[str, CineRange] = Field(
        default_factory=dict, description="By key below `cine`, such as `lv.edv_ml`."
    )
    no_range: dict[str, str] = Field(
        default_factory=dict, description="Why a number has none, by key below `cine`."
    )


class SeriesDecision(Record):
    """What one series was taken for, and why."""

    series_uid: str
    kind: str
    used: bool
    images: int
    images_used: int
    reason: str


class SkippedFile(Record):
    """A file that was not used, with the reason. The path is free of patient data."""

    path: str
    reason: str


class InputCount(Record):
    """Every file of the input, accounted for."""

    files: int
    images: int
    duplicates: int
    skipped: list[SkippedFile]


class Application(Record):
    """What made the results."""

    name: str
    version: str
    settings_sha256: str
    notice: str
    image_version: str | None = Field(
        default=None, description="Of the container image; absent where none was used."
    )


class StudyResults(Record):
    """``results.json``: everything known of one study."""

    schema_version: Literal["1.5.0"] = SCHEMA_VERSION
    application: Application
    study_instance_uid: str
    input: InputCount
    series: list[SeriesDecision]
    cine: Cine | None = None
    mapping: Mapping | None = None
    scar: Scar | None = None
    refusals: dict[str, str] = Field(
        default_factory=dict, description="Part that could not be measured, with the reason."
    )
    quality: list[Gate] = Field(default_factory=list)
    files: list[str] = Field(default_factory=list, description="Objects and pictures written.")

    @property
    def quality_status(self) -> Status:
        """The most severe status of all gates."""
        return most_severe(g.status for g in self.quality)

    @field_validator("schema_version", mode="before")
    @classmethod
    def _of_today(cls, version: object) -> object:
        return SCHEMA_VERSION if version in _EARLIER else version
