"""Calibrate the quality gates on expert masks and write ``docs/gates.md``.

    python -m validation.calibrate_gates [--acdc DIR] [--settings app.yaml] [--output docs/gates.md]

Every calibrated gate gets the same percentile of the experts' figures: the lowest at which at
most 10 % of the patients need a review for any of them. So the gates share one budget, and a
further gate costs the others some sharpness. The exit code is 1 when a limit in the settings
differs from the proposal.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cmr.anatomy import Mask
from cmr.cleanup import clean
from cmr.gates_anatomy import base_descent_mm, empty_slices, mid_coverage_pct, rv_above_base
from cmr.labels import STRUCTURES
from cmr.quality import QualitySettings
from cmr.volume import FloatArray, Volume4D
from cmr.volumetry import CineMeasurement, VolumetrySettings
from training.cases import read_acdc, read_groups
from validation import PROJECT_ROOT
from validation.cohort.cine_path import read_settings
from validation.gate_faults import FAULTS, share_noticed
from validation.gates_calibration import (
    CURVE_DRAWS,
    CURVE_NOISE,
    CURVE_PHASES,
    GATES,
    Calibrated,
    Calibration,
    calibrate,
    figures_of,
    limits_in_use,
    measure_all,
    share_reviewed,
    synthetic_reversals_pct,
)
from validation.gates_mapping import mapping_section
from validation.gates_scar import scar_section

_INTRODUCTION = """# Quality gates and where their limits come from

Written by `.venv/bin/python -m validation.calibrate_gates`; edit the limits in `app.yaml`, then
run it again. Every gate is in `results.json` with its figure and limit and passes, asks for
review or withholds numbers. A figure that cannot be formed asks for review.

## Calibrated on expert masks

{patients} ACDC patients with labels at ED and ES. All gates of the table take the same percentile
of the experts' figures, the lowest at which at most 10 % of the patients need a review for any of
them: {percentile:g} (for `base_coverage` the same from below), rounded outwards to whole numbers.
Limits at the 90th percentile each would send {share_90:.0f} % of the expert masks to review.

"""

_FIXED = """
## Fixed limits, checked on the same masks

- `mid_ventricular_ring` withholds the LV below {mid_limit:g} %; least of expert masks:
  {mid_least:.0f} %.
- `image_border` reviews more than {border:g} voxels on the edge; most in expert masks:
  {border_most}.
- `stack_positions` withholds below {positions} positions; fewest in ACDC: {positions_least}.
- `slice_pitch` reviews above {pitch:g} mm; largest in ACDC: {pitch_most:g} mm.
- `base_descent` reviews outside 0 to {descent:g} mm; expert masks: {descent_least:g} to
  {descent_most:g} mm.
- `rv_above_base` reviews more than {above} slices; most in expert masks: {above_most}.
- `empty_slices` reviews more than {empty} slices; most in expert masks: {empty_most}.

`lv_present`, `myocardium_present`, `rv_present`, `lv_es_below_ed`, `rv_es_below_ed`,
`lv_ef_range`, `rv_ef_range` withhold what is impossible and flag no expert mask.

## Not calibrated on labels

