"""How maps are coded, in parametric maps and in the report alike."""

from __future__ import annotations

from types import MappingProxyType

from pydicom.sr.coding import Code

from cmr.mapping.terms import Contrast, MapKind
from cmr.results_mapping import EcvMapResults
from dicomio import codes
from dicomio.mapped_tissue import MappedTissue

_QUANTITIES = MappingProxyType(
    {MapKind.T1: codes.T1, MapKind.T2: codes.T2, MapKind.T2_STAR: codes.T2_STAR}
)
_CONTRASTS = MappingProxyType({Contrast.NATIVE: codes.NATIVE, Contrast.POST: codes.POST_CONTRAST})
# What `dicomio.mapping_sequence` names, but for numbers of images.
_METHODS = MappingProxyType(
    {
        "MOLLI": codes.T1_BY_INVERSION,
        "ShMOLLI": codes.T1_BY_INVERSION,
        "SASHA": codes.T1_BY_SATURATION,
        "SMART1Map": codes.T1_BY_SATURATION,
    }
)


def quantity_of(tissue: MappedTissue) -> Code:
    """What the map shows."""
    if tissue.kind is not MapKind.ECV:
        return _QUANTITIES[tissue.kind]
    results = tissue.results
    haematocrit = results.haematocrit if isinstance(results, EcvMapResults) else None
    synthetic = haematocrit is not None and haematocrit.source == "synthetic"
    return codes.SYNTHETIC_EXTRACELLULAR_VOLUME if synthetic else codes.EXTRACELLULAR_VOLUME


def contrast_modifiers(tissue: MappedTissue) -> tuple[tuple[Code, Code], ...]:
    """Before or after contrast agent; nothing where undecided, and for ECV, which needs both."""
    state = None if tissue.kind is MapKind.ECV else _CONTRASTS.get(tissue.contrast)
    return ((codes.CONTRAST_PHASE, state),) if state else ()


def method_of(tissue: MappedTissue) -> Code | None:
    """How T1 was measured, where the sequence tells."""
    name = tissue.results.sequence.split(" ")[0]
    return _METHODS.get(name) if tissue.kind is MapKind.T1 else None
