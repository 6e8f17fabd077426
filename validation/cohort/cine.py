"""One case of the cine task: the application's path from images to numbers, against an expert's."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from math import nan

import numpy as np

from cmr.body import Subject
from cmr.errors import NoApplicableSeries
from cmr.gates_stack import Provenance
from cmr.labels import STRUCTURES, Label
from cmr.overlap import dice
from cmr.quality import TEMPORAL_GATES, judge
from cmr.records import Status
from cmr.segmentation import Network
from cmr.volume import FloatArray, Volume4D
from cmr.volumetry import (
    VolumetrySettings,
    ejection_fraction_pct,
    measure,
    phase_volume_ml,
)
from validation.cohort.cine_manifest import CineCase
from validation.cohort.cine_masks import PhaseMasks, joined, masks_of, same_grid
from validation.cohort.cine_path import CineSettings
from validation.cohort.metrics import hd95_mm
from validation.cohort.records import STRUCTURE_NAMES, CaseRow

_VOLUME_OF = {"ed": "edv_ml", "es": "esv_ml"}
_Held = Mapping[str, Collection[Label]]


def measure_case(
    case: CineCase, settings: CineSettings, network: Network | None
) -> tuple[CaseRow, dict[str, PhaseMasks]]:
    """Segment (or take finished masks), compare and measure.

    Parameters
    ----------
    case
        A case without a problem.
    network
        None where every case has finished masks.

    Returns
    -------
    tuple
        The row, and the masks by phase. A structure that was not found has Dice 0 and an
        undefined volume, which fails the criteria on it.

    Raises
    ------
    CmrError
        A file cannot be used.
    """
    masks = masks_of(case, settings, network)
    found = {name: part.found for name, part in masks.items()}
    reference = {name: part.reference for name, part in masks.items()}
    held = {name: part.structures for name, part in masks.items()}
    row = CaseRow(
        case=case.case,
        subgroups=case.subgroups,
        overlap=_overlap(masks),
        measured=volumes(found, dict.fromkeys(masks, STRUCTURES), settings.volumetry),
        reference=volumes(reference, held, settings.volumetry),
        agreement={
            f"agreement.{STRUCTURE_NAMES[s]}.{name}": value
            for name, part in masks.items()
            for s, value in part.agreement.items()
        },
        gates=_gates(masks, settings),
    )
    return row, masks


def volumes(
    labels: Mapping[str, Volume4D], held: _Held, settings: VolumetrySettings
) -> dict[str, float]:
    """EDV and mass of the phase ``ed``, ESV of ``es``, EF of both: as the manifest names them.

    Each structure is measured by itself, as a reference may hold the RV only, which the application
    refuses; and each phase, because of two the application calls the larger one end-diastole.

    Parameters
    ----------
    labels
        ``(1, z, row, col)`` of each phase.
    held
        Structures that the masks of each phase hold; what needs another is left out.

    Returns
    -------
    dict
        ml, %, g by the keys of :class:`CaseRow`; NaN where a structure is empty.
    """
    values: dict[str, float] = {}
    for label, side in ((Label.LV, "lv"), (Label.RV, "rv")):
        ml = {n: phase_volume_ml(m, label, 0) for n, m in labels.items() if label in held[n]}
        values |= {f"{side}.{_VOLUME_OF[name]}": value for name, value in ml.items()}
        if len(ml) == 2:
            values[f"{side}.ef_pct"] = ejection_fraction_pct(ml["ed"], ml["es"])
    if Label.MYOCARDIUM in held.get("ed", ()):
        wall_ml = phase_volume_ml(labels["ed"], Label.MYOCARDIUM, 0)
        values["lv.mass_ed_g"] = wall_ml * settings.myocardial_density_g_ml
    return values


def gates_not_passed(
    labels: Volume4D, agreement: FloatArray, centre_fallback: str, settings: CineSettings
) -> tuple[str, ...]:
    """Gates that do not pass; what ED and ES alone cannot say is left out.

    Parameters
    ----------
    labels
        ``(2, z, row, col)``, ED and ES.
    agreement
        ``(2, 3)`` of :class:`cmr.segmentation.Segmentation`; NaN where nothing was compared.
    centre_fallback
        Why the crop was not centred by motion; empty when it was.

    Returns
    -------
    tuple
        Names; ``lv_present`` alone where no LV is found, as the application refuses such a series.
    """
    try:
        measurement = measure(labels, Subject(), settings.volumetry)
    except NoApplicableSeries:
        return ("lv_present",)
    provenance = Provenance(
        centre_fallback=centre_fallback,
        agreement=None if np.isnan(agreement).all() else agreement,
    )
    return tuple(
        gate.name
        for gate in judge(measurement, settings.quality, provenance)
        if gate.status is not Status.PASS and gate.name not in TEMPORAL_GATES
    )


def _gates(masks: Mapping[str, PhaseMasks], settings: CineSettings) -> tuple[str, ...]:
    """Gates that do not pass, where ED and ES make one cine."""
    parts = list(masks.values())
    found = [part.found for part in parts]
    if len(found) < 2 or not same_grid(found[0].geometry, found[1].geometry):
        return ()
    agreement = np.array([[part.agreement.get(s, nan) for s in STRUCTURES] for part in parts])
    return gates_not_passed(joined(found), agreement, parts[0].centre_fallback, settings)


def _overlap(masks: Mapping[str, PhaseMasks]) -> dict[str, float]:
    values = {}
    for name, part in masks.items():
        found, truth = part.found.data[0], part.reference.data[0]
        for s in part.structures:
            key = f"{STRUCTURE_NAMES[s]}.{name}"
            values[f"dice.{key}"] = dice(found, truth, s)
            values[f"hd95_mm.{key}"] = hd95_mm(found, truth, s, part.found.geometry)
    return values
