"""The SDK's Triton route takes the model repository as it is."""

import json

import pytest
from monai.deploy.core.models import ModelFactory, NamedModel, TritonModel

from cmr.model_store import open_model
from tests.conftest import ROOT

pytestmark = pytest.mark.requirement("CINE-18")

MODELS = ROOT / "models"
NAMES = sorted(path.name for path in MODELS.iterdir())


@pytest.mark.parametrize("name", NAMES)
def test_sdk_sees_a_triton_model_with_the_names_and_shapes_of_the_metadata(name):
    model = ModelFactory.create(MODELS / name)
    assert isinstance(model, TritonModel)
    config, metadata = model.model_config, open_model(MODELS, name).metadata
    assert config.name == name
    assert config.platform == "onnxruntime_onnx"
    assert config.max_batch_size > 1
    for tensor, described in ((config.input, metadata.input), (config.output, metadata.output)):
        assert [t.name for t in tensor] == [described.name]
        assert list(tensor[0].dims) == [described.channels, *metadata.preprocessing.matrix]


def test_sdk_finds_every_model_of_the_repository():
    """It wants nothing but model folders there."""
    repository = ModelFactory.create(MODELS)
    assert isinstance(repository, NamedModel)
    assert sorted(name for name, _ in repository.items()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_card_and_metadata_agree(name):
    card = (MODELS / name / "README.md").read_text("utf-8")
    metadata = json.loads((MODELS / name / "metadata.json").read_text("utf-8"))
    for text in (metadata["sha256"], metadata["version"], metadata["licence"]):
        assert text in card
    assert "Research only" in card
    assert "Not measured yet" not in card
