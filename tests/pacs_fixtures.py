"""Fixtures of the tests that put the bridge beside a real Orthanc."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from phantom.settings import PhantomSettings
from phantom.study import write_study
from tests.conftest import ROOT
from tests.pacs_case import SMALL, Stepped
from tests.pacs_support import Orthanc


@pytest.fixture
def orthanc(tmp_path):
    server = Orthanc(tmp_path / "orthanc")
    yield server
    server.kill()


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("phantom") / "study"
    write_study(folder, PhantomSettings(**SMALL))
    return folder


@pytest.fixture(scope="module")
def made(study, tmp_path_factory) -> Path:
    """What the stand-in makes of the whole study."""
    folder = tmp_path_factory.mktemp("made")
    command = [sys.executable, "-m", "tests.pacs_standin", str(study), str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, timeout=120)
    return folder


@pytest.fixture
def ready(made) -> list[str]:
    """A command that hands out those results at once, and notes each run beside the output."""
    script = 'echo run >> "$2/../../../runs"; cp "$1"/*.dcm "$2"'
    return ["sh", "-c", script, "sh", str(made), "{output}", "{input}"]


@pytest.fixture
def stepped(orthanc, tmp_path, ready, monkeypatch):
    return Stepped(orthanc, tmp_path / "stepped", ready, monkeypatch)
