"""Run a checked model with ONNX Runtime on the best execution provider of the machine."""

import os
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import onnxruntime
from pydantic import Field, PositiveFloat, PositiveInt

from cmr.batches import BatchNetwork
from cmr.errors import ModelError, UsageError
from cmr.model_store import ModelFolder
from cmr.settings import Section

_FATAL = 4  # ONNX Runtime's log level: failures arrive as exceptions, not on the console.


class Provider(StrEnum):
    """Execution providers, by the names used in app.yaml and in the result."""

    TENSORRT = "TensorRT"
    CUDA = "CUDA"
    CPU = "CPU"

    @property
    def onnxruntime_name(self) -> str:
        """Name in ONNX Runtime."""
        return f"{'Tensorrt' if self is Provider.TENSORRT else self.value}ExecutionProvider"


class Precision(StrEnum):
    """Arithmetic of the network; fp16 is TensorRT's alone."""

    FP32 = "fp32"
    FP16 = "fp16"


class InferenceSettings(Section):
    """Which model, where and how it runs."""

    model: str = Field(description="Folder in the model repository; for cine.")
    tissue_model: str = Field(description="Likewise, for maps and their source images.")
    scar_model: str = Field(description="Likewise, for late enhancement.")
    providers: tuple[Provider, ...] = Field(min_length=1, description="In order of preference.")
    precision: Precision
    batch_size: PositiveInt
    threads: int = Field(ge=0, description="On the CPU; 0 takes all cores of the process.")
    variants: Literal[1, 2, 4] = Field(description="Mirrored test-time variants of each image.")
    triton_timeout_s: PositiveFloat = Field(
        description="Longest wait for a Triton server's answer."
    )


