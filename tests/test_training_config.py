import pytest
import yaml
from pydantic import ValidationError

from cmr.preprocess import PreprocessSettings
from tests.conftest import ROOT
from tests.training_support import CONFIG
from training.config import TrainingConfig, read_config, read_section

pytestmark = pytest.mark.requirement("NET-01")


def test_shipped_configuration_is_complete():
    config = read_config(CONFIG)
    assert config.model.name == CONFIG.stem == "cine_sax"
    assert config.geometry.rotation_deg == 180


def test_the_shipped_network_differs_from_the_cross_validated_ones_in_the_named_keys_alone():
    base = read_config(CONFIG).model_dump()
    shipped = read_config(CONFIG.with_name("cine_sax_all.yaml")).model_dump()
    assert shipped["run"]["fold"] is None
    assert shipped["run"]["start"] == "cine_sax-fold-0"
    changed = {key for key, value in shipped["run"].items() if value != base["run"][key]}
    assert changed == {"seed", "fold", "start", "stages"}
    assert {key for key in base if shipped[key] != base[key]} == {"model", "run"}
    assert shipped["model"]["name"] == base["model"]["name"]


@pytest.mark.parametrize("section", ["run", "loss", "geometry", "schedule"])
def test_a_missing_and_an_unknown_key_are_refused(section):
    content = yaml.safe_load(CONFIG.read_text("utf-8"))
    first = next(iter(content[section]))
    with pytest.raises(ValidationError, match=rf"{section}\.{first}\n.*Field required"):
        TrainingConfig.model_validate(
            content | {section: {k: v for k, v in content[section].items() if k != first}}
        )
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        TrainingConfig.model_validate(content | {section: content[section] | {"magic": 1}})


def test_training_reads_the_settings_of_the_application():
    settings = read_section(ROOT / "app.yaml", "preprocessing", PreprocessSettings)
    written = yaml.safe_load((ROOT / "app.yaml").read_text("utf-8"))["preprocessing"]
    assert list(settings.matrix) == written["matrix"]
    assert settings.spacing_mm == written["spacing_mm"]
