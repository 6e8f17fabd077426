"""The model card, made of the metadata, so that the two cannot disagree."""

from pathlib import Path
from typing import Any

from cmr.model_store import Metadata
from training.card_interface import interface
from training.card_scar import scar_card
from training.card_tissue import tissue_card

_TEMPLATE = """# {name} {version}

{description}

**Research only. Not a medical device; not for diagnosis or treatment.**
**Licence of the weights: {licence}.**

## Data

{trained_on}
The 16 patients under `test` in `training/splits.json` took no part in training or selection.
Data: Bernard et al., IEEE TMI 2018 (ACDC, CC BY-NC-SA 4.0). Sunnybrook (Radau 2009, CC0), another
vendor, was never trained on.

## Input and output

{interface}

Papillary muscles belong to the LV cavity, as in ACDC's labels. {sees}

## Training

MONAI residual U-Net, {parameters:,} parameters, epoch {epoch} of {epochs}{selection}.
The whole configuration stands in `metadata.json` under `training.config`;
`python -m training train --config FILE` with the same content trains such a network again.

{comparison}
## Figures

{figures}
Through the application's own path (search for the heart, mean of the mirrored variants, clean-up,
volumetry) by `python -m validation.model_figures`, which runs `python -m validation --task cine`
on each set. Dice and 95 % Hausdorff distance (HD95) are 3-D, per patient, on the original grid.
{uncertainty}
## Limits

- Trained on one hospital's two Siemens scanners (1.5 T and 3 T), adults, five diagnoses.
- The most basal and the most apical slices are the weakest part, the RV at end-systole above all.
- RV hypertrophy, congenital disease, implants and real-time cine are hardly or not represented.
- Sunnybrook's stacks hold contoured slices only: that set does not test the choice of the basal
  slice.

## Intended use

{intended_use}

## Files

`1/model.onnx` SHA-256 `{sha256}`
"""

_SEES = {
    1: "Each image is seen alone.",
    3: "The three channels are the slice below, the slice, and the slice above; at the ends of the "
    "stack the end slice stands in for the one that is missing.",
}
_STRUCTURES = {"rv": "RV", "myo": "Myocardium", "lv": "LV"}
FUNCTION = {
    "lv.edv_ml": "LV EDV (ml)",
    "lv.esv_ml": "LV ESV (ml)",
    "lv.ef_pct": "LV EF (points)",
    "lv.mass_ed_g": "LV mass (g)",
    "rv.ef_pct": "RV EF (points)",
}


def write_card(folder: Path, metadata: Metadata) -> None:
    """Write ``README.md``."""
    config = metadata.training["config"]
    if config.get("infarct") is not None:
        text = scar_card(metadata)
    elif config.get("synthesis") is not None:
        text = tissue_card(metadata)
    else:
        text = _cine_card(metadata)
    (folder / "README.md").write_text(text, "utf-8")


def _cine_card(metadata: Metadata) -> str:
    training = metadata.training
    return _TEMPLATE.format(
        **metadata.model_dump(
            include={
                *("name", "version", "description", "licence"),
                *("trained_on", "intended_use", "sha256"),
            }
        ),
        interface=interface(metadata),
        sees=_SEES[metadata.input.channels],
        parameters=training["parameters"],
        epoch=training["epoch"],
        epochs=sum(stage["epochs"] for stage in training["config"]["run"]["stages"]),
        selection=_selection(training),
        comparison=_comparison(training.get("comparison", [])),
        figures=_figures(metadata.figures),
        uncertainty=_uncertainty(metadata.figures.get("uncertainty")),
    )


def _selection(training: dict[str, Any]) -> str:
    if training["validation_fold"] is None:
        start = training["config"]["run"].get("start")
        begun = f", begun with the network of `{start}`" if start else ""
        return f"{begun}, on all patients of all folds; no epoch was selected"
    fold, dice = training["validation_fold"], training["validation_dice"]
    return f", selected on fold {fold} (validation Dice {dice:.3f})"


