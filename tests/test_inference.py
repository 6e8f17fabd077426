import numpy as np
import onnxruntime
import pytest

from cmr.errors import ModelError, UsageError
from cmr.inference import Precision, Provider, Segmenter, available_providers, provider_options
from cmr.model_store import open_model
from tests.conftest import ROOT
from tests.model_support import INFERENCE
from tests.tiny_model import GAINS, OFFSETS, tiny_onnx, write_tiny

pytestmark = pytest.mark.requirement("CINE-17")

ALL = (Provider.TENSORRT, Provider.CUDA, Provider.CPU)
ON_CPU = INFERENCE.model_copy(update={"providers": (Provider.CPU,), "batch_size": 4})


def segmenter(tmp_path, content=None, settings=ON_CPU, **changes):
    write_tiny(tmp_path, content, **changes)
    return Segmenter(open_model(tmp_path, "tiny"), settings, tmp_path / "work")


@pytest.mark.parametrize("count", [0, 1, 3, 4, 5, 8, 11])
def test_any_number_of_images_gives_the_known_scores(tmp_path, count):
    images = np.random.default_rng(0).random((count, 1, 8, 10), np.float32)
    expected = np.concatenate([g * images + o for g, o in zip(GAINS, OFFSETS, strict=True)], 1)
    scores = segmenter(tmp_path).run(images)
    assert scores.shape == (count, 4, 8, 10)
    assert np.allclose(scores, expected, atol=1e-5)


def test_a_view_that_is_not_contiguous(tmp_path):
    images = np.random.default_rng(0).random((10, 8, 1, 6), np.float32).transpose(3, 2, 1, 0)
    scores = segmenter(tmp_path).run(images)
    assert np.allclose(scores[:, 1:2], images - 0.5, atol=1e-5)


def test_neighbours_are_channels_of_the_input(tmp_path):
    images = np.random.default_rng(0).random((4, 3, 8, 10), np.float32)
    wanted = {"name": "image", "channels": 3}
    found = segmenter(tmp_path, tiny_onnx(channels=3), input=wanted)
    assert found.input_channels == 3
    assert np.allclose(found.run(images)[:, 1], images.sum(1) - 0.5, atol=1e-5)


def test_provider_and_precision_that_really_run_are_told(tmp_path):
    wanted = ON_CPU.model_copy(update={"providers": ALL, "precision": Precision.FP16})
    found = segmenter(tmp_path, settings=wanted)
    if found.provider == "CPU":
        assert found.precision == "fp32"
    else:  # a machine with a GPU
        assert (found.provider, found.precision) in {("TensorRT", "fp16"), ("CUDA", "fp32")}


@pytest.fixture
def broken_gpu(monkeypatch):
    """A machine whose TensorRT and CUDA are listed but cannot open a network."""
    opened = onnxruntime.InferenceSession

    def session(path, options, providers, **settings):
        if providers[0][0] != "CPUExecutionProvider":
            raise RuntimeError(f"no driver for {providers[0][0]}")
        return opened(path, options, providers, **settings)

    monkeypatch.setattr(onnxruntime, "InferenceSession", session)
    names = [provider.onnxruntime_name for provider in ALL]
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: names)


def test_a_provider_that_cannot_open_the_network_is_passed_over(tmp_path, broken_gpu, capfd):
    found = segmenter(tmp_path, settings=ON_CPU.model_copy(update={"providers": ALL}))
    assert (found.provider, found.precision) == ("CPU", "fp32")
    assert (tmp_path / "work" / "tensorrt").is_dir()
    assert capfd.readouterr() == ("", "")


def test_no_provider_can_open_the_network(tmp_path, broken_gpu):
    with pytest.raises(ModelError, match="no driver for CUDAExecutionProvider"):
        segmenter(tmp_path, settings=ON_CPU.model_copy(update={"providers": ALL[:2]}))


def test_failure_in_the_middle_of_a_study_is_told(tmp_path, monkeypatch):
    found = segmenter(tmp_path)

    class Session:
        def run(self, *_):
            raise RuntimeError("out of memory\nat line 3")

    monkeypatch.setattr(found, "_session", Session())
    with pytest.raises(ModelError, match=r"failed on CPU with fp32: out of memory\. Take CPU off"):
        found.run(np.zeros((1, 1, 8, 10), np.float32))


def test_providers_keep_the_wanted_order():
    available = ["CPUExecutionProvider", "TensorrtExecutionProvider", "CUDAExecutionProvider"]
    assert available_providers(ALL, available) == ALL
    assert available_providers(ALL[::-1], available) == ALL[::-1]
    assert available_providers(ALL, available[:1]) == (Provider.CPU,)