class Segmenter(BatchNetwork):
    """A network on this machine, ready to run.

    Parameters
    ----------
    folder
        From :func:`cmr.model_store.open_model`.
    settings
        Providers in order of preference, precision, batch size, threads.
    work_dir
        Where TensorRT keeps the engines it builds.

    Raises
    ------
    ModelError
        ``model.onnx`` is no network that ONNX Runtime can run, or not the one described.
    UsageError
        The machine has none of the wanted providers, or cannot use them.

    Attributes
    ----------
    provider
        What the network really runs on: ``TensorRT``, ``CUDA`` or ``CPU``.
    precision
        ``fp32``, or ``fp16`` where TensorRT runs with it.
    """

    def __init__(self, folder: ModelFolder, settings: InferenceSettings, work_dir: Path) -> None:
        super().__init__(folder, settings.batch_size)
        onnxruntime.set_default_logger_severity(_FATAL)
        wanted = available_providers(settings.providers, onnxruntime.get_available_providers())
        self._session = _session(folder, settings, wanted, work_dir)
        _check_shapes(self._session, folder)
        used = _used(self._session, wanted)
        self.provider = str(used)
        runs_fp16 = used == Provider.TENSORRT and settings.precision == Precision.FP16
        self.precision = str(Precision.FP16 if runs_fp16 else Precision.FP32)

    def _scores(self, images: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        names = self._folder.metadata
        try:
            found = self._session.run([names.output.name], {names.input.name: images})
        except Exception as error:  # ONNX Runtime's errors share no base class
            raise ModelError(
                f"Model {names.name}: failed on {self.provider} with {self.precision}: "
                f"{str(error).splitlines()[0]}. Take {self.provider} off inference.providers in "
                "app.yaml, or lower the batch size."
            ) from error
        return np.asarray(found[0])


def available_providers(wanted: tuple[Provider, ...], available: list[str]) -> tuple[Provider, ...]:
    """Keep the wanted providers that this build of ONNX Runtime has, in the wanted order.

    Raises
    ------
    UsageError
        None of them.
    """
    found = tuple(p for p in wanted if p.onnxruntime_name in available)
    if not found:
        raise UsageError(
            f"app.yaml inference.providers: {', '.join(wanted)} wanted, but this machine's ONNX "
            f"Runtime has {', '.join(available)}. Add CPU to the list."
        )
    return found


def engine_folder(folder: ModelFolder, work_dir: Path) -> Path:
    """Where TensorRT keeps the engines of a model: a folder for each model file."""
    return work_dir / "tensorrt" / folder.sha256[:16]


def provider_options(
    provider: Provider, folder: ModelFolder, settings: InferenceSettings, work_dir: Path
) -> dict[str, str]:
    """Options of one provider for ONNX Runtime.

    TensorRT keeps one engine for batches from 1 to the batch size, in a folder of its own for
    each model file, so that an engine is never used with another network.
    """
    if provider != Provider.TENSORRT:
        return {}
    cache = engine_folder(folder, work_dir)
    rows, cols = folder.matrix
    entry = f"{folder.metadata.input.name}:{{}}x{folder.metadata.input.channels}x{rows}x{cols}"
    return {
        "trt_fp16_enable": str(settings.precision == Precision.FP16),
        "trt_engine_cache_enable": "True",
        "trt_engine_cache_path": str(cache),
        "trt_timing_cache_enable": "True",
        "trt_timing_cache_path": str(cache),
        "trt_profile_min_shapes": entry.format(1),
        "trt_profile_opt_shapes": entry.format(settings.batch_size),
        "trt_profile_max_shapes": entry.format(settings.batch_size),
    }


def _session(
    folder: ModelFolder, settings: InferenceSettings, wanted: tuple[Provider, ...], work_dir: Path
) -> Any:
    """Open the network on the first provider that takes it.

    ONNX Runtime's own fallback is off: it ignores the wanted order, prints, and may change the
    provider in the middle of a study.
    """
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _FATAL
    # An explicit number also keeps ONNX Runtime from pinning threads to cores it may not have.
    options.intra_op_num_threads = settings.threads or len(os.sched_getaffinity(0))
    providers = [_with_options(p, folder, settings, work_dir) for p in wanted]
    for start in range(len(providers)):
        try:
            return onnxruntime.InferenceSession(
                str(folder.onnx), options, providers=providers[start:], enable_fallback=0
            )
        except Exception as error:  # ONNX Runtime's errors share no base class
            reason = error
    raise ModelError(
        f"Model {folder.name}: {folder.onnx} cannot be loaded by ONNX Runtime "
        f"{onnxruntime.__version__}: {str(reason).splitlines()[0]}. Restore the file, or look at "
        "inference.providers in app.yaml."
    ) from reason


def _used(session: Any, wanted: tuple[Provider, ...]) -> Provider:
    """The provider that the network runs on.

    ONNX Runtime takes the CPU, unasked, where CUDA is built in but cannot be used.
    """
    name = session.get_providers()[0]
    used = next(p for p in Provider if p.onnxruntime_name == name)
    if used not in wanted:
        raise UsageError(
            f"app.yaml inference.providers: {', '.join(wanted)} cannot be used on this machine, "
            f"only {used} can. Mend the driver, or add {used} to the list."
        )
    return used


def _with_options(
    provider: Provider, folder: ModelFolder, settings: InferenceSettings, work_dir: Path
) -> tuple[str, dict[str, str]]:
    options = provider_options(provider, folder, settings, work_dir)
    if cache := options.get("trt_engine_cache_path"):
        Path(cache).mkdir(parents=True, exist_ok=True)
    return provider.onnxruntime_name, options


def _check_shapes(session: Any, folder: ModelFolder) -> None:
    """Check that the batch axis is free and all other sizes are those of the metadata."""
    described = folder.metadata
    for kind, found, tensor in (
        ("input", session.get_inputs(), described.input),
        ("output", session.get_outputs(), described.output),
    ):
        expected = {tensor.name: [tensor.channels, *folder.matrix]}
        shapes = {node.name: list(node.shape[1:]) for node in found}
        if shapes != expected or isinstance(found[0].shape[0], int):
            raise ModelError(
                f"Model {folder.name}: {folder.onnx} has {kind} "
                f"{ {node.name: node.shape for node in found} }, expected {expected} behind a "
                "free batch axis. The network and its metadata.json do not belong together: "
                "restore both from the release."
            )
