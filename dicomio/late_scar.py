"""Late enhancement of a study with everything that its DICOM objects are made of."""

from __future__ import annotations

from dataclasses import dataclass

from cmr.anatomy import Mask
from cmr.results_scar import Scar
from cmr.wall.left_ventricle import LeftVentricle
from dicomio.source import ImageSource


@dataclass(frozen=True, eq=False)
class LateScar:
    """The scar, its parts and its measurements, on the grid of ``images.geometry``.

    Attributes
    ----------
    ventricle
        Wall (scar and no-reflow with it), cavity and AHA segments.
    scar
        ``(z, row, col)`` by ``results.method``, no-reflow with it.
    core, gray
        ``(z, row, col)`` by ``results.gray_definition``; no-reflow counts as core.
    no_reflow
        ``(z, row, col)``, part of ``scar``.
    """

    images: ImageSource
    results: Scar
    ventricle: LeftVentricle
    scar: Mask
    core: Mask
    gray: Mask
    no_reflow: Mask

    key = "scar"
    title = "Late enhancement"
