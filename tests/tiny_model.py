"""A model folder made in a moment: one 1 x 1 convolution whose scores are known."""

import hashlib
import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

GAINS = (0.0, 1.0, 2.0, 3.0)  # score of class c is GAINS[c] * image - c / 2
OFFSETS = (0.0, -0.5, -1.0, -1.5)


def tiny_onnx(matrix=(8, 10), batch="batch", channels=1, gains=GAINS) -> bytes:
    """ONNX bytes of the convolution."""
    weights = np.array(gains, np.float32).reshape(-1, 1, 1, 1).repeat(channels, 1)
    graph = helper.make_graph(
        [helper.make_node("Conv", ["image", "w", "b"], ["logits"])],
        "tiny",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [batch, channels, *matrix])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [batch, len(gains), *matrix])],
        [
            numpy_helper.from_array(weights, "w"),
            numpy_helper.from_array(np.array(OFFSETS, np.float32), "b"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def metadata(content: bytes, **changes) -> dict:
    """Metadata of a tiny model of this content."""
    return {
        "name": "tiny",
        "version": "0.1.0",
        "description": "A convolution.",
        "input": {"name": "image", "channels": 1},
        "output": {"name": "logits", "channels": 4},
        "labels": {"0": "background", "1": "rv", "2": "myocardium", "3": "lv"},
        "preprocessing": {
            "matrix": [8, 10],
            "spacing_mm": 1.25,
            "intensity": {"low_percentile": 1, "high_percentile": 99},
        },
        "trained_on": "nothing",
        "licence": "Apache-2.0",
        "intended_use": "tests",
        "training": {},
        "figures": {},
        "sha256": hashlib.sha256(content).hexdigest(),
    } | changes


def write_tiny(root: Path, content: bytes | None = None, **changes) -> Path:
    """A whole folder; ``changes`` replace metadata."""
    content = tiny_onnx() if content is None else content
    folder = root / "tiny"
    (folder / "1").mkdir(parents=True)
    (folder / "1" / "model.onnx").write_bytes(content)
    (folder / "config.pbtxt").write_text('name: "tiny"\n')
    (folder / "metadata.json").write_text(json.dumps(metadata(content, **changes)))
    return folder
