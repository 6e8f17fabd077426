"""Every ONNX file under models/ holds nothing that TensorRT cannot take."""

import csv
from collections.abc import Iterator

import onnx
import pytest
from onnx import GraphProto, NodeProto

from tests.conftest import ROOT, shared_path

pytestmark = pytest.mark.requirement("CINE-17")

MODELS = sorted((ROOT / "models").glob("*/1/model.onnx"))
TENSORRT_10_OPSET = 20
LARGEST_BYTES = 20_000_000


def all_nodes(graph: GraphProto) -> Iterator[NodeProto]:
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            for inner in [attribute.g, *attribute.graphs]:
                yield from all_nodes(inner)


def test_there_are_models():
    assert ROOT / "models" / "cine_sax" / "1" / "model.onnx" in MODELS


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.parts[-3])
def test_operators_types_and_opset(path):
    with shared_path("reference/tensorrt_operators.csv").open(newline="", encoding="utf-8") as file:
        rows = {row["onnx_operator"]: row for row in csv.DictReader(file)}
    model = onnx.load(path)
    used = {node.op_type for node in all_nodes(model.graph)}
    assert used
    assert used <= {name for name, row in rows.items() if row["supported_tensorrt_10.0"] == "Y"}
    assert all("FP32" in rows[name]["types"] for name in used)
    # An operator with a restriction needs a look before it may be used.
    assert not [name for name in used if rows[name]["restrictions"]]
    assert {(opset.domain, opset.version <= TENSORRT_10_OPSET) for opset in model.opset_import} == {
        ("", True)
    }


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.parts[-3])
def test_batch_alone_is_free_and_the_file_is_one(path):
    model = onnx.load(path, load_external_data=False)
    for value in (*model.graph.input, *model.graph.output):
        batch, *sizes = value.type.tensor_type.shape.dim
        assert batch.dim_param
        assert all(size.dim_value > 0 for size in sizes)
    assert not any(tensor.external_data for tensor in model.graph.initializer)
    assert path.stat().st_size < LARGEST_BYTES
    assert [other.name for other in path.parent.iterdir()] == ["model.onnx"]
