"""Whether a server serves the very network whose digest goes into the results.

Triton tells names and shapes, not which file it loaded: another training of the same network would
look the same. So one image is scored on both sides.
"""

from pathlib import Path

import numpy as np

from cmr.batches import BatchNetwork
from cmr.errors import ModelError
from cmr.inference import InferenceSettings, Provider, Segmenter
from cmr.model_store import ModelFolder
from serving.triton import TritonNetwork

# Of the largest score. Weights rounded to half precision move it by 0.1 %, an earlier training of
# the same network by 37 % (cine_sax 1.1.0 and 1.0.0).
_LARGEST_DIFFERENCE = 0.05


def open_served(
    folder: ModelFolder, settings: InferenceSettings, netloc: str, work_dir: Path
) -> TritonNetwork:
    """Open a network on a server and see that it is the one of ``folder``.

    Raises
    ------
    ModelError
        As :class:`serving.triton.TritonNetwork`, or the server gives other scores than
        ``model.onnx`` does here.
    """
    network = TritonNetwork(folder, settings, netloc)
    on_cpu = settings.model_copy(update={"providers": (Provider.CPU,)})
    difference = _difference(network, Segmenter(folder, on_cpu, work_dir), folder)
    if difference > _LARGEST_DIFFERENCE:
        raise ModelError(
            f"Model {folder.name}: Triton server {netloc} gives scores that differ by "
            f"{difference:.0%} from those of {folder.onnx}; {_LARGEST_DIFFERENCE:.0%} would pass. "
            "It serves another network. Give the server the same model repository."
        )
    return network


def _difference(served: BatchNetwork, local: BatchNetwork, folder: ModelFolder) -> float:
    """Largest difference of scores, as a fraction of the largest score, on one noise image."""
    shape = (1, local.input_channels, *folder.matrix)
    image = np.random.default_rng(0).random(shape, np.float32)
    expected = local.run(image)
    return float(np.abs(served.run(image) - expected).max() / np.abs(expected).max())
