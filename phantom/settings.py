"""What kind of study a phantom is written as."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from phantom.encode import Syntax
from phantom.mapping_settings import MappingSettings
from phantom.scar_settings import ScarSettings


class Layout(StrEnum):
    """How images are spread over series and files."""

    CLASSIC = "classic"
    PER_SLICE = "per-slice"
    ENHANCED = "enhanced"


PositiveFloat = Annotated[float, Field(gt=0)]


class PhantomSettings(BaseModel):
    """Options of one phantom study. The same settings give the same bytes.

    Parameters
    ----------
    seed
        Chooses the heart, the body and the noise.
    edv_ml, ef_pct
        Left ventricle; drawn from the seed when absent.
    phases, slices
        Cardiac phases; stack positions (as many as cover base to apex when absent).
    matrix, pixel_spacing_mm
        (rows, columns); distance between rows, then between columns.
    thickness_mm, gap_mm
        Excited slice and the gap to the next.
    missing_slices
        Stack positions that are not in the study, counted along the normal of the full stack.
    slice_shifts_mm
        Moves stack positions along the normal: uneven gaps. Shorter than the stack is allowed.
    repeated_slices
        Positions of the full stack acquired twice; the first time, earlier on the clock, in another
        breath-hold position. A series of its own.
    quarter_turns, mirrored
        Image rows and columns turned by 90 degrees, or the row direction reversed.
    layout, syntax, extension
        Form of the study on disk; files end in ``.dcm`` or have no extension.
    decoys
        Also write long-axis cines, scouts and a late-enhancement stack.
    body_size
        Write height and weight.
    descriptions
        Write series descriptions that say what is what.
    mapping
        Tissue-mapping acquisitions; none when absent.
    scar
        Late enhancement, PSIR and magnitude, instead of the plain stack of the decoys.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: Annotated[int, Field(ge=0)] = 0
    edv_ml: PositiveFloat | None = None
    ef_pct: Annotated[float, Field(gt=0, lt=90)] | None = None
    phases: Annotated[int, Field(ge=2)] = 25
    slices: Annotated[int, Field(ge=1)] | None = None
    matrix: tuple[int, int] = (208, 256)
    pixel_spacing_mm: tuple[PositiveFloat, PositiveFloat] = (1.40625, 1.40625)
    thickness_mm: PositiveFloat = 8.0
    gap_mm: Annotated[float, Field(ge=0)] = 2.0
    missing_slices: tuple[int, ...] = ()
    slice_shifts_mm: tuple[float, ...] = ()
    repeated_slices: tuple[int, ...] = ()
    quarter_turns: Annotated[int, Field(ge=0, le=3)] = 0
    mirrored: bool = False
    layout: Layout = Layout.CLASSIC
    syntax: Syntax = Syntax.EXPLICIT
    extension: bool = True
    decoys: bool = True
    body_size: bool = True
    descriptions: bool = True
    mapping: MappingSettings | None = None
    scar: ScarSettings | None = None

    @model_validator(mode="after")
    def _matrix_is_usable(self) -> PhantomSettings:
        if min(self.matrix) < 32:
            raise ValueError(f"matrix {self.matrix}: expected at least 32 x 32")
        return self
