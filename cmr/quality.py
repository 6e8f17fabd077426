"""Quality gates of the cine: every gate, in reading order, with its figure and limit.

A gate passes, asks for review, or withholds numbers. The limits and where they come from are in
``app.yaml``; ``docs/gates.md`` has the calibration on the reference labels.
"""

from __future__ import annotations

from cmr.gates_agreement import AgreementLimits, agreement_gate
from cmr.gates_anatomy import AnatomyLimits, anatomy_gates
from cmr.gates_function import FunctionLimits, function_gates
from cmr.gates_mapping import MappingLimits
from cmr.gates_scar import ScarLimits
from cmr.gates_stack import COMPLETE, Provenance, StackLimits, provenance_gates, stack_gates
from cmr.records import Gate
from cmr.settings import Section
from cmr.volumetry import CineMeasurement

# Gates on the sampling of the cycle, of which ED and ES alone say nothing.
TEMPORAL_GATES = frozenset({"phase_count", "frame_spacing", "curve_unimodal", "rate_fit"})


class QualitySettings(Section):
    """Limits of all gates."""

    stack: StackLimits
    function: FunctionLimits
    anatomy: AnatomyLimits
    agreement: AgreementLimits
    mapping: MappingLimits
    scar: ScarLimits


def judge(
    measurement: CineMeasurement, settings: QualitySettings, provenance: Provenance = COMPLETE
) -> tuple[Gate, ...]:
    """Judge one measurement. Every gate is in the result, those that pass too."""
    gates = [
        *provenance_gates(provenance),
        *stack_gates(measurement, settings.stack),
        *function_gates(measurement, settings.function),
        *anatomy_gates(measurement, settings.anatomy),
    ]
    if provenance.agreement is not None:
        gates.append(agreement_gate(provenance.agreement, measurement.phases, settings.agreement))
    return tuple(gates)
