"""What the pictures of a scar need; free of matplotlib, so that it travels without its weight."""

from __future__ import annotations

from dataclasses import dataclass

from cmr.anatomy import Mask
from cmr.results_scar import Scar
from cmr.volume import FloatArray
from cmr.wall.left_ventricle import LeftVentricle
from texts import ENGLISH, Words


@dataclass(frozen=True, eq=False)
class ScarPage:
    """A late-enhancement stack on its grid, ``(z, row, col)``.

    Parameters
    ----------
    images
        Grey values.
    scar, core, gray, no_reflow
        What the results call so; ``gray`` by ``results.gray_definition``.
    notice
        Such as the intended use; under every picture.

    Raises
    ------
    ValueError
        Arrays that differ in shape, or another number of slices in the results.
    """

    images: FloatArray
    ventricle: LeftVentricle
    scar: Mask
    core: Mask
    gray: Mask
    no_reflow: Mask
    results: Scar
    notice: str
    words: Words = ENGLISH

    def __post_init__(self) -> None:
        geometry = self.ventricle.geometry
        expected = (geometry.n_slices, *geometry.shape)
        for name in ("images", "scar", "core", "gray", "no_reflow"):
            if (shape := getattr(self, name).shape) != expected:
                raise ValueError(f"Pictures of the scar: {name} {shape}, expected {expected}.")
        if (slices := len(self.results.slices)) != expected[0]:
            raise ValueError(
                f"Pictures of the scar: results of {slices} slices, expected {expected[0]}."
            )
