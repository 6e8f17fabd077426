"""``python -m deploy.manifests``: ``app.json`` and ``pkg.json`` of the package, from ``app.yaml``.

Specification: MONAI Application Package 1.0.0. Where it contradicts itself, and where platforms
read another spelling, both forms are written (docs/image.md).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from app.cli import PROJECT_ROOT
from app.settings import ResourceSettings, Settings, load_settings

API_VERSION = "1.0.0"
# A shell command, as the specification has it; the stock packager writes a JSON array.
COMMAND = "python3 /opt/holoscan/app"
APPLICATION, MODELS = "/opt/holoscan/app/", "/opt/holoscan/models/"
WORKDIR, INPUT, OUTPUT = "/var/holoscan/", "/var/holoscan/input/", "/var/holoscan/output/"
DOCS, LOGS = "/opt/holoscan/docs/", "/var/holoscan/logs/"

ENVIRONMENT = {
    "HOLOSCAN_APPLICATION": APPLICATION,
    "HOLOSCAN_INPUT_PATH": INPUT,
    "HOLOSCAN_OUTPUT_PATH": OUTPUT,
    "HOLOSCAN_WORKDIR": WORKDIR,
    "HOLOSCAN_MODEL_PATH": MODELS,
    "HOLOSCAN_CONFIG_PATH": "/var/holoscan/app.yaml",
    "HOLOSCAN_APP_MANIFEST_PATH": "/etc/holoscan/app.json",
    "HOLOSCAN_PKG_MANIFEST_PATH": "/etc/holoscan/pkg.json",
    # The specification's names, then holoscan-cli's.
    "HOLOSCAN_DOCS": DOCS,
    "HOLOSCAN_LOGS": LOGS,
    "HOLOSCAN_DOCS_PATH": DOCS,
    "HOLOSCAN_LOGS_PATH": LOGS,
}


def app_manifest(settings: Settings) -> dict[str, Any]:
    """``/etc/holoscan/app.json``: how the application is started, what it reads and writes.

    Without ``readiness`` and ``liveness``: it is no service, and its exit code tells how it went.
    """
    about = settings.application
    outputs = _formats(about.output_formats)
    return {
        "apiVersion": API_VERSION,
        "type": "application",
        "command": COMMAND,
        "environment": ENVIRONMENT,
        "input": {"path": INPUT, "formats": _formats(about.input_formats)},
        "output": {
            "path": OUTPUT,
            "format": {"type": "file", "contents": about.output_formats},
            "formats": outputs,
        },
        "sdk": "monai-deploy",
        "sdkVersion": version("monai-deploy-app-sdk"),
        "timeout": 0,
        "version": about.version,
        "workingDirectory": WORKDIR,
    }


def pkg_manifest(settings: Settings, models: Path, gpus: int) -> dict[str, Any]:
    """``/etc/holoscan/pkg.json``: where things lie, and what a platform has to provide."""
    names = sorted(path.parent.name for path in models.glob("*/metadata.json"))
    return {
        "apiVersion": API_VERSION,
        "applicationRoot": APPLICATION,
        "modelRoot": MODELS,
        "models": [{"name": name, "path": f"{name}/"} for name in names],
        "resources": {**_resources(settings.resources), "gpu": gpus},
        "version": settings.application.version,
        # holoscan-cli's own key; it knows dgpu and igpu, and asks only whether it is igpu.
        "platformConfig": "dgpu" if gpus else "cpu",
    }


def write(folder: Path, manifests: Mapping[str, Mapping[str, Any]]) -> None:
    """Write each manifest to ``folder/NAME.json``."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in manifests.items():
        text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
        (folder / f"{name}.json").write_text(text, encoding="utf-8")


def _formats(names: list[str]) -> list[dict[str, str]]:
    """An object for each format: every one comes as files."""
    return [{"type": "file", "format": name} for name in names]


def _resources(settings: ResourceSettings) -> dict[str, Any]:
    """As in ``app.yaml``, without amounts of nothing: the specification wants them positive."""
    given = settings.model_dump(by_alias=True)
    return {key: value for key, value in given.items() if str(value) not in ("0Gi", "0Mi")}


def main() -> None:
    """Write both manifests."""
    settings = load_settings(PROJECT_ROOT / "app.yaml")
    parser = argparse.ArgumentParser(prog="python -m deploy.manifests", description=__doc__)
    add = parser.add_argument
    add("--output", type=Path, required=True, help="folder for the two files")
    add("--gpus", type=int, default=settings.resources.gpu, help="of an image that can use them")
    given = parser.parse_args()
    pkg = pkg_manifest(settings, PROJECT_ROOT / "models", given.gpus)
    write(given.output, {"app": app_manifest(settings), "pkg": pkg})


if __name__ == "__main__":
    main()
