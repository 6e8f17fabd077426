"""How a run was made: versions, model and digests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from platform import python_version

import yaml

from cmr.errors import UsageError
from cmr.model_store import ModelFolder, sha256_of
from validation.cohort.records import RunRecord

_LIBRARIES = (
    "numpy",
    "scipy",
    "onnxruntime",
    "monai",
    "torch",
    "nibabel",
    "pydicom",
    "highdicom",
    "dask",
    "distributed",
)


def record_run(
    task: str, command: str, config: Path, manifest: Path, models: Sequence[ModelFolder]
) -> RunRecord:
    """Describe the run that starts now; ``models`` are all that its cases need.

    Raises
    ------
    UsageError
        The settings do not name the application's version.
    """
    try:
        application = str(yaml.safe_load(config.read_text("utf-8"))["application"]["version"])
    except (KeyError, TypeError) as error:
        raise UsageError(f"Settings {config.name}: application.version is missing.") from error
    return RunRecord(
        task=task,
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        command=command,
        application_version=application,
        versions={"python": python_version()} | {name: version(name) for name in _LIBRARIES},
        model=_describe(models) if models else None,
        settings_sha256=sha256_of(config),
        manifest_sha256=sha256_of(manifest),
    )


def _describe(models: Sequence[ModelFolder]) -> dict[str, str]:
    """Name, version and digest; of several models each, in one order."""
    each = {model.sha256: model for model in models}.values()
    return {
        "name": ", ".join(model.name for model in each),
        "version": ", ".join(model.version for model in each),
        "sha256": ", ".join(model.sha256 for model in each),
    }
