import hashlib
import json
import re

import pytest

from cmr.errors import ModelError
from cmr.model_store import open_model
from tests.conftest import ROOT
from tests.model_support import SETTINGS
from tests.tiny_model import metadata, tiny_onnx, write_tiny

pytestmark = pytest.mark.requirement("CINE-19")


def test_a_good_folder_is_described(tmp_path):
    write_tiny(tmp_path)
    folder = open_model(tmp_path, "tiny")
    assert (folder.name, folder.version) == ("tiny", "0.1.0")
    assert folder.onnx == tmp_path / "tiny" / "1" / "model.onnx"
    assert folder.sha256 == hashlib.sha256(tiny_onnx()).hexdigest()
    assert (folder.matrix, folder.spacing_mm) == ((8, 10), 1.25)


def test_no_repository(tmp_path):
    with pytest.raises(ModelError, match=r"no folder .*nowhere.*--model"):
        open_model(tmp_path / "nowhere", "tiny")


def test_no_such_model_names_those_that_are_there(tmp_path):
    write_tiny(tmp_path)
    with pytest.raises(ModelError, match=r"Model other: no such folder in .*found \['tiny'\]"):
        open_model(tmp_path, "other")


def test_empty_repository(tmp_path):
    with pytest.raises(ModelError, match="found no model at all"):
        open_model(tmp_path, "tiny")


@pytest.mark.parametrize("part", ["config.pbtxt", "metadata.json", "1/model.onnx"])
def test_missing_file_is_named(tmp_path, part):
    (write_tiny(tmp_path) / part).unlink()
    with pytest.raises(ModelError, match=rf"{re.escape(part)} is missing\. .*export"):
        open_model(tmp_path, "tiny")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "Expecting property name"),
        ("", "Expecting value"),
        ("[]", "content: Input should be"),
        ("\udc80", "codec can't decode"),
        (json.dumps(metadata(b"", sha256="12")), "sha256: String should match"),
        (json.dumps(metadata(b"", version="new")), "version: String should match"),
        (json.dumps(metadata(b"", colour="red")), "colour: Extra inputs"),
        (json.dumps(metadata(b"") | {"preprocessing": {"matrix": [8]}}), "preprocessing.matrix"),
    ],
)
def test_unusable_metadata(tmp_path, text, reason):
    path = write_tiny(tmp_path) / "metadata.json"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ModelError, match=rf"metadata\.json cannot be used: .*{reason}"):
        open_model(tmp_path, "tiny")


def test_metadata_of_another_model(tmp_path):
    write_tiny(tmp_path, name="giant")
    with pytest.raises(ModelError, match="describes a model called giant, expected tiny"):
        open_model(tmp_path, "tiny")


def test_one_changed_byte_is_noticed(tmp_path):
    path = write_tiny(tmp_path) / "1" / "model.onnx"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"model\.onnx has SHA-256 [0-9a-f]{64}, expected"):
        open_model(tmp_path, "tiny")


def test_other_preprocessing_than_in_training_is_refused(tmp_path):
    write_tiny(tmp_path)
    folder = open_model(tmp_path, "tiny")
    with pytest.raises(ModelError, match=r"app.yaml says preprocessing .*192.* trained with .*8"):
        folder.check_preprocessing(SETTINGS)


def test_the_shipped_model_goes_with_app_yaml():
    open_model(ROOT / "models", "cine_sax").check_preprocessing(SETTINGS)
