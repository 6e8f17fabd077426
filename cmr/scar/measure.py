"""Found scar in numbers: amounts, depth, layers, segments, territories, zones, surfaces."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from cmr.anatomy import Mask
from cmr.errors import GeometryError
from cmr.mapping.cine_contours import CineCheck
from cmr.results_scar import GrayDefinition, ScarMethod
from cmr.scar.amounts import Amount, measure_amount, no_amount
from cmr.scar.depth import ScarDepth, measure_depth, measure_wall
from cmr.scar.find import FoundScar
from cmr.scar.settings import ScarSettings
from cmr.scar.surface import Structure, make_surfaces
from cmr.scar.surface_mould import Surface
from cmr.tissue.aha import AhaSegments
from cmr.volume import FloatArray
from cmr.wall.left_ventricle import LeftVentricle


@dataclass(frozen=True, eq=False)
class ZoneAmounts:
    """Core and gray zone by one definition."""

    core: Amount
    gray: Amount


@dataclass(frozen=True, eq=False)
class MeasuredScar:
    """Everything that is reported of one stack.

    Parameters
    ----------
    found
        What was found; its ventricle has AHA segments.
    aha
        Where the segments come from, and why slices have none.
    whole
        The wall itself.
    methods, zones, no_reflow
        Amounts by method, by definition, and of the no-reflow of the default method.
    depth
        Of the default method: where it is and how deep.
    surfaces
        By structure; without any, ``no_surfaces`` says why.
    cine
        The contours of the cine beside these; None without a cine.
    """

    found: FoundScar
    aha: AhaSegments
    whole: Amount
    methods: Mapping[ScarMethod, Amount]
    zones: Mapping[GrayDefinition, ZoneAmounts]
    no_reflow: Amount
    depth: ScarDepth
    surfaces: Mapping[Structure, Surface]
    no_surfaces: str
    cine: CineCheck | None

    @property
    def ventricle(self) -> LeftVentricle:
        """Cavity, wall and AHA segments."""
        return self.found.left_ventricle

    @property
    def gray_definition(self) -> GrayDefinition:
        """Of the headline core and gray zone."""
        return self.found.gray_definition

    @property
    def headline(self) -> Amount:
        """Scar by the default method."""
        return self.methods[self.found.default]


def measure_scar(
    found: FoundScar,
    aha: AhaSegments,
    cine: CineCheck | None,
    settings: ScarSettings,
    density_g_ml: float,
) -> MeasuredScar:
    """Measure what was found.

    Parameters
    ----------
    aha
        Segments on the labels of ``found.heart``.
    density_g_ml
        Of myocardium.
    """
    ventricle = replace(found.left_ventricle, segments=aha.segments)
    found = replace(found, left_ventricle=ventricle)
    scar = found.scar
    wall = measure_wall(ventricle, settings.depth)
    surfaces, no_surfaces = _surfaces(found, settings)

    def amount(share: FloatArray | Mask, reason: str) -> Amount:
        return no_amount(reason) if reason else measure_amount(share, ventricle, density_g_ml)

    return MeasuredScar(
        found=found,
        aha=aha,
        whole=measure_amount(ventricle.wall, ventricle, density_g_ml),
        methods={name: amount(m.weight, m.reason) for name, m in found.methods.items()},
        zones={
            name: ZoneAmounts(amount(z.core, z.reason), amount(z.gray, z.reason))
            for name, z in found.gray_zones.items()
        },
        no_reflow=amount(scar.no_reflow, scar.reason),
        depth=measure_depth(wall, scar, density_g_ml, aha.reason),
        surfaces=surfaces,
        no_surfaces=no_surfaces,
        cine=cine,
    )


def _surfaces(found: FoundScar, settings: ScarSettings) -> tuple[Mapping[Structure, Surface], str]:
    try:
        return make_surfaces(found.left_ventricle, found.scar.scar, settings.surface), ""
    except GeometryError as error:
        return {}, str(error)