def test_none_of_the_wanted_providers():
    with pytest.raises(UsageError, match=r"TensorRT wanted.*has CPUExecutionProvider\. Add CPU"):
        available_providers((Provider.TENSORRT,), ["CPUExecutionProvider"])


def test_options_of_tensorrt(tmp_path):
    write_tiny(tmp_path)
    folder = open_model(tmp_path, "tiny")
    settings = ON_CPU.model_copy(update={"precision": Precision.FP16})
    options = provider_options(Provider.TENSORRT, folder, settings, tmp_path / "work")
    assert options["trt_fp16_enable"] == "True"
    assert options["trt_profile_min_shapes"] == "image:1x1x8x10"
    assert options["trt_profile_max_shapes"] == "image:4x1x8x10"
    cache = tmp_path / "work" / "tensorrt" / folder.sha256[:16]
    assert options["trt_engine_cache_path"] == str(cache)
    assert provider_options(Provider.CUDA, folder, settings, tmp_path) == {}


def test_engines_of_two_networks_are_kept_apart(tmp_path):
    paths = []
    for name, gains in (("a", GAINS), ("b", GAINS[::-1])):
        write_tiny(tmp_path / name, tiny_onnx(gains=gains))
        folder = open_model(tmp_path / name, "tiny")
        options = provider_options(Provider.TENSORRT, folder, ON_CPU, tmp_path)
        paths.append(options["trt_engine_cache_path"])
    assert paths[0] != paths[1]


@pytest.mark.parametrize("content", [b"", b"not a network", tiny_onnx()[:60]])
def test_corrupt_network(tmp_path, content):
    with pytest.raises(ModelError, match=r"model\.onnx cannot be loaded by ONNX Runtime"):
        segmenter(tmp_path, content)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (tiny_onnx(matrix=(8, 12)), "input"),
        (tiny_onnx(channels=3), "input"),
        (tiny_onnx(batch=1), "input"),
        (tiny_onnx(batch=1, gains=(0.0, 1.0)), "input"),
    ],
)
def test_network_of_another_shape(tmp_path, content, kind):
    with pytest.raises(ModelError, match=f"has {kind} .*expected .*free batch axis"):
        segmenter(tmp_path, content)


def test_network_with_other_names_or_classes(tmp_path):
    with pytest.raises(ModelError, match=r"has input .*'image'.* expected .*'pixels'"):
        segmenter(tmp_path / "a", input={"name": "pixels", "channels": 1})
    with pytest.raises(ModelError, match=r"has output .*expected .*\[2, 8, 10\]"):
        segmenter(tmp_path / "b", output={"name": "logits", "channels": 2})


@pytest.mark.parametrize("shape", [(2, 1, 8, 11), (2, 8, 10), (1, 3, 8, 10)])
def test_images_of_another_shape(tmp_path, shape):
    with pytest.raises(ModelError, match=r"images .*expected \(n, 1, 8, 10\)"):
        segmenter(tmp_path).run(np.zeros(shape, np.float32))


def test_scores_that_are_not_finite_are_refused(tmp_path):
    images = np.full((1, 1, 8, 10), 3e38, np.float32)
    with pytest.raises(ModelError, match="on CPU with fp32: scores that are not finite"):
        segmenter(tmp_path).run(images)


def test_nothing_on_the_console(tmp_path, capfd):
    with pytest.raises(ModelError, match="cannot be loaded"):
        segmenter(tmp_path / "bad", b"not a network")
    segmenter(tmp_path / "good").run(np.zeros((1, 1, 8, 10), np.float32))
    assert capfd.readouterr() == ("", "")


def test_batch_size_changes_no_label_of_the_shipped_model(tmp_path):
    folder = open_model(ROOT / "models", "cine_sax")
    channels = folder.metadata.input.channels
    images = np.random.default_rng(0).random((5, channels, *folder.matrix), np.float32)
    whole, single = (
        Segmenter(folder, INFERENCE.model_copy(update={"batch_size": n}), tmp_path).run(images)
        for n in (5, 1)
    )
    assert np.allclose(whole, single, atol=1e-3)


def test_two_runs_give_the_same_bits(tmp_path):
    folder = open_model(ROOT / "models", "cine_sax")
    channels = folder.metadata.input.channels
    images = np.random.default_rng(0).random((3, channels, *folder.matrix), np.float32)
    first, second = (Segmenter(folder, INFERENCE, tmp_path).run(images) for _ in range(2))
    assert np.array_equal(first, second)
