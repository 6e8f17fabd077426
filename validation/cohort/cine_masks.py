"""Found and given masks of one case on one grid: segmented here, or finished elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np

from cmr.errors import CmrError, UsageError
from cmr.labels import PHASES, STRUCTURES, Label
from cmr.segmentation import Network
from cmr.volume import StackGeometry, Volume4D
from validation.cohort.cine_manifest import CineCase, ManifestPhase
from validation.cohort.cine_path import CineLabels, CineSettings, label_cine
from validation.cohort.finished import read_labels
from validation.cohort.pairs import on_images, on_one_grid, read_images
from validation.cohort.records import STRUCTURE_NAMES

_SAME_PLACE_MM = 0.1
T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class PhaseMasks:
    """Found and given masks of one phase, each ``(1, z, row, col)``, on one grid.

    Parameters
    ----------
    images
        What was segmented; zeros where finished masks were given.
    agreement
        Of the test-time variants, by structure; empty for finished masks.
    centre_fallback
        Why the crop was not centred by motion; empty when it was.
    """

    structures: tuple[Label, ...]
    images: Volume4D
    reference: Volume4D
    found: Volume4D
    agreement: Mapping[Label, float] = field(default_factory=dict)
    centre_fallback: str = ""

    def arrays(self) -> dict[str, Any]:
        """What the report shows, each ``(z, row, col)``."""
        return {
            "images": self.images.data[0].astype(np.float32),
            "labels": self.found.data[0].astype(np.uint8),
            "reference": self.reference.data[0].astype(np.uint8),
            "pixel_spacing_mm": np.array(self.found.geometry.pixel_spacing_mm),
        }


def masks_of(
    case: CineCase, settings: CineSettings, network: Network | None
) -> dict[str, PhaseMasks]:
    """Masks of each phase; ``network`` is None where every case has finished ones.

    Phases on the same grid are segmented as one cine, others each on its own.

    Raises
    ------
    UsageError
        A file cannot be used.
    """
    phases = [case.parts[name] for name in PHASES if name in case.parts]
    if phases[0].image is None:
        return {phase.phase: _of_phase(phase, _finished) for phase in phases}
    assert network is not None
    pairs = [_of_phase(phase, _images) for phase in phases]
    images = [pair[0] for pair in pairs]
    together = len(images) > 1 and same_grid(images[0].geometry, images[1].geometry)
    stacks = [joined(images)] if together else images
    found = [f for stack in stacks for f in _by_phase(label_cine(stack, settings, network))]
    return {
        phase.phase: PhaseMasks(phase.structures, image, reference, labels, agreement, reason)
        for phase, (image, reference), (labels, agreement, reason) in zip(
            phases, pairs, found, strict=True
        )
    }


def _of_phase(phase: ManifestPhase, read: Callable[[ManifestPhase], T]) -> T:
    try:
        return read(phase)
    except CmrError as error:
        raise UsageError(f"{phase.phase}: {error}") from error


def _finished(phase: ManifestPhase) -> PhaseMasks:
    """Both masks on the reference's grid, with the slices that only the result holds."""
    assert phase.result is not None
    reference, found = (
        read_labels(phase.reference, phase.phase),
        read_labels(phase.result, phase.phase),
    )
    _check_labels(reference, phase)
    found, reference = on_one_grid(found, reference)
    nothing = found.with_data(np.zeros(found.data.shape, np.float32))
    return PhaseMasks(phase.structures, nothing, reference, found)


def _images(phase: ManifestPhase) -> tuple[Volume4D, Volume4D]:
    """Images, and the reference on their grid."""
    assert phase.image is not None
    images = read_images(phase.image)
    reference = read_labels(phase.reference, phase.phase)
    _check_labels(reference, phase)
    return images, on_images(reference, images, phase.reference)


def _by_phase(found: CineLabels) -> Iterator[tuple[Volume4D, dict[Label, float], str]]:
    """Labels, the variants' agreement and the reason for no centre, of each phase."""
    for phase, agreement in zip(found.labels.data, found.agreement, strict=True):
        values = dict(zip(STRUCTURES, map(float, agreement), strict=True))
        yield Volume4D(phase[None], found.labels.geometry), values, found.centre_fallback


def _check_labels(reference: Volume4D, phase: ManifestPhase) -> None:
    values = np.unique(reference.data)
    empty = [STRUCTURE_NAMES[s] for s in phase.structures if s not in values]
    if empty:
        raise UsageError(f"reference holds no {', '.join(empty)}, which are listed.")


def same_grid(a: StackGeometry, b: StackGeometry) -> bool:
    """Voxels of both stacks lie in the same places."""
    return (
        a.shape == b.shape
        and a.n_slices == b.n_slices
        and np.allclose(a.pixel_spacing_mm, b.pixel_spacing_mm, rtol=1e-3)
        and np.allclose(a.row_cosine, b.row_cosine, atol=1e-3)
        and np.allclose(a.column_cosine, b.column_cosine, atol=1e-3)
        and np.allclose(a.positions_mm, b.positions_mm, atol=_SAME_PLACE_MM)
    )


def joined(phases: Sequence[Volume4D]) -> Volume4D:
    """Phases on the same grid as one cine."""
    return Volume4D(np.concatenate([v.data for v in phases]), phases[0].geometry)
