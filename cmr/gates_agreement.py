"""Gate on how far mirrored variants of the images agree: the network's own doubt."""

from __future__ import annotations

import numpy as np

from cmr.gate import Finding, review
from cmr.labels import STRUCTURES
from cmr.phases import ChosenPhases
from cmr.records import Gate
from cmr.results import Agreement
from cmr.settings import Section
from cmr.volume import FloatArray


class AgreementLimits(Section):
    """Limit on the agreement of the variants."""

    min_agreement_pct: float


def agreement_pct(agreement: FloatArray, phases: ChosenPhases) -> float:
    """Mean over RV, myocardium and LV at ED and ES; a structure that no variant finds counts 0.

    Parameters
    ----------
    agreement
        ``(t, 3)`` of :class:`cmr.segmentation.Segmentation`.
    phases
        ED and ES.
    """
    return 100 * float(np.nan_to_num(agreement[[phases.ed, phases.es]]).mean())


def agreement_gate(agreement: FloatArray, phases: ChosenPhases, limits: AgreementLimits) -> Gate:
    """Ask for a look where the variants differ: there the masks are likely to be wrong."""
    figure, limit = agreement_pct(agreement, phases), limits.min_agreement_pct
    message = "Dice of mirrored variants of the images with their consensus, at ED and ES."
    return review(Finding("variant_agreement", figure, limit, "%", message), good=figure >= limit)


def agreement_record(agreement: FloatArray, phases: ChosenPhases) -> Agreement:
    """Agreement of each structure at ED and ES, for the results."""
    return Agreement(
        **{
            f"{label.name.lower()}_{name}_pct": _percent(agreement[phase, column])
            for column, label in enumerate(STRUCTURES)
            for name, phase in (("ed", phases.ed), ("es", phases.es))
        }
    )


def _percent(share: float) -> float | None:
    return round(100 * float(share), 1) if np.isfinite(share) else None
