"""How each number of late enhancement is coded in the structured report.

Keys are those of ``results.json`` below ``scar``, without the names of methods, definitions,
territories and segments. A test holds the two together: every measured field stands either in
:data:`CONCEPTS` or, with the reason, in :data:`LEFT_OUT`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from pydicom.sr.coding import Code

from dicomio import codes

Modifier = tuple[Code, Code]


@dataclass(frozen=True)
class ScarConcept:
    """Name, modifiers, equation and method of one number."""

    name: Code
    modifiers: tuple[Modifier, ...] = ()
    equation: str = ""
    method: Code | None = None


_MASS_EQUATION = "mass = volume x tissue density"
_SHARE_EQUATION = "mass / LV mass on late enhancement"
_MASS = ScarConcept(codes.MASS, equation=_MASS_EQUATION)
_SHARE = ScarConcept(codes.LV_MASS_SHARE, equation=_SHARE_EQUATION)
_SCAR_SHARE = ScarConcept(codes.SCAR_SHARE, equation=_SHARE_EQUATION)


def _layer(where: Code) -> ScarConcept:
    return ScarConcept(codes.LAYER_SHARE, ((codes.TOPOGRAPHICAL_MODIFIER, where),))


def _statistic(derivation: Code) -> ScarConcept:
    return ScarConcept(codes.SIGNAL, ((codes.DERIVATION, derivation),))


CONCEPTS: Mapping[str, ScarConcept] = MappingProxyType(
    {
        "lv_mass_g": ScarConcept(codes.WALL_MASS, equation=_MASS_EQUATION),
        "mass_g": _MASS,
        "pct_lv_mass": _SCAR_SHARE,
        "core_pct": _SHARE,
        "gray_pct": _SHARE,
        "mvo_g": _MASS,
        "mvo_pct": _SHARE,
        "segments_over_50": ScarConcept(codes.SEGMENTS_OVER_50),
        "methods.mass_g": _MASS,
        "methods.pct_lv_mass": _SCAR_SHARE,
        "gray_zones.core_g": _MASS,
        "gray_zones.core_pct": _SHARE,
        "gray_zones.gray_g": _MASS,
        "gray_zones.gray_pct": _SHARE,
        "gray_zones.gray_of_scar_pct": ScarConcept(codes.GRAY_SHARE),
        "remote.mean": _statistic(codes.MEAN),
        "remote.sd": _statistic(codes.STANDARD_DEVIATION),
        "layers.endocardial_pct": _layer(codes.ENDOCARDIAL),
        "layers.midwall_pct": _layer(codes.INTERMEDIATE),
        "layers.epicardial_pct": _layer(codes.EPICARDIAL),
        "territories.mass_g": _MASS,
        "territories.pct_lv_mass": _SCAR_SHARE,
        "segments.scar_pct": ScarConcept(codes.SEGMENT_SHARE),
        "segments.transmurality_pct": ScarConcept(
            codes.TRANSMURAL_EXTENT, ((codes.DERIVATION, codes.MEAN),)
        ),
    }
)
"""Concept of each number."""
