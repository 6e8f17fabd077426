"""A network on a Triton server, asked over HTTP as the SDK does it.

The SDK's own client (``TritonRemoteModel``) sends every pixel as text, writes to the log at each
call and does not look at what the server serves; so the same protocol is spoken here with
``tritonclient``, in binary.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import gevent
import numpy as np
import numpy.typing as npt
from tritonclient.http import InferenceServerClient, InferInput, InferRequestedOutput

from cmr.batches import BatchNetwork
from cmr.errors import ModelError
from cmr.inference import InferenceSettings
from cmr.model_store import ONNX, ModelFolder

_VERSION = ONNX.parent.name  # Triton's number of the folder, not the version of the network
_LONGEST_REASON = 200

T = TypeVar("T")


class TritonServer:
    """Where the server listens, and how long one answer may take.

    The client lives and ends in a thread of its own: dropped in another, such as one that Holoscan
    runs operators in, it ends the process with a segmentation fault.

    Parameters
    ----------
    netloc
        ``HOST:PORT`` of its HTTP service.
    timeout_s
        For connection, question and answer together.
    """

    def __init__(self, netloc: str, timeout_s: float) -> None:
        self._netloc = netloc
        self._timeout_s = timeout_s
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="triton")

    def ask(self, call: Callable[[InferenceServerClient], T]) -> T:
        """Make one call, on a connection of its own.

        Raises
        ------
        ModelError
            No connection, no answer in time, or the server refuses.
        """
        try:
            return self._thread.submit(self._ask, call).result()
        except (gevent.Timeout, TimeoutError) as error:
            raise self._failure(f"no answer within {self._timeout_s:g} s") from error
        except Exception as error:  # sockets', HTTP's and Triton's errors share no base class
            first = (str(error).splitlines() or [""])[0] or type(error).__name__
            raise self._failure(first[:_LONGEST_REASON]) from error

    def _ask(self, call: Callable[[InferenceServerClient], T]) -> T:
        # The client's own limits hold for each packet; gevent's holds for all of them.
        waits = {"connection_timeout": self._timeout_s, "network_timeout": self._timeout_s}
        with gevent.Timeout(self._timeout_s), InferenceServerClient(self._netloc, **waits) as one:
            return call(one)

    def _failure(self, reason: str) -> ModelError:
        return ModelError(
            f"Triton server {self._netloc}: {reason}. See that it runs and serves the models, or "
            "run without --triton-server-netloc."
        )


class TritonNetwork(BatchNetwork):
    """A network that a Triton server runs, in the place of :class:`cmr.inference.Segmenter`.

    Parameters
    ----------
    folder
        The model as it is on this machine: what the server has to serve.
    settings
        Batch size and longest wait; providers, precision and threads are the server's.
    netloc
        ``HOST:PORT`` of the server's HTTP service.

    Raises
    ------
    ModelError
        The server cannot be reached, or does not serve a model of this name, version and shape.

    Attributes
    ----------
    provider
        ``Triton`` and the server's version.
    precision
        ``as served``: the server does not tell.
    """

    def __init__(self, folder: ModelFolder, settings: InferenceSettings, netloc: str) -> None:
        self._server = TritonServer(netloc, settings.triton_timeout_s)
        served = self._server.ask(lambda client: _served(client, folder.name))
        _check_tensors(folder, served, netloc)
        largest = served.max_batch_size or settings.batch_size
        super().__init__(folder, min(settings.batch_size, largest))
        self.provider = f"Triton {served.server_version}"
        self.precision = "as served"

    def _scores(self, images: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        names = self._folder.metadata
        given = InferInput(names.input.name, list(images.shape), "FP32")
        given.set_data_from_numpy(images)
        wanted = [InferRequestedOutput(names.output.name)]
        answer = self._server.ask(
            lambda client: client.infer(names.name, [given], _VERSION, wanted)
        )
        return np.asarray(answer.as_numpy(names.output.name))


@dataclass(frozen=True)
class _Served:
    """What the server says of itself and of a model; shapes begin with the batch axis."""

    server_version: str
    tensors: dict[str, dict[str, tuple[str, list[int]]]]
    max_batch_size: int


def _served(client: InferenceServerClient, name: str) -> _Served:
    model = client.get_model_metadata(name, _VERSION)
    return _Served(
        server_version=str(client.get_server_metadata()["version"]),
        tensors={
            kind: {t["name"]: (t["datatype"], t["shape"]) for t in model[kind]}
            for kind in ("inputs", "outputs")
        },
        max_batch_size=int(client.get_model_config(name, _VERSION)["max_batch_size"]),
    )


def _check_tensors(folder: ModelFolder, served: _Served, netloc: str) -> None:
    """Check that names, types and sizes are those of the metadata, behind a free batch axis."""
    described = folder.metadata
    for kind, tensor in (("inputs", described.input), ("outputs", described.output)):
        found = served.tensors[kind]
        expected = {tensor.name: ("FP32", [-1, tensor.channels, *folder.matrix])}
        if found != expected:
            raise ModelError(
                f"Model {folder.name}: Triton server {netloc} serves {kind} {found}, expected "
                f"{expected}. Give the server the same model repository."
            )
