"""The card of the scar network, made of the metadata."""

from collections.abc import Iterator
from typing import Any

from cmr.model_store import Metadata
from training.card_interface import interface
from training.card_scar_figures import scar_figures, short_falls

CROSS_VALIDATION = "cross_validation"
"""Key of the figures in the metadata."""

_TEMPLATE = """# {name} {version}

{description}

**Research only. Not a medical device; not for diagnosis or treatment.**
**Licence of the weights: {licence}.**

## Data

{trained_on}
{seen} No epoch was selected.

- EMIDEC, 75 cases of late gadolinium enhancement, 25 normal and 50 with infarct (Lalande et al.,
  Data 2020, CC BY-NC-SA 4.0): images and labels of cavity, myocardium, infarct and no-reflow.
- ACDC, slices of cine images with their labels (Bernard et al., IEEE TMI 2018, CC BY-NC-SA 4.0),
  given other, synthesised contrasts, inversion recovery among them. Infarcts are painted into them.

## Input and output

{interface}

The channels are the slice below, the slice, and the slice above (at the ends of the stack the end
slice stands in for the one that is missing), then the same three equalised: each grey value as the
share of pixels that are darker. The crop is taken so that the LV is round and of one size in it,
whatever its pixels measure: a first look tells its place and size, the second one counts
(`cmr/scar/usual_size.py`). `myocardium` is what is neither infarct nor
no-reflow: the wall is the three together. Papillary muscles belong to the cavity. There is no class
for the RV; its place comes from the cine or from `tissue_sax`.

## Training

MONAI residual U-Net, {parameters:,} parameters, begun with the network of `{start}`, epoch {epoch}.
Its whole configuration stands in `metadata.json` under `training.config`.

{training}

What else was tried: `docs/experiments.md`.

## Figures

{figures}
## Where it falls short

{short}

## Limits

- EMIDEC's images reached this project with grey values remapped slice by slice and with their
  aspect ratio lost: cavity and wall are 0.45 to 2.45 times as wide as high. In training the label
  makes every heart round and of one size, with stretches of {stretch[0]:g} to {stretch[1]:g}
  besides; the true shape stays unknown. Ranks of the grey values, and random monotone maps of
  them, make up for the remapping in part.
- An LV that is not round, as in an oblique cut, is seen round all the same, and hearts of all sizes
  alike. What is measured keeps its size.
- Without pixel size there are no grams and no millimetres in the figures above: shares and overlaps
  alone, of distorted hearts.
- One hospital (Dijon) and its Siemens scanners, 1.5 T and 3 T, for both data sets. No other vendor,
  no PSIR of a scanner, no free-breathing images were seen or measured.
- No label for the RV. Scar of the RV is not looked for.
- Learned from infarcts: scar that leaves the endocardium free, as in myocarditis or hypertrophy,
  was painted and never seen.
- Where there is no cine, `tissue_sax` places the crop. It was trained on folds 1 to 4 of EMIDEC, so
  that only fold 0 of the figures is free of that.
- The most basal and the most apical slices are the weakest part.

## Intended use

{intended_use}

## Files

`1/model.onnx` SHA-256 `{sha256}`
"""
_ALL_SEEN = (
    "The shipped network was trained on all 75 cases of EMIDEC, so that none is left to measure\n"
    "it on: the cross-validation of like networks, each trained on four fifths of the cases,\n"
    "speaks for it (how long each was trained: `docs/experiments.md`)."
)
_FOLD_KEPT_OUT = "Fold {} of `training/emidec_splits.json` took no part in training."


def scar_card(metadata: Metadata) -> str:
    """Text of ``README.md``."""
    training = metadata.training
    config = training["config"]
    fold = config["lge"]["fold"]
    found = metadata.figures.get(CROSS_VALIDATION)
    return _TEMPLATE.format(
        **metadata.model_dump(
            include={
                *("name", "version", "description", "licence"),
                *("trained_on", "intended_use", "sha256"),
            }
        ),
        seen=_ALL_SEEN if fold is None else _FOLD_KEPT_OUT.format(fold),
        interface=interface(metadata),
        parameters=training["parameters"],
        start=config["run"]["start"],
        epoch=training["epoch"],
        training="\n".join(_training(config)),
        figures=scar_figures(found) if found else "Not measured yet.\n",
        short="\n".join(short_falls(found)) if found else "Not measured yet.",
        stretch=config["lge"]["stretch"],
    )


def _training(config: dict[str, Any]) -> Iterator[str]:
    infarct, lge = config["infarct"], config["lge"]
    yield (
        f"- Each epoch: all slices of EMIDEC, {infarct['cine_slices']} slices of ACDC with "
        "synthesised contrast."
    )
    painted, outer, dark = (_pct(infarct[k]) for k in ("painted", "not_ischaemic", "no_reflow"))
    yield (
        f"- Painted infarcts in {painted} of healthy walls (`training/infarcts.py`): {outer} of\n"
        f"  them leave the endocardium free, {dark} of the others have a dark core."
    )
    yield (
        f"- Grey values through a random monotone map in {_pct(lge['tone'])} of EMIDEC's images;\n"
        f"  stretched along one axis in {_pct(lge['stretched'])} of the batches."
    )
    yield (
        f"- Turned by up to {config['geometry']['rotation_deg']:g}°, mirrored, shifted, scaled,\n"
        "  bent; noise, blur, shading and ghosts in small shares."
    )


def _pct(share: float) -> str:
    return f"{100 * share:g} %"
