"""The networks on a real Triton server: same masks as here; what it must not serve is refused.

Real are the server, its reading of ``models/``, its HTTP service and batching. A stand-in is its
backend for ONNX Runtime, which comes with Triton's container image only: ``triton_backend/``.
"""

import shutil

import numpy as np
import pydicom
import pytest
import torch
from monai.deploy.core.models import ModelFactory
from tritonclient.http import InferenceServerClient

from cmr.errors import ModelError
from cmr.inference import Provider, Segmenter
from cmr.model_store import open_model
from phantom.settings import PhantomSettings
from phantom.study import write_study
from serving.same import open_served
from tests.application_run import run_app
from tests.conftest import ROOT
from tests.model_support import INFERENCE
from tests.tiny_model import GAINS, OFFSETS, tiny_onnx, write_tiny
from tests.triton_server import triton_server

pytestmark = pytest.mark.requirement("NBR-08")

MODELS = ROOT / "models"
NAMES = sorted(path.name for path in MODELS.iterdir())
ON_CPU = INFERENCE.model_copy(update={"providers": (Provider.CPU,), "threads": 1})
CONFIG = """name: "{name}"
platform: "onnxruntime_onnx"
max_batch_size: {batch}
input [ {{ name: "image" data_type: TYPE_FP32 dims: [ 1, 8, {columns} ] }} ]
output [ {{ name: "logits" data_type: TYPE_FP32 dims: [ 4, 8, {columns} ] }} ]
instance_group [ {{ kind: KIND_CPU count: 1 }} ]
"""


def serve(root, name, content, version="1", columns=10, batch=4):
    """Put a tiny network into a repository of the server, under this name."""
    path = root / name / version / "model.onnx"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    text = CONFIG.format(name=name, columns=columns, batch=batch)
    (root / name / "config.pbtxt").write_text(text)


def local(root, name):
    """The same name as it is on the application's side."""
    write_tiny(root / name, name=name)
    shutil.move(root / name / "tiny", root / name / name)
    return open_model(root / name, name)


@pytest.fixture(scope="module")
def netloc(tmp_path_factory):
    """One server with the shipped models and some that the application must not take."""
    work = tmp_path_factory.mktemp("triton")
    other = work / "repository"
    serve(other, "same", tiny_onnx())
    serve(other, "withdrawn", tiny_onnx())
    serve(other, "second_version", tiny_onnx(), version="2")
    serve(other, "wider", tiny_onnx(matrix=(8, 12)), columns=12)
    serve(other, "retrained", tiny_onnx(gains=(0.0, 1.0, 2.0, 3.4)))
    with triton_server(work, MODELS, other) as found:
        yield found


@pytest.mark.parametrize("name", NAMES)
def test_the_server_takes_the_folder_as_it_is(netloc, name):
    described = open_model(MODELS, name)
    with InferenceServerClient(netloc) as client:
        found = client.get_model_metadata(name)
        config = client.get_model_config(name)
    matrix = list(described.matrix)
    assert found["versions"] == ["1"]
    assert found["platform"] == "onnxruntime_onnx"
    [image], [logits] = found["inputs"], found["outputs"]
    tensors = described.metadata.input, described.metadata.output
    for served, tensor in zip((image, logits), tensors, strict=True):
        assert (served["name"], served["datatype"]) == (tensor.name, "FP32")
        assert served["shape"] == [-1, tensor.channels, *matrix]
    assert config["max_batch_size"] >= INFERENCE.batch_size
    assert "dynamic_batching" in config


@pytest.mark.parametrize("name", NAMES)
def test_scores_and_masks_are_those_of_the_network_here(netloc, name, tmp_path):
    folder = open_model(MODELS, name)
    here, there = Segmenter(folder, ON_CPU, tmp_path), open_served(folder, ON_CPU, netloc, tmp_path)
    count = ON_CPU.batch_size + 3
    shape = (count, here.input_channels, *folder.matrix)
    images = np.random.default_rng(1).random(shape, np.float32)
    images[..., 60:100, 50:90] *= 0.2  # something with an outline
    expected, found = here.run(images), there.run(images)
    assert np.allclose(found, expected, atol=1e-4)
    assert np.mean(found.argmax(1) == expected.argmax(1)) > 0.9999
    assert there.provider.startswith("Triton 2.")
    assert there.precision == "as served"