- `curve_unimodal`: ACDC has labels at ED and ES only. Limit {curve_limit:g} % of EDV; on
  {draws} synthetic curves of {phases} phases with a noise of {noise:.1f} % of EDV (SD of the EDV
  error of ACDC's best entry) it flags {curve_share:.1f} %, 98th percentile {curve_98:.1f} %.
- `variant_agreement`: limit {agreement:g} %, with its origin in `app.yaml`; how well the agreement
  predicts the Dice stands in [the model card](../models/cine_sax/README.md).
- `base_changes`: the base goes down once a beat and comes back, which makes 2 changes.
- `rate_fit`: limit {rate_scatter:g} % of stroke volume, from synthetic
  curves (docs/cine.md). A basal slice that leaves the LV from one phase to the next reaches it.
- `slice_gaps`, `phase_count`, `frame_spacing`, `phases_usable`: properties of the series and of
  the curve, for which ACDC's two-phase files say nothing. Sources are in `app.yaml`.

## What the clean-up does to expert masks

The gates see masks after clean-up, which has to leave an expert's contours alone.

{clean_up}

## Planted faults that the gates notice

Share of the patients with a gate that does not pass once a fault is planted in their expert masks
(gates on the sampling of the cycle left out).

{faults}

A basal slice that is missing with its RV looks like a shorter heart: nothing in the masks tells.

## Conventions that the figures rest on

Papillary muscles are in the cavity. ED and ES are the largest and smallest LV volume among the
phases that hold LV and wall, have no empty slice inside the LV and do not jump away from both
neighbours in time. The RV is measured at the ED and ES of the LV, so that the two segmentations
hold every volume. The base is the end of the stack towards which the blood area leans.
`basal_slice` in `results.json` gives LV volumes with and without the most basal slice of ED (for
EDV) and of ES (for ESV); it is doubtful when `slice_pitch` or a gate on the base does not pass:
`base_coverage`, `base_step`, `base_descent`, `rv_above_base`, `base_changes`.
"""


@dataclass(frozen=True)
class Masks:
    """Expert masks as drawn and after clean-up, and what was measured on each."""

    drawn: list[Volume4D]
    cleaned: list[Volume4D]
    measured: list[CineMeasurement]
    measured_cleaned: list[CineMeasurement]


def report(
    result: Calibration, masks: Masks, measuring: VolumetrySettings, quality: QualitySettings
) -> str:
    """Markdown text of ``docs/gates.md``."""
    cleaned = figures_of(masks.measured_cleaned)
    used = limits_in_use(quality)
    at_90 = {g.name: g.proposal(result.figures[g.name], 90) for g in GATES}
    head = _INTRODUCTION.format(
        patients=len(masks.drawn),
        percentile=result.percentile,
        share_90=100 * share_reviewed(result.figures, at_90),
    )
    rows = [
        "| Gate | unit | median | 90th | 95th | worst | limit | flagged | flagged after clean-up |",
        "|---|---|---|---|---|---|---|---|---|",
        *(_row(g, result.figures[g.name], cleaned[g.name], used[g.name]) for g in GATES),
        f"| any of these | | | | | | | {100 * share_reviewed(result.figures, used):.1f} % "
        f"| {100 * share_reviewed(cleaned, used):.1f} % |",
    ]
    cine = head + "\n".join(rows) + "\n" + _fixed(masks, measuring, quality)
    return cine + mapping_section(quality.mapping) + scar_section(quality.scar)


def _row(gate: Calibrated, figures: FloatArray, cleaned: FloatArray, limit: float) -> str:
    levels = (50, 90, 95, 100) if gate.high_is_bad else (50, 10, 5, 0)
    columns = " | ".join(f"{v:.1f}" for v in np.percentile(figures, levels))
    shares = " | ".join(
        f"{100 * gate.flagged(values, limit).mean():.1f} %" for values in (figures, cleaned)
    )
    return f"| `{gate.name}` | {gate.unit} | {columns} | {limit:g} | {shares} |"


def _fault_table(
    drawn: Sequence[Volume4D], measuring: VolumetrySettings, quality: QualitySettings
) -> str:
    rows = ["| Fault | noticed |", "|---|---|"]
    for name, fault in FAULTS.items():
        rows.append(f"| {name} | {100 * share_noticed(drawn, fault, measuring, quality):.0f} % |")
    return "\n".join(rows)


def _clean_up_table(masks: Masks) -> str:
    rows = ["| Structure | Dice, mean | Dice, least | volume change, mean |", "|---|---|---|---|"]
    for structure in STRUCTURES:
        sizes = np.array(
            [
                _overlap(before.data[t] == structure, after.data[t] == structure)
                for before, after in zip(masks.drawn, masks.cleaned, strict=True)
                for t in range(before.n_phases)
            ]
        )
        old, new, both = sizes.T
        dice, change = 2 * both / (old + new), 100 * (new / old - 1)
        rows.append(
            f"| {structure.name.lower()} | {dice.mean():.4f} | {dice.min():.4f} "
            f"| {change.mean():+.2f} % |"
        )
    return "\n".join(rows)


def _overlap(before: Mask, after: Mask) -> tuple[int, int, int]:
    return (
        int(np.count_nonzero(before)),
        int(np.count_nonzero(after)),
        int(np.count_nonzero(before & after)),
    )


def _fixed(masks: Masks, measuring: VolumetrySettings, quality: QualitySettings) -> str:
    measurements = masks.measured
    reversals = synthetic_reversals_pct(CURVE_DRAWS, CURVE_NOISE)
    limit = quality.function.max_curve_reversal_pct
    anatomies = [a for m in measurements for a in (m.ed_anatomy, m.es_anatomy)]
    return _FIXED.format(
        mid_limit=quality.anatomy.min_mid_coverage_pct,
        mid_least=min(mid_coverage_pct(m) for m in measurements),
        border=quality.anatomy.max_border_voxels,
        border_most=max(a.border_voxels for a in anatomies),
        positions=quality.stack.min_positions,
        positions_least=min(m.geometry.n_slices for m in measurements),
        pitch=quality.stack.max_pitch_mm,
        pitch_most=max(m.geometry.pitch_mm for m in measurements),
        descent=quality.anatomy.max_base_descent_mm,
        descent_least=min(base_descent_mm(m) for m in measurements),
        descent_most=max(base_descent_mm(m) for m in measurements),
        above=quality.anatomy.max_rv_above_base,
        above_most=max(rv_above_base(m) for m in measurements),
        empty=quality.anatomy.max_empty_slices,
        empty_most=max(empty_slices(m) for m in measurements),
        faults=_fault_table(masks.drawn, measuring, quality),
        clean_up=_clean_up_table(masks),
        agreement=quality.agreement.min_agreement_pct,
        curve_limit=limit,
        rate_scatter=quality.function.max_rate_scatter_pct,
        draws=len(reversals),
        phases=CURVE_PHASES,
        noise=100 * CURVE_NOISE,
        curve_share=100 * float((reversals > limit).mean()),
        curve_98=float(np.percentile(reversals, 98)),
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the calibration from the command line."""
    options = _parse(arguments)
    settings = read_settings(options.settings)
    measuring, quality = settings.volumetry, settings.quality
    labels: list[Volume4D] = []
    for patient in sorted(read_groups(options.acdc)):
        labels.append(read_acdc(options.acdc, patient).labels)
    print(f"{len(labels)} patients; measuring as drawn and after clean-up", file=sys.stderr)
    measurements = measure_all(labels, measuring)
    cleaned = [clean(volume, settings.cleanup).labels for volume in labels]
    masks = Masks(labels, cleaned, measurements, measure_all(cleaned, measuring))
    result = calibrate(figures_of(measurements))
    text = report(result, masks, measuring, quality)
    options.output.write_text(text, encoding="utf-8")
    print(text)
    return int(limits_in_use(quality) != result.proposals)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="validation.calibrate_gates", description=__doc__)
    parser.add_argument("--acdc", type=Path, default=PROJECT_ROOT.parent / "shared/data/acdc")
    parser.add_argument("--settings", type=Path, default=PROJECT_ROOT / "app.yaml")
    parser.add_argument("--output", type=Path, default=PROJECT_ROOT / "docs/gates.md")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
