"""What infarcts and scars a phantom has, and how its late-enhancement images are taken."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator


class LesionKind(StrEnum):
    """Where in the wall a lesion lies, unless its depth is given; foci if patchy."""

    SUBENDOCARDIAL = "subendocardial"
    TRANSMURAL = "transmural"
    MIDWALL = "midwall"
    EPICARDIAL = "epicardial"
    PATCHY = "patchy"


_USUAL_DEPTH: Mapping[LesionKind, tuple[float, float]] = MappingProxyType(
    {
        LesionKind.SUBENDOCARDIAL: (0.0, 0.5),
        LesionKind.TRANSMURAL: (0.0, 1.0),
        LesionKind.MIDWALL: (0.33, 0.67),
        LesionKind.EPICARDIAL: (0.5, 1.0),
        LesionKind.PATCHY: (0.15, 0.85),
    }
)


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


_Share = Annotated[float, Field(ge=0, le=1)]
_Uptake = Annotated[float, Field(gt=0)]
_Distance = Annotated[float, Field(ge=0)]


class Lesion(_Frozen):
    """A sector of the wall of the left ventricle, or foci in it.

    Parameters
    ----------
    centre_deg
        Middle of the sector, from the anterior RV insertion at half of the LV's length towards the
        septum: segments 2, 3, 4, 5, 6, 1 of 60 degrees each in this order.
    half_width_deg
        Half of the sector; 180 for all around.
    depth
        From and to, as shares of the wall, 0 at the cavity; that of ``kind`` when absent.
    along
        From and to along the axis, as shares of the LV's length, 0 at the base.
    no_reflow
        A dark core: the middle half of the lesion around the axis and along it, as far as it lies
        ``no_reflow_rim_mm`` inside every surface.
    gray_zone_mm
        Rim of intermediate enhancement where the lesion borders on healthy wall.
    """

    kind: LesionKind
    centre_deg: float
    half_width_deg: Annotated[float, Field(gt=0, le=180)]
    depth: tuple[_Share, _Share] | None = None
    along: tuple[_Share, _Share] = (0.2, 0.75)
    no_reflow: bool = False
    no_reflow_rim_mm: _Distance = 2.0
    gray_zone_mm: _Distance = 0.0

    @property
    def depth_range(self) -> tuple[float, float]:
        """Given or usual depth."""
        return self.depth or _USUAL_DEPTH[self.kind]

    @model_validator(mode="after")
    def _is_possible(self) -> Lesion:
        for name, (low, high) in (("depth", self.depth_range), ("along", self.along)):
            if low >= high:
                raise ValueError(f"{name} {low:g} to {high:g}: expected the lower bound first")
        if self.kind is LesionKind.PATCHY and (self.no_reflow or self.gray_zone_mm):
            raise ValueError("patchy: expected neither no-reflow nor a gray zone")
        return self


class ScarSettings(_Frozen):
    """Lesions, and options of the late-enhancement stack.

    Parameters
    ----------
    lesions
        Where they overlap, no-reflow wins, then core, then gray zone.
    core_uptake, gray_uptake, no_reflow_uptake
        Contrast agent relative to blood: extracellular volume over plasma share. 0.45 is healthy
        wall; 0.95 an extracellular volume of 55 % at a haematocrit of 0.42.
    ti_offset
        Inversion time beyond the one that nulls healthy wall, as a share of it.
    noise
        SD of the noise in each of real and imaginary part, over the signal of blood in the wall's
        coil sensitivity.
    shading
        Coil sensitivity falls with depth; none (1 everywhere) if False.
    psir_rescale
        Write the slope and intercept that make stored PSIR values signed; some exports lack them.
    """

    lesions: tuple[Lesion, ...] = ()
    core_uptake: _Uptake = 0.95
    gray_uptake: _Uptake = 0.65
    no_reflow_uptake: _Uptake = 0.4
    ti_offset: Annotated[float, Field(gt=-0.2, lt=0.5)] = 0.0
    noise: _Distance = 0.05
    shading: bool = True
    psir_rescale: bool = True


def _one(
    kind: LesionKind, centre_deg: float, half_width_deg: float, **more: object
) -> ScarSettings:
    return ScarSettings(
        lesions=(
            Lesion.model_validate(
                {"kind": kind, "centre_deg": centre_deg, "half_width_deg": half_width_deg, **more}
            ),
        )
    )


SCAR_PRESETS: Mapping[str, ScarSettings] = MappingProxyType(
    {
        "none": ScarSettings(),
        # Left anterior descending artery; right; circumflex.
        "subendocardial": _one(LesionKind.SUBENDOCARDIAL, 0, 55),
        "transmural": _one(LesionKind.TRANSMURAL, 160, 45),
        "no-reflow": _one(LesionKind.TRANSMURAL, 20, 60, no_reflow=True),
        "gray-zone": _one(LesionKind.TRANSMURAL, 215, 45, gray_zone_mm=3.0),
        "midwall": _one(LesionKind.MIDWALL, 60, 50, along=(0.1, 0.6)),
        "epicardial": _one(LesionKind.EPICARDIAL, 210, 40),
        "patchy": _one(LesionKind.PATCHY, 240, 75),
    }
)
"""Scars by name."""
