"""The manifest of the scar task: one row a case.

::

    case,image,reference,vendor
    p1,p1_lge.nii.gz,p1_label.nii.gz,Siemens

``kind`` says how grey values came about (``magnitude``, the default, or ``psir``); ``models`` names
a model repository to use for this case in place of that of the run, such as that of a
cross-validation's network that has not seen it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cmr.scar.terms import LateKind
from validation.cohort.manifest import (
    Cells,
    ManifestCase,
    ManifestForm,
    ManifestRow,
    given_paths,
    require,
)


@dataclass(frozen=True)
class ScarRow(ManifestRow):
    """One case.

    Parameters
    ----------
    kind
        How the grey values of the image came about.
    models
        Model repository of this case; None for that of the run.
    """

    kind: LateKind
    models: Path | None

    @property
    def paths(self) -> tuple[Path, ...]:
        """Every path of the row."""
        return (*super().paths, *([self.models] if self.models else []))

    @property
    def said(self) -> tuple[Any, ...]:
        """What a result depends on beside the files."""
        return (self.kind,)


def _read(cells: Cells, folder: Path) -> tuple[str, ScarRow]:
    given = given_paths(cells, folder, further=("models",))
    kinds = [kind.value for kind in LateKind]
    kind = cells.get("kind", "").lower() or LateKind.MAGNITUDE
    require(kind in kinds, f"unknown kind '{kind}', expected {' or '.join(kinds)}")
    models = given.get("models")
    require(models is None or "image" in given, "models without an image: a result needs none")
    row = ScarRow(
        given.get("image"), given.get("result"), given["reference"], LateKind(kind), models
    )
    return "", row


ScarCase = ManifestCase[ScarRow]
SCAR_FORM = ManifestForm(("case", "reference"), ("kind", "models"), _read)
