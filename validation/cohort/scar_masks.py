"""Found and given masks of one late-enhancement case on one grid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from cmr.anatomy import Mask
from cmr.errors import UsageError
from cmr.results_scar import ScarMethod
from cmr.scar.images import LateImages
from cmr.scar.labels import ENHANCED, WALL, ScarLabel
from cmr.scar.masks import ScarMask
from cmr.scar.terms import LateKind
from cmr.volume import Volume4D
from training.nifti import knows_unit
from validation.cohort.finished import read_nifti_labels
from validation.cohort.pairs import on_images, on_one_grid, read_images
from validation.cohort.scar_manifest import ScarRow
from validation.cohort.scar_measures import NETWORK
from validation.cohort.scar_path import ScarFinder

UNIT_UNKNOWN = "the file does not say its unit of length, so there are no volumes"
ONE_SLICE = "one slice has no pitch, so there are no volumes"
_NAMES: Mapping[int, str] = {
    int(label): label.name.lower().replace("_", "-") for label in ScarLabel if label
}


@dataclass(frozen=True, eq=False)
class ScarMasks:
    """Masks ``(z, row, col)`` of one case.

    Parameters
    ----------
    images, reference
        ``(1, z, row, col)``: what was looked at (zeros for finished masks), and labels of
        :class:`cmr.scar.labels.ScarLabel`.
    cavity, wall
        As found; the wall holds the infarct.
    methods
        The scar by each method; of finished masks only that of the network.
    no_volume
        Why voxels have no volume; empty where they have.
    """

    images: Volume4D
    reference: Volume4D
    cavity: Mask
    wall: Mask
    methods: Mapping[ScarMethod, ScarMask]
    no_volume: str

    def arrays(self) -> dict[str, Any]:
        """What the report shows: the network's scar."""
        network = self.methods[NETWORK]
        labels = np.where(self.cavity, ScarLabel.LV, ScarLabel.BACKGROUND)
        labels[self.wall] = ScarLabel.MYOCARDIUM
        labels[network.scar] = ScarLabel.INFARCT
        labels[network.no_reflow] = ScarLabel.NO_REFLOW
        return {
            "images": self.images.data[0].astype(np.float32),
            "labels": labels.astype(np.uint8),
            "reference": self.reference.data[0],
            "pixel_spacing_mm": np.array(self.images.geometry.pixel_spacing_mm),
        }


def masks_of(row: ScarRow, finder: ScarFinder | None) -> ScarMasks:
    """Find, or take finished masks; ``finder`` is None for the latter.

    Raises
    ------
    CmrError
        A file cannot be used.
    """
    reference = read_nifti_labels(row.reference, _NAMES)
    if not np.isin(reference.data, WALL).any():
        raise UsageError("reference holds no myocardium.")
    if row.result is not None:
        return _finished(row, reference)
    assert row.image is not None
    assert finder is not None
    images = read_images(row.image)
    reference = on_images(reference, images, row.reference)
    found = finder(_late(images, row.kind))
    ventricle = found.left_ventricle
    unknown = _no_volume(row, images)
    return ScarMasks(images, reference, ventricle.cavity, ventricle.wall, found.methods, unknown)


def _finished(row: ScarRow, reference: Volume4D) -> ScarMasks:
    assert row.result is not None
    found, reference = on_one_grid(read_nifti_labels(row.result, _NAMES), reference)
    labels = found.data[0]
    scar = np.isin(labels, ENHANCED)
    mask = ScarMask(
        scar=scar,
        no_reflow=labels == ScarLabel.NO_REFLOW,
        weight=scar.astype(np.float64),
        thresholds=np.full(len(scar), np.nan),
    )
    return ScarMasks(
        images=found.with_data(np.zeros(found.data.shape, np.float32)),
        reference=reference,
        cavity=labels == ScarLabel.LV,
        wall=np.isin(labels, WALL),
        methods={NETWORK: mask},
        no_volume=_no_volume(row, found),
    )


def _late(images: Volume4D, kind: LateKind) -> LateImages:
    """Take the stack as its file holds it."""
    psir = kind is LateKind.PSIR
    if not psir and images.data.min() < 0:
        raise UsageError("the image holds values below 0: say psir in a column kind.")
    return LateImages(
        volume=images,
        kind=kind,
        zero="as the file holds it" if psir else "",
        cycle_phase=np.full(images.geometry.n_slices, np.nan),
    )


def _no_volume(row: ScarRow, stack: Volume4D) -> str:
    files = [path for path in (row.image, row.result, row.reference) if path is not None]
    if not all(knows_unit(path) for path in files):
        return UNIT_UNKNOWN
    return ONE_SLICE if stack.geometry.n_slices == 1 else ""