def _comparison(rows: list[dict[str, Any]]) -> str:
    if not rows:
        return ""
    lines = [
        "### What was compared",
        "",
        f"Short runs ({rows[0]['epochs']} epochs, mostly on small samples) on two folds",
        f"({rows[0]['patients']} held-out patients), the network alone: mean Dice of the three",
        "structures, as the images are and under four harder conditions (turned by 90°, half the",
        "resolution, noise, gamma 0.5).",
        "Differences to what is shipped are paired by patient, with 95 % confidence intervals;",
        "`another seed` shows what chance alone does: smaller differences mean nothing. The runs",
        "are far from trained, and what makes the task easier gets further in them: a gain without",
        "an augmentation says that it slows learning, not that a trained network is better off",
        "without it.",
        "",
        "| Change | Dice | difference | harder | difference |",
        "|---|---|---|---|---|",
    ]
    for row in rows:
        plain, harder = (_difference(row, name) for name in ("plain", "harder"))
        lines.append(
            f"| {row['change']} | {row['plain']:.3f} | {plain} | {row['harder']:.3f} | {harder} |"
        )
    return "\n".join(lines) + "\n"


def _difference(row: dict[str, Any], name: str) -> str:
    if f"{name}_difference" not in row:
        return ""
    return f"{row[f'{name}_difference']:+.3f} ± {row[f'{name}_ci']:.3f}"


def _figures(figures: dict[str, Any]) -> str:
    sets = {name: part for name, part in figures.items() if "dice" in part}
    if not sets:
        return "Not measured yet.\n"
    return "\n".join(_set(name, part) for name, part in sets.items())


def _set(name: str, part: dict[str, Any]) -> str:
    lines = [
        f"**{name}**, {part['cases']} patients",
        "",
        "| | Dice ED | Dice ES | mean | HD95 ED (mm) | HD95 ES (mm) |",
        "|---|---|---|---|---|---|",
    ]
    for key, title in _STRUCTURES.items():
        if key in part["dice"]:
            dice, distance = part["dice"][key], part["hd95_mm"][key]
            lines.append(
                f"| {title} | {dice['ed']:.3f} | {dice['es']:.3f} | {dice['mean']:.3f} "
                f"| {distance['ed']:.1f} | {distance['es']:.1f} |"
            )
    lines += ["", "| | bias | SD | mean absolute error |", "|---|---|---|---|"]
    for key, title in FUNCTION.items():
        if key in part:
            v = part[key]
            lines.append(f"| {title} | {v['bias']:+.1f} | {v['sd']:.1f} | {v['mae']:.1f} |")
    return "\n".join([*lines, "", *_groups(part["groups"])])


def _groups(groups: dict[str, Any]) -> list[str]:
    titles = [key for key in _STRUCTURES if key in next(iter(groups.values()))["dice"]]
    head = " | ".join(f"Dice {_STRUCTURES[key]}" for key in titles)
    lines = [f"| Group | patients | {head} | LV EF error |", "|---" * (len(titles) + 3) + "|"]
    for name, part in groups.items():
        dice = " | ".join(f"{part['dice'][key]['mean']:.3f}" for key in titles)
        lines.append(f"| {name} | {part['cases']} | {dice} | {part['lv.ef_pct']['mae']:.1f} |")
    return [*lines, ""]


def _uncertainty(found: dict[str, Any] | None) -> str:
    if not found:
        return ""
    lines = [
        "",
        "### Does it know when it is wrong?",
        "",
        "The agreement of the mirrored variants against the true Dice, on the patients of the",
        "cross-validation: by patient (means over the structures at ED and ES, as the gate takes",
        "them) and contour by contour (one structure in one phase). Reviewed are those with the",
        "lowest agreement, a tenth.",
        "",
        "| | rank correlation (95 % interval) | reviewed below | Dice reviewed, others "
        "| Dice < 0.8: reviewed |",
        "|---|---|---|---|---|",
    ]
    for key, title in (("cases", "patients"), ("contours", "contours")):
        lines.append(
            "| {n} {title} | {spearman:.2f} ({low:.2f} to {high:.2f}) | {limit_pct:g} % "
            "| {dice_reviewed:.3f}, {dice_others:.3f} | {poor_reviewed} of {poor} |".format(
                title=title,
                **found[key],
                low=found[key]["spearman_ci"][0],
                high=found[key]["spearman_ci"][1],
            )
        )
    return "\n".join([*lines, ""])
