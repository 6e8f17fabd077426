"""The card of a network for any contrast, made of the metadata."""

from typing import Any

from cmr.model_store import Metadata
from training.card_interface import interface

_TEMPLATE = """# {name} {version}

{description}

**Research only. Not a medical device; not for diagnosis or treatment.**
**Licence of the weights: {licence}.**

## Data

{trained_on}
Neither the 16 patients under `test` in `training/splits.json` nor fold {fold} of
`training/emidec_splits.json` took part in training; no epoch was selected.
Data: Bernard et al., IEEE TMI 2018 (ACDC, CC BY-NC-SA 4.0); Lalande et al., Data 2020 (EMIDEC,
CC BY-NC-SA 4.0).

## Input and output

{interface}

Papillary muscles belong to the LV cavity, as in ACDC's labels. Each image is seen alone. Infarct
and no-reflow are myocardium.

## Training

MONAI residual U-Net, {parameters:,} parameters: the network of `cine_sax` went on training in two
parts, of which `{start}` is the first; epoch {epoch} of the second. Its whole configuration stands
in `metadata.json` under `training.config`.

- ACDC's cine images and labels with synthesised contrasts (`training/synthesis.py`): random grey
  values; inversion and saturation recovery, T2 preparation and echoes of random tissues at random
  times, magnitude and signed; T1 and T2 maps with the noise of maps. A share stays cine.
- EMIDEC's real late enhancement images. They have no RV label: background and RV count as one
  class in their loss, so RV is neither punished nor taught there. Their pixel size is unknown: one
  nominal size serves all (`training/emidec.py`), and strong stretching makes up for it.

## Figures

{figures}
## Limits

- No real T1-weighted series and no real map was seen in training or measured here: apart from LGE
  and cine, all contrasts are made from cine images and their labels. The synthesised test set has
  another generator, with literature tissues and fitted maps, but the same kind of source; outlines
  that exist as steps of grey value only where a label ends make the task easier than real images.
- Wanted were 0.86 on single synthesised contrasts and 0.82 on LGE. Single images with little
  contrast between blood and wall fall short most: take the mean over a series. A bright infarct at
  the inner edge is often taken for cavity, and a second, false heart may appear in an end slice.
- No motion between the source images, no off-resonance, no fat-water phase, no devices.
- EMIDEC's images have lost their aspect ratio, so its Dice is that of distorted hearts.
- Both data sets come from one hospital (Dijon) and its Siemens scanners, 1.5 T and 3 T.
- RV Dice on real images other than cine is not known: EMIDEC has no such label.
- The most basal and the most apical slices are the weakest part.

## Intended use

{intended_use}

## Files

`1/model.onnx` SHA-256 `{sha256}`
"""
_SYNTHESISED = """\
**Synthesised contrasts of ACDC, kept out**, {patients} patients at ED and ES, all slices, one
phase at 1.5 T and one at 3 T, SNR 20 of relaxed wall: 3-D Dice of the myocardium, mean over stacks
(lowest in brackets).

{table}
Pooled over all single contrasts: myocardium {myo:.3f} (95 % interval over patients {low:.3f} to
{high:.3f}, lowest patient {worst:.3f}), RV {rv:.3f}, LV {lv:.3f}. The mean of the probabilities
over all inversion times and the T1 map of a slice, as the application takes it: native
{native:.3f}, post-contrast {post:.3f}. The same patients' cine images: RV {cine_rv:.3f},
myocardium {cine_myo:.3f}, LV {cine_lv:.3f}.
"""
_LGE = """\
**EMIDEC fold kept out**, {cases} cases, real LGE, 3-D: myocardium {myo:.3f} (95 % interval of the
mean {low:.3f} to {high:.3f}, lowest {worst:.3f}), LV cavity {lv:.3f}.

All through the application's path: crop about the middle of the image, then about the heart that
the network finds; mean of the four mirrored variants; native grid; no clean-up. Measured by
`python -m validation.tissue_figures`.
"""


def tissue_card(metadata: Metadata) -> str:
    """Text of ``README.md``."""
    training = metadata.training
    return _TEMPLATE.format(
        **metadata.model_dump(
            include={
                *("name", "version", "description", "licence"),
                *("trained_on", "intended_use", "sha256"),
            }
        ),
        interface=interface(metadata),
        fold=training["config"]["lge"]["fold"],
        parameters=training["parameters"],
        start=training["config"]["run"]["start"],
        epoch=training["epoch"],
        figures=_figures(metadata.figures),
    )


def _figures(figures: dict[str, Any]) -> str:
    if not figures:
        return "Not measured yet.\n"
    found, lge = figures["synthesised"], figures["lge"]
    pooled, cine = found["pooled"], found["cine"]
    text = _SYNTHESISED.format(
        patients=found["patients"],
        table=_table(found["contrasts"]),
        **{key: pooled[key] for key in ("rv", "myo", "lv", "low", "high", "worst")},
        **{state: found["averaged"][state] for state in ("native", "post")},
        **{f"cine_{key}": value for key, value in cine.items()},
    )
    return text + "\n" + _LGE.format(**lge)


def _table(contrasts: list[dict[str, Any]]) -> str:
    lines = ["| | | 1.5 T | 3 T |", "|---|---|---|---|"]
    lines += [
        f"| {row['state']} | {row['contrast']} "
        f"| {row['1.5 T']['mean']:.3f} ({row['1.5 T']['worst']:.2f}) "
        f"| {row['3 T']['mean']:.3f} ({row['3 T']['worst']:.2f}) |"
        for row in contrasts
    ]
    return "\n".join([*lines, ""])
