"""One case of the scar task: what was found against what an expert drew."""

from __future__ import annotations

from collections.abc import Mapping
from math import nan

import numpy as np

from cmr.anatomy import Mask
from cmr.overlap import dice_of_masks
from cmr.scar.masks import ScarMask
from cmr.volume import FloatArray
from cmr.volumetry import VolumetrySettings
from validation.cohort.records import CaseRow
from validation.cohort.scar_manifest import ScarCase
from validation.cohort.scar_masks import ScarMasks, masks_of
from validation.cohort.scar_measures import SCAR_FROM_PCT, STRUCTURES, prefix_of
from validation.cohort.scar_path import ScarFinder

NO_WALL = "no wall was found"


def measure_case(
    case: ScarCase, finder: ScarFinder | None, settings: VolumetrySettings
) -> tuple[CaseRow, ScarMasks]:
    """Find (or take finished masks), compare and measure.

    Parameters
    ----------
    case
        A case without a problem.
    finder
        None where the case has finished masks.

    Returns
    -------
    tuple
        The row, and the masks. A structure that was not found has Dice 0; without a wall, or
        where a method has no answer, what it measures is NaN with the reason.

    Raises
    ------
    CmrError
        A file cannot be used.
    """
    (part,) = case.parts.values()
    masks = masks_of(part, finder)
    truth = masks.reference.data[0]
    drawn = {name: np.isin(truth, labels) for name, labels in STRUCTURES.items()}
    given = _amounts(drawn["infarct"], drawn["myo"], masks, settings)
    row = CaseRow(case=case.case, subgroups=case.subgroups)
    for method, mask in masks.methods.items():
        prefix = prefix_of(method)
        found, reasons = _found(mask, masks, settings)
        row.overlap.update(_keyed(f"{prefix}dice.", _overlaps(mask, masks, drawn)))
        row.reference.update(_keyed(prefix, given | {"classification": given["infarct_pct"] > 0}))
        row.measured.update(_keyed(prefix, found))
        row.undefined.update({f"{prefix}{key}": reason for key, reason in reasons.items()})
    return row, masks


def _keyed(prefix: str, values: Mapping[str, float]) -> dict[str, float]:
    return {f"{prefix}{key}": float(value) for key, value in values.items()}


def _found(
    mask: ScarMask, masks: ScarMasks, settings: VolumetrySettings
) -> tuple[dict[str, float], dict[str, str]]:
    """What one method measures, and why what it does not is NaN."""
    reason = mask.reason or ("" if masks.wall.any() else NO_WALL)
    if reason:
        keys = ("infarct_pct", "infarct_g", "classification")
        return dict.fromkeys(keys, nan), dict.fromkeys(keys, reason)
    found = _amounts(mask.weight, masks.wall, masks, settings)
    found["classification"] = found["infarct_pct"] >= SCAR_FROM_PCT
    return found, {"infarct_g": masks.no_volume} if masks.no_volume else {}


def _amounts(
    weight: FloatArray | Mask, wall: Mask, masks: ScarMasks, settings: VolumetrySettings
) -> dict[str, float]:
    """Infarct ``(z, row, col)`` as a share of a wall that is there, and its mass."""
    geometry = masks.reference.geometry
    # A share needs no pitch where there is one slice.
    extent_mm = np.ones(1) if geometry.n_slices == 1 else geometry.slice_extents_mm
    infarct, whole = (float(part.sum(axis=(1, 2)) @ extent_mm) for part in (weight, wall))
    ml = nan if masks.no_volume else infarct * geometry.pixel_area_mm2 / 1000
    return {
        "infarct_pct": 100 * infarct / whole,
        "infarct_g": ml * settings.myocardial_density_g_ml,
    }


def _overlaps(mask: ScarMask, masks: ScarMasks, drawn: Mapping[str, Mask]) -> dict[str, float]:
    """Dice of what the reference holds; NaN where the method has no answer."""
    found = {"myo": masks.wall, "infarct": mask.scar, "mvo": mask.no_reflow}
    return {
        name: nan if mask.reason and name != "myo" else dice_of_masks(found[name], truth)
        for name, truth in drawn.items()
        if truth.any()
    }
