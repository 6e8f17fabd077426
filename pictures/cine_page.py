"""What the pictures of a cine need; free of matplotlib, so that it travels without its weight."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from cmr.anatomy import Labels
from cmr.labels import Label
from cmr.results import Cine
from cmr.volume import FloatArray
from texts import ENGLISH, Words


@dataclass(frozen=True, eq=False)
class CinePage:
    """A short-axis cine on its grid.

    Parameters
    ----------
    images, labels
        ``(t, z, row, col)`` grey values and :class:`cmr.labels.Label`.
    pixel_spacing_mm
        Distance between rows and between columns.
    base_first
        The first slice of the stack lies nearer to the base.
    volumes_ml
        ``(t,)`` of each ventricle as measured, in excluded phases too.
    excluded
        Phases that could be neither ED nor ES.
    slice_agreement
        ``(t, z)`` of :class:`cmr.segmentation.Segmentation`; None where no variants were compared.
    notice
        Such as the intended use; under every picture.

    Raises
    ------
    ValueError
        Arrays that differ in shape, or results of another number of phases.
    """

    images: FloatArray
    labels: Labels
    pixel_spacing_mm: tuple[float, float]
    base_first: bool
    volumes_ml: Mapping[Label, FloatArray]
    excluded: Collection[int]
    slice_agreement: FloatArray | None
    results: Cine
    notice: str
    words: Words = ENGLISH

    def __post_init__(self) -> None:
        if self.images.shape != self.labels.shape:
            raise ValueError(
                f"Pictures of the cine: images {self.images.shape}, labels {self.labels.shape}."
            )
        if self.results.phases.count != self.n_phases:
            raise ValueError(
                f"Pictures of the cine: results of {self.results.phases.count} phases, "
                f"expected {self.n_phases}."
            )

    @property
    def n_phases(self) -> int:
        """Number of cardiac phases."""
        return len(self.images)

    @property
    def n_slices(self) -> int:
        """Number of stack positions."""
        return len(self.images[0])

    @property
    def phase_names(self) -> Mapping[int, str]:
        """What ED and ES are called, by phase."""
        phases = self.results.phases
        return {phases.ed: "End-diastole", phases.es: "End-systole"}

    def slices_with_heart(self, phase: int) -> list[int]:
        """Slices with any contour at ``phase``, the most basal first."""
        held = np.flatnonzero(self.labels[phase].any(axis=(1, 2)))
        return [int(z) for z in (held if self.base_first else held[::-1])]

    def number(self, z: int) -> int:
        """Of a slice, from 1 at the base."""
        return z + 1 if self.base_first else self.n_slices - z

    @property
    def rr_ms(self) -> float:
        """Length of a heartbeat; NaN where unknown."""
        rate = self.results.heart.heart_rate_bpm
        return 60_000 / rate if rate else float("nan")
