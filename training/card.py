"""The model card, made of the metadata, so that the two cannot disagree."""

from pathlib import Path
from typing import Any

from cmr.model_store import Metadata

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

| | |
|---|---|
| Input `{input_name}` | (batch, {input_channels}, {rows}, {cols}) float32, 0–1 |
| Pixels | {spacing:g} mm, the matrix centred on the heart |
| Grey values | each image linearly from its percentiles {low:g} and {high:g} to 0 and 1, clipped |
| Output `{output_name}` | (batch, {output_channels}, {rows}, {cols}) logits |
| Classes | {labels} |

Papillary muscles belong to the LV cavity, as in ACDC's labels.

## Training

MONAI residual U-Net, {parameters:,} parameters, epoch {epoch} of {epochs}, selected on fold {fold}
(validation Dice {validation:.3f}). The whole configuration stands in
`metadata.json` under `training.config`; `python -m training train --config FILE` with the same
content in `training/` trains such a network again.

## Figures

3-D Dice on the original grid, through the application's preprocessing, search for the heart and
ONNX Runtime, without clean-up. EF error is the mean absolute error in points of EF.

{figures}

`python -m training evaluate` repeats them.

## Limits

- Trained on one hospital's two Siemens scanners (1.5 T and 3 T), adults, five diagnoses.
- Each image is seen alone: the most basal and the most apical slices are the weakest part, and at
  the base nothing but the image says whether a slice still belongs to the ventricle.
- RV hypertrophy, congenital disease, implants and real-time cine are hardly or not represented.
- No measure of uncertainty yet.

## Files

`1/model.onnx` SHA-256 `{sha256}`
"""

_ROWS = (
    ("RV Dice", "rv_dice"),
    ("Myocardium Dice", "myo_dice"),
    ("LV Dice", "lv_dice"),
)


def write_card(folder: Path, metadata: Metadata) -> None:
    """Write ``README.md``."""
    seen, training = metadata.preprocessing, metadata.training
    text = _TEMPLATE.format(
        **metadata.model_dump(
            include={"name", "version", "description", "licence", "trained_on", "sha256"}
        ),
        input_name=metadata.input.name,
        input_channels=metadata.input.channels,
        output_name=metadata.output.name,
        output_channels=metadata.output.channels,
        rows=seen.matrix[0],
        cols=seen.matrix[1],
        spacing=seen.spacing_mm,
        low=seen.intensity.low_percentile,
        high=seen.intensity.high_percentile,
        labels=", ".join(f"{value} {name}" for value, name in metadata.labels.items()),
        parameters=training["parameters"],
        epoch=training["epoch"],
        epochs=training["config"]["run"]["epochs"],
        fold=training["validation_fold"],
        validation=training["validation_dice"],
        figures=_figures(metadata.figures),
    )
    (folder / "README.md").write_text(text, "utf-8")


def _figures(figures: dict[str, dict[str, Any]]) -> str:
    if not figures:
        return "Not measured yet."
    return "\n\n".join(_table(name, values) for name, values in figures.items())


def _table(name: str, values: dict[str, Any]) -> str:
    lines = [
        f"**{name}**, {int(values['patients'])} patients",
        "",
        "| | ED | ES | mean |",
        "|---|---|---|---|",
    ]
    for title, key in _ROWS:
        if key in values:
            ed, es = (values[f"{key}_{phase}"] for phase in ("ed", "es"))
            lines.append(f"| {title} | {ed:.3f} | {es:.3f} | {values[key]:.3f} |")
    for side in ("lv", "rv"):
        if f"{side}_ef_error" in values:
            lines.append(f"| {side.upper()} EF error | | | {values[f'{side}_ef_error']:.1f} |")
    return "\n".join(lines)
