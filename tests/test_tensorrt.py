"""The networks through TensorRT, where there is a card for it: same masks, engines kept.

Continuous integration has none: there, and on most machines, the tests that need it are skipped.
"""

import shutil

import numpy as np
import onnxruntime
import pytest

from cmr.errors import CmrError
from cmr.inference import Precision, Provider, Segmenter
from cmr.model_store import open_model
from deploy.engines import build, main
from phantom.settings import PhantomSettings
from phantom.study import write_study
from tests.application_run import run_app
from tests.conftest import ROOT
from tests.model_support import INFERENCE

MODELS = ROOT / "models"
NAMES = sorted(path.name for path in MODELS.iterdir())
LISTED = Provider.TENSORRT.onnxruntime_name in onnxruntime.get_available_providers()


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    """A work folder with engines, or a skip where TensorRT cannot run."""
    folder = tmp_path_factory.mktemp("work")
    if not LISTED:
        pytest.skip("this ONNX Runtime has no TensorRT")
    if shutil.which("nvidia-smi") is None:
        pytest.skip("this machine has no NVIDIA card")
    try:
        build(MODELS, INFERENCE, folder)
    except CmrError as error:
        pytest.skip(f"TensorRT cannot run here: {error}")
    return folder


def opened(name, provider, precision, work):
    change = {"providers": (provider,), "precision": precision}
    return Segmenter(open_model(MODELS, name), INFERENCE.model_copy(update=change), work)


def hearts(network, folder, count=19):
    """Images with a bright cavity in a gray wall, off the middle, under noise."""
    rows, cols = folder.matrix
    random = np.random.default_rng(4)
    row, col = np.mgrid[:rows, :cols]
    images = random.normal(0.3, 0.05, (count, network.input_channels, rows, cols))
    for image in images:
        centre = np.array([rows, cols]) / 2 + random.uniform(-10, 10, 2)
        distance = np.hypot(row - centre[0], col - centre[1])
        image[:, distance < 28] = 0.15
        image[:, distance < 19] = 0.9
    return images.clip(0, 1).astype(np.float32)


def equal_share(first, second):
    return np.mean(first.argmax(1) == second.argmax(1))


@pytest.mark.requirement("NBR-07")
@pytest.mark.parametrize("precision", list(Precision))
@pytest.mark.parametrize("name", NAMES)
def test_masks_of_tensorrt_are_those_of_the_cpu(name, precision, work):
    found = opened(name, Provider.TENSORRT, precision, work)
    assert (found.provider, found.precision) == ("TensorRT", precision)
    expected = opened(name, Provider.CPU, Precision.FP32, work)
    images = hearts(expected, open_model(MODELS, name))
    assert equal_share(found.run(images), expected.run(images)) >= 0.999


@pytest.mark.requirement("NBR-07")
def test_engines_are_built_once(work):
    before = {path: path.stat().st_mtime_ns for path in work.rglob("*.engine")}
    assert len({path.parent for path in before}) == len(NAMES)
    assert set(build(MODELS, INFERENCE, work)) == set(before)
    assert {path: path.stat().st_mtime_ns for path in work.rglob("*.engine")} == before


@pytest.mark.requirement("NBR-07")
def test_a_study_is_measured_through_tensorrt_with_the_engines_of_the_work_folder(work, tmp_path):
    write_study(tmp_path / "study", PhantomSettings(seed=3, phases=12, slices=7, decoys=False))
    before = set(work.rglob("*.engine"))
    run = run_app(tmp_path / "study", tmp_path / "out", "-w", str(work))
    assert run.code == 0, run.stderr
    assert run.results.cine.model.provider == "TensorRT"
    assert set(work.rglob("*.engine")) == before


def test_the_comparison_sees_another_network(tmp_path):
    """It runs everywhere: the images have hearts, and another network's masks are not equal."""
    cine, tissue = (
        opened(name, Provider.CPU, Precision.FP32, tmp_path) for name in ("cine_sax", "tissue_sax")
    )
    images = hearts(cine, open_model(MODELS, "cine_sax"), count=2)
    scores = cine.run(images)
    assert np.bincount(scores.argmax(1).ravel(), minlength=4)[2:].min() > 100
    assert equal_share(scores, tissue.run(images)) < 0.999


@pytest.mark.skipif(LISTED, reason="this ONNX Runtime has TensorRT")
def test_no_engines_without_tensorrt(tmp_path, capsys):
    assert main(["--workdir", str(tmp_path / "work")]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith(
        "error: UsageError: app.yaml inference.providers: TensorRT wanted"
    )
    assert not (tmp_path / "work").exists()