def test_the_clients_of_the_sdk_get_the_same_scores(netloc, tmp_path):
    """``TritonModel`` of the SDK, as its ``--triton-server-netloc`` connects it."""
    model = ModelFactory.create(MODELS / "scar_sax")
    folder = open_model(MODELS, "scar_sax")
    shape = (1, folder.metadata.input.channels, *folder.matrix)
    images = np.random.default_rng(2).random(shape, np.float32)
    client = model.connect(netloc)
    try:
        found = client(torch.from_numpy(images)).numpy()
    finally:
        # It does not close itself, and crashes the process when dropped in another thread.
        client._triton_client.close()
    assert np.array_equal(found, open_served(folder, ON_CPU, netloc, tmp_path).run(images))


def test_batches_are_no_larger_than_the_server_takes(netloc, tmp_path):
    network = open_served(local(tmp_path, "same"), ON_CPU, netloc, tmp_path)
    images = np.random.default_rng(0).random((11, 1, 8, 10), np.float32)
    assert ON_CPU.batch_size > 4
    expected = np.concatenate([g * images + o for g, o in zip(GAINS, OFFSETS, strict=True)], 1)
    assert np.allclose(network.run(images), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("unknown", r"Request for unknown model: 'unknown'"),
        ("second_version", r"'second_version' version 1 is not (found|at ready state)"),
        ("wider", r"serves inputs .*\[-1, 1, 8, 12\].*expected .*\[-1, 1, 8, 10\]"),
        ("retrained", r"differ by 27% from .* It serves another network"),
    ],
)
def test_what_is_not_the_network_of_the_folder_is_refused(netloc, name, reason, tmp_path):
    with pytest.raises(ModelError, match=reason):
        open_served(local(tmp_path, name), ON_CPU, netloc, tmp_path)


def test_a_model_withdrawn_in_the_middle_of_a_study_is_told(netloc, tmp_path):
    network = open_served(local(tmp_path, "withdrawn"), ON_CPU, netloc, tmp_path)
    with InferenceServerClient(netloc) as client:
        client.unload_model("withdrawn")
    with pytest.raises(ModelError, match=r"Triton server .*unknown model: 'withdrawn'"):
        network.run(np.zeros((1, 1, 8, 10), np.float32))


def masks(output):
    return {
        path.name.split("-")[1]: pydicom.dcmread(path).pixel_array for path in output.glob("seg-*")
    }


def test_a_study_measured_through_the_server_gives_the_same_numbers_and_masks(
    netloc, tmp_path, monkeypatch
):
    study, config = tmp_path / "study", tmp_path / "app.yaml"
    write_study(study, PhantomSettings(seed=3, phases=12, slices=7, matrix=(144, 160),
                                       pixel_spacing_mm=(1.8, 1.8), decoys=False))  # fmt: skip
    text = (ROOT / "app.yaml").read_text(encoding="utf-8")
    config.write_text(text.replace("variants: 4 ", "variants: 2 "), encoding="utf-8")
    here = run_app(study, tmp_path / "here", "-c", str(config))
    monkeypatch.setenv("TRITON_SERVER_NETLOC", netloc)
    there = run_app(study, tmp_path / "there", "-c", str(config))
    assert (here.code, here.stderr, there.code, there.stderr) == (0, "", 0, "")
    expected, found = here.results.cine, there.results.cine
    assert found.model.provider.startswith("Triton 2.")
    assert found.model.sha256 == expected.model.sha256
    assert found.model_dump(exclude={"model"}) == expected.model_dump(exclude={"model"})
    masks_here, masks_there = masks(here.output), masks(there.output)
    assert set(masks_here) == {"ed", "es"} == set(masks_there)
    for phase, mask in masks_here.items():
        assert mask.any()
        assert np.array_equal(mask, masks_there[phase])
