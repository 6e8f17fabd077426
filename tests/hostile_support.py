"""A small phantom study, settings with the least arithmetic, and runs in a process of their own."""

import os
import subprocess
import sys
from pathlib import Path

import yaml

from phantom.settings import PhantomSettings
from phantom.study import write_study
from tests.application_run import Run
from tests.conftest import ROOT

SMALL = {"phases": 16, "slices": 6, "matrix": (96, 112), "pixel_spacing_mm": (2.6, 2.6)}


def write_small_study(folder: Path) -> Path:
    write_study(folder, PhantomSettings(seed=3, decoys=False, **SMALL))
    return folder


def write_quick_settings(path: Path) -> Path:
    settings = yaml.safe_load((ROOT / "app.yaml").read_text(encoding="utf-8"))
    settings["inference"] |= {"variants": 1, "threads": 1}
    path.write_text(yaml.safe_dump(settings, sort_keys=False))
    return path


def start(study: Path, output: Path, config: Path, *extra: str, **env: str):
    """The application, unbuffered, without the caller's variables."""
    command = [sys.executable, "-m", "app", "-i", study, "-o", output, "-c", config, *extra]
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("HOLOSCAN", "CMR_MAP"))}
    return subprocess.Popen(
        list(map(str, command)),
        cwd=ROOT,
        env={**kept, "PYTHONUNBUFFERED": "1", **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(study: Path, output: Path, config: Path, *extra: str, **env: str) -> Run:
    process = start(study, output, config, *extra, **env)
    try:
        stdout, stderr = process.communicate(timeout=590)
    finally:
        process.kill()
    return Run(process.returncode, stdout, stderr, output)
