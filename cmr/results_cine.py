"""More of the cine in the results: wall thickness by AHA segment, and ranges of healthy people."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from cmr.records import Measured, Record, measured


class WallSegment(Measured):
    """Wall and cavity of one AHA segment, or of all."""

    thickness_ed_mm: float | None = measured("Wall thickness at end-diastole", "mm", 2)
    thickness_es_mm: float | None = measured("Wall thickness at end-systole", "mm", 2)
    thickening_pct: float | None = measured("Wall thickening", "%", 1)
    regional_ef_pct: float | None = measured("Regional ejection fraction", "%", 1)
    chords_ed: int = Field(description="Across the wall, measured at end-diastole.")
    chords_es: int = Field(description="Across the wall, measured at end-systole.")


class WallSlice(Record):
    """One stack position, base first."""

    position_mm: float = Field(description="Along the stack normal, 0 at the first slice.")
    level: Literal["basal", "mid", "apical"] | None = Field(
        default=None, description="At end-diastole; null without AHA segments."
    )
    chords_ed: int
    chords_es: int
    reason_ed: str = Field(description="Why nothing was measured at ED; empty where it was.")
    reason_es: str = Field(description="Why nothing was measured at ES; empty where it was.")


class Wall(Record):
    """Thickness and motion of the wall, from the masks of ED and ES."""

    model_config = ConfigDict(serialize_by_alias=True, validate_by_name=True)

    global_: WallSegment = Field(
        alias="global", description="Over the slices that count at both ED and ES."
    )
    segments: dict[int, WallSegment] = Field(description="AHA segments 1 to 16.")
    slices: list[WallSlice]
    method: str
    levels: str = Field(description="How basal, mid and apical were told.")
    not_measured: str = Field(description="Why no segment has a value; empty where one has.")


class CineRange(Record):
    """A value beside the range of healthy people of the same sex and age."""

    kind: Literal["site", "published"]
    low: float
    high: float
    mean: float | None = None
    sd: float | None = None
    z: float | None = Field(default=None, description="Distance from the mean in SD.")
    position: Literal["below", "within", "above"]
    people: str = Field(description="Of whom the range is.")
    source: str
