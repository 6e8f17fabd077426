"""A trained network as a folder of the model repository: ONNX, Triton's config, metadata, card."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import torch
from torch import nn

from cmr.inference import InferenceSettings, Segmenter
from cmr.model_store import CONFIG, METADATA, ONNX, Metadata, Tensor, open_model, sha256_of
from cmr.preprocess import PreprocessSettings
from training.card import write_card
from training.config import TrainingConfig
from training.fit import State, TorchNetwork

OPSET = 18  # TensorRT 10 takes up to 20
INPUT, OUTPUT = "image", "logits"
MAX_LOGIT_DIFFERENCE, MIN_SAME_MASK = 1e-3, 0.9999
_MAX_BATCH = 64
_SEES = {1: "2-D", 3: "2.5-D"}
_DESCRIPTION = "{} U-Net: RV cavity, LV myocardium and LV cavity in {}."
_CINE, _ANY_CONTRAST = "short-axis cine MR", "one short-axis MR image of any contrast"
_LATE = "short-axis late gadolinium enhancement"
_LICENCE = "CC BY-NC-SA 4.0, inherited from the {} data: non-commercial use only"


class ExportMismatchError(Exception):
    """ONNX Runtime does not give what PyTorch gives."""


def export(
    state: State, config: TrainingConfig, settings: PreprocessSettings, trained_on: str, root: Path
) -> Path:
    """Write ``root/NAME`` and return it; the figures of the card are added by a validation.

    ``python -m validation.model_figures`` measures cine networks, ``validation.tissue_figures``
    those for any contrast, ``validation.scar_figures`` those of scar.

    Parameters
    ----------
    state
        The selected epoch; its averaged weights are exported.
    config, settings
        What it was trained with.
    trained_on
        Sentence for metadata and card.
    root
        The model repository.
    """
    folder = root / config.model.name
    (folder / ONNX).parent.mkdir(parents=True, exist_ok=True)
    network = state.average.module.eval()
    seen = settings.seen if config.infarct is None else config.infarct.seen
    shape = (config.network.slices * config.views, *seen.matrix)
    write_onnx(network, shape, folder / ONNX)
    text = _triton_config(config.model.name, shape, len(config.labels))
    (folder / CONFIG).write_text(text, "utf-8")
    metadata = Metadata(
        name=config.model.name,
        version=config.model.version,
        description=_described(config),
        input=Tensor(name=INPUT, channels=shape[0]),
        output=Tensor(name=OUTPUT, channels=len(config.labels)),
        labels={int(label): label.name.lower() for label in config.labels},
        preprocessing=seen,
        trained_on=trained_on,
        licence=_LICENCE.format("ACDC and EMIDEC" if config.lge else "ACDC"),
        intended_use="Research only; not a medical device.",
        training=_training_record(state, config, network),
        figures={},
        sha256=sha256_of(folder / ONNX),
    )
    write_metadata(folder, metadata)
    return folder


def _described(config: TrainingConfig) -> str:
    sees = _SEES[config.network.slices]
    if config.infarct is not None:
        return f"{sees} U-Net: LV cavity, healthy myocardium, infarct and no-reflow in {_LATE}."
    return _DESCRIPTION.format(sees, _ANY_CONTRAST if config.synthesis else _CINE)


def write_onnx(network: nn.Module, shape: tuple[int, int, int], path: Path) -> None:
    """One file; fixed channels, height and width ``shape``; free batch axis."""
    program = torch.onnx.export(
        network,
        (torch.zeros(2, *shape),),
        input_names=[INPUT],
        output_names=[OUTPUT],
        opset_version=OPSET,
        dynamic_shapes=({0: torch.export.Dim("batch", min=1)},),
        dynamo=True,
        verbose=False,
    )
    program.save(path, external_data=False)
    onnx.checker.check_model(str(path), full_check=True)


def compare_runtimes(
    state: State, root: Path, settings: InferenceSettings, work: Path, images: npt.NDArray[Any]
) -> dict[str, float]:
    """Largest difference of the logits and share of equal labels, ONNX Runtime to PyTorch.

    Parameters
    ----------
    state, root, settings, work
        The exported state, the model repository, how to run it, and a work folder.
    images
        ``(n, C, H, W)`` real images on the network's grid.

    Raises
    ------
    ExportMismatchError
        A difference over 1e-3, or fewer than 99.99 % equal labels.
    """
    segmenter = Segmenter(open_model(root, settings.model), settings, work)
    found = segmenter.run(images)
    expected = TorchNetwork(state.average.module).run(images)
    difference = float(np.abs(found - expected).max())
    same = float((found.argmax(1) == expected.argmax(1)).mean())
    if difference > MAX_LOGIT_DIFFERENCE or same < MIN_SAME_MASK:
        raise ExportMismatchError(
            f"Logits differ by up to {difference:.2g} (limit {MAX_LOGIT_DIFFERENCE:g}); "
            f"{100 * same:.4f} % equal labels (limit {100 * MIN_SAME_MASK:g} %)."
        )
    return {"max_logit_difference": difference, "same_labels": same}


def write_metadata(folder: Path, metadata: Metadata) -> None:
    """Metadata and the card made of it."""
    text = json.dumps(metadata.model_dump(mode="json"), indent=2) + "\n"
    (folder / METADATA).write_text(text, "utf-8")
    write_card(folder, metadata)


def _training_record(state: State, config: TrainingConfig, network: nn.Module) -> dict[str, Any]:
    return {
        "epoch": state.best_epoch,
        "validation_fold": config.run.fold,
        "validation_dice": None if config.run.fold is None else round(state.best, 4),
        "parameters": sum(p.numel() for p in network.parameters()),
        "config": config.model_dump(mode="json"),
        "torch": torch.__version__,
    }


def _triton_config(name: str, shape: tuple[int, int, int], classes: int) -> str:
    channels, rows, cols = shape
    return f"""name: "{name}"
platform: "onnxruntime_onnx"
max_batch_size: {_MAX_BATCH}
input [
  {{ name: "{INPUT}" data_type: TYPE_FP32 dims: [ {channels}, {rows}, {cols} ] }}
]
output [
  {{ name: "{OUTPUT}" data_type: TYPE_FP32 dims: [ {classes}, {rows}, {cols} ] }}
]
dynamic_batching {{ }}
"""
