"""What a validation run keeps of each case, and of itself; every other module reads these."""

from __future__ import annotations

from math import isfinite, nan
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from cmr.labels import Label

STRUCTURE_NAMES: dict[Label, str] = {Label.RV: "rv", Label.MYOCARDIUM: "myo", Label.LV: "lv"}
OVERLAPS = ("dice", "hd95_mm")
VOLUMES = (
    "lv.edv_ml",
    "lv.esv_ml",
    "lv.ef_pct",
    "lv.mass_ed_g",
    "rv.edv_ml",
    "rv.esv_ml",
    "rv.ef_pct",
)


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="constants")


class CaseRow(_Record):
    """One case: measured, or failed with a reason.

    Parameters
    ----------
    case
        Identifier of the manifest.
    subgroups
        Further columns of the manifest, such as group, vendor, field strength.
    failure
        Why the case could not be measured; empty when it was.
    overlap
        ``dice.lv.ed``, ``hd95_mm.rv.es``, ...: structures that the reference holds.
    measured, reference
        ``lv.edv_ml``, ``lv.ef_pct``, ``lv.mass_ed_g``, ...: from the found and the given masks.
    agreement
        ``agreement.lv.ed``, ...: Dice of the test-time variants with their consensus.
    undefined
        Why a measurement is NaN, by its key, where more than its masks tells.
    gates
        Names of the quality gates that did not pass.
    seconds
        Wall time of the case.
    """

    case: str
    subgroups: dict[str, str] = Field(default_factory=dict)
    failure: str = ""
    overlap: dict[str, float] = Field(default_factory=dict)
    measured: dict[str, float] = Field(default_factory=dict)
    reference: dict[str, float] = Field(default_factory=dict)
    agreement: dict[str, float] = Field(default_factory=dict)
    undefined: dict[str, str] = Field(default_factory=dict)
    gates: tuple[str, ...] = ()
    seconds: float = nan

    @property
    def mean_dice(self) -> float:
        """Mean of the Dice coefficients that are defined; NaN where none is."""
        values = [v for k, v in self.overlap.items() if k.startswith("dice.") and isfinite(v)]
        return float(np.mean(values)) if values else nan


class RunRecord(_Record):
    """How a run was made; ``model`` is None where finished masks were measured."""

    task: str
    date: str
    command: str
    application_version: str
    versions: dict[str, str]
    model: dict[str, Any] | None
    settings_sha256: str
    manifest_sha256: str
