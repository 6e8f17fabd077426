"""The folder of a model, checked before anything runs: ``models/NAME`` in Triton's layout.

::

    models/NAME/config.pbtxt       for Triton and the SDK's Triton route
    models/NAME/metadata.json      what the network is, sees and gives; SHA-256 of the file below
    models/NAME/1/model.onnx
    models/NAME/README.md          the model card
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, PositiveInt, ValidationError

from cmr.errors import ModelError
from cmr.preprocess import Seen
from cmr.settings import Section

CONFIG, METADATA, ONNX = Path("config.pbtxt"), Path("metadata.json"), Path("1/model.onnx")
_NEXT = "Restore the folder from the release, or export it again with `python -m training export`."

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Tensor(Section):
    """One input or output of the network; the batch is the first, free axis."""

    name: str
    channels: PositiveInt


class Metadata(Section):
    """``metadata.json``. ``figures`` and ``training`` are for readers, not for the program."""

    name: str
    version: Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+$")]
    description: str
    input: Tensor
    output: Tensor
    labels: dict[int, str]
    preprocessing: Seen
    trained_on: str
    licence: str
    intended_use: str
    training: dict[str, Any]
    figures: dict[str, Any]
    sha256: Sha256


@dataclass(frozen=True)
class ModelFolder:
    """A model whose files are all there and are what its metadata says.

    Parameters
    ----------
    onnx
        Path of ``model.onnx``.
    metadata
        The checked content of ``metadata.json``.
    """

    onnx: Path
    metadata: Metadata

    @property
    def name(self) -> str:
        """Name of the model and of its folder."""
        return self.metadata.name

    @property
    def version(self) -> str:
        """Semantic version."""
        return self.metadata.version

    @property
    def sha256(self) -> str:
        """SHA-256 of ``model.onnx``, computed from the file."""
        return self.metadata.sha256

    @property
    def matrix(self) -> tuple[int, int]:
        """Rows and columns of the network's images."""
        return self.metadata.preprocessing.matrix

    @property
    def spacing_mm(self) -> float:
        """Pixel size of the network's images."""
        return self.metadata.preprocessing.spacing_mm

    def check_preprocessing(self, settings: Seen) -> None:
        """Refuse settings that differ from those that the network was trained with.

        Raises
        ------
        ModelError
            Another matrix, spacing or normalisation.
        """
        given = settings.seen
        if given != self.metadata.preprocessing:
            raise ModelError(
                f"Model {self.name}: app.yaml says preprocessing {given}, the model was trained "
                f"with {self.metadata.preprocessing}. Make app.yaml agree with metadata.json."
            )


def open_model(root: Path, name: str) -> ModelFolder:
    """Check the folder ``root/name`` and describe it.

    Parameters
    ----------
    root
        The model repository.
    name
        Name of the model.

    Raises
    ------
    ModelError
        The folder or a file is missing, the metadata cannot be read or names another model, or
        the SHA-256 of the network differs from the one in the metadata.
    """
    folder = _folder(root, name)
    for part in (CONFIG, METADATA, ONNX):
        if not (folder / part).is_file():
            raise ModelError(f"Model {name}: {folder / part} is missing. {_NEXT}")
    metadata = _metadata(folder / METADATA)
    if metadata.name != name:
        raise ModelError(
            f"Model {name}: {folder / METADATA} describes a model called {metadata.name}, "
            f"expected {name}. {_NEXT}"
        )
    _check_sha256(folder / ONNX, metadata.sha256)
    return ModelFolder(folder / ONNX, metadata)


def open_for(root: Path, name: str, settings: Seen) -> ModelFolder:
    """Open ``root/name`` as :func:`open_model` does, for images that these settings make.

    Raises
    ------
    ModelError
        As :func:`open_model` and :meth:`ModelFolder.check_preprocessing`.
    """
    folder = open_model(root, name)
    folder.check_preprocessing(settings)
    return folder


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _folder(root: Path, name: str) -> Path:
    if not root.is_dir():
        raise ModelError(
            f"Models: no folder {root}. Name the model repository with --model, such as models."
        )
    folder = root / name
    if not folder.is_dir():
        found = sorted(path.name for path in root.iterdir() if path.is_dir())
        raise ModelError(
            f"Model {name}: no such folder in {root}; found {found or 'no model at all'}. {_NEXT}"
        )
    return folder


def _metadata(path: Path) -> Metadata:
    try:
        return Metadata.model_validate(json.loads(path.read_bytes()))
    except (ValueError, OSError) as error:
        raise ModelError(f"Model: {path} cannot be used: {_first_line(error)}. {_NEXT}") from error


def _first_line(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc'])) or 'content'}: {first['msg']}"
    return str(error).splitlines()[0]


def _check_sha256(path: Path, expected: str) -> None:
    try:
        found = sha256_of(path)
    except OSError as error:
        raise ModelError(f"Model: {path} cannot be read: {error.strerror}. {_NEXT}") from error
    if found != expected:
        raise ModelError(
            f"Model: {path} has SHA-256 {found}, expected {expected} (metadata.json). {_NEXT}"
        )
