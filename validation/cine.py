"""One case of the cine task: the application's path from images to numbers, against an expert's."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from math import nan

import numpy as np

from cmr.body import Subject
from cmr.errors import NoApplicableSeries
from cmr.gates_stack import Provenance
from cmr.labels import STRUCTURES, Label
from cmr.overlap import dice
from cmr.quality import judge
from cmr.results import Status
from cmr.segmentation import Network
from cmr.volume import Volume4D
from cmr.volumetry import CineMeasurement, LeftFunction, VolumetrySettings, measure
from validation.cine_masks import CineSettings, PhaseMasks, joined, masks_of, same_grid
from validation.gate_faults import TEMPORAL_GATES
from validation.manifest import ManifestCase
from validation.metrics import hd95_mm
from validation.records import STRUCTURE_NAMES, CaseRow

_NOTHING = LeftFunction(nan, nan, nan, nan, nan, nan, nan, nan)
_Held = Mapping[str, Collection[Label]]


def measure_case(
    case: ManifestCase, settings: CineSettings, network: Network | None
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

    Each phase is measured as a cine of one phase, because in a cine of two the application would
    call the larger one end-diastole.

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
    alone = {name: _measured(phase, settings) for name, phase in labels.items()}
    values = {}
    for label, side in ((Label.LV, "lv"), (Label.RV, "rv")):
        parts = {
            n: getattr(m, side) if m else _NOTHING for n, m in alone.items() if label in held[n]
        }
        if "ed" in parts:
            values[f"{side}.edv_ml"] = parts["ed"].edv_ml
        if "es" in parts:
            values[f"{side}.esv_ml"] = parts["es"].esv_ml
        if len(parts) == 2:
            both = replace(parts["ed"], esv_ml=parts["es"].esv_ml)
            values[f"{side}.ef_pct"] = both.ef_pct
    if Label.MYOCARDIUM in held.get("ed", ()):
        ed = alone["ed"]
        values["lv.mass_ed_g"] = ed.lv.mass_ed_g if ed else nan
    return values


def _measured(labels: Volume4D, settings: VolumetrySettings) -> CineMeasurement | None:
    """None where the masks hold no LV, which the application refuses to measure."""
    try:
        return measure(labels, Subject(), settings)
    except NoApplicableSeries:
        return None


def _gates(masks: Mapping[str, PhaseMasks], settings: CineSettings) -> tuple[str, ...]:
    """Gates that do not pass, where ED and ES make one cine; what two phases cannot say is out."""
    parts = list(masks.values())
    found = [part.found for part in parts]
    if len(found) < 2 or not same_grid(found[0].geometry, found[1].geometry):
        return ()
    measurement = _measured(joined(found), settings.volumetry)
    if measurement is None:
        return ("lv_present",)
    compared = np.array([[part.agreement.get(s, nan) for s in STRUCTURES] for part in parts])
    provenance = Provenance(
        centre_fallback=parts[0].centre_fallback,
        agreement=None if np.isnan(compared).all() else compared,
    )
    return tuple(
        gate.name
        for gate in judge(measurement, settings.quality, provenance)
        if gate.status is not Status.PASS and gate.name not in TEMPORAL_GATES
    )


def _overlap(masks: Mapping[str, PhaseMasks]) -> dict[str, float]:
    values = {}
    for name, part in masks.items():
        found, truth = part.found.data[0], part.reference.data[0]
        for s in part.structures:
            key = f"{STRUCTURE_NAMES[s]}.{name}"
            values[f"dice.{key}"] = dice(found, truth, s)
            values[f"hd95_mm.{key}"] = hd95_mm(found, truth, s, part.found.geometry)
    return values
