"""The manifest of the cine task: one row a case and phase.

::

    case,phase,image,reference,structures,vendor
    p1,ed,p1_ed.nii.gz,p1_ed_label.nii.gz,"rv,myo,lv",Siemens
    p1,es,p1_es.nii.gz,p1_es_label.nii.gz,"rv,myo,lv",Siemens
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cmr.labels import PHASES, Label
from validation.cohort.manifest import (
    Cells,
    ManifestCase,
    ManifestForm,
    ManifestRow,
    given_paths,
    require,
)
from validation.cohort.records import STRUCTURE_NAMES

_LABELS = {name: label for label, name in STRUCTURE_NAMES.items()}


@dataclass(frozen=True)
class ManifestPhase(ManifestRow):
    """One row.

    Parameters
    ----------
    phase
        ``ed`` or ``es``.
    structures
        What the reference holds.
    """

    phase: str
    structures: tuple[Label, ...]

    @property
    def said(self) -> tuple[Any, ...]:
        """What a result depends on beside the files."""
        return (self.phase, self.structures)


def _read(cells: Cells, folder: Path) -> tuple[str, ManifestPhase]:
    phase = cells["phase"].lower()
    require(phase in PHASES, f"unknown phase '{cells['phase']}', expected {' or '.join(PHASES)}")
    given = given_paths(cells, folder, part=phase)
    structures = _structures(cells["structures"], phase)
    row = ManifestPhase(
        given.get("image"), given.get("result"), given["reference"], phase, structures
    )
    return phase, row


def _structures(text: str, phase: str) -> tuple[Label, ...]:
    names = re.findall(r"[^\s,;]+", text.lower())
    unknown = [name for name in names if name not in _LABELS]
    expected = ", ".join(_LABELS)
    require(not unknown, f"{phase}: unknown structure '{', '.join(unknown)}', expected {expected}")
    require(bool(names), f"{phase}: no structures, expected some of {expected}")
    return tuple(sorted({_LABELS[name] for name in names}))


CineCase = ManifestCase[ManifestPhase]
CINE_FORM = ManifestForm(("case", "phase", "reference", "structures"), (), _read)
