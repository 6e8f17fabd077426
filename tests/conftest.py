"""Shared fixtures. With CI=true a missing tool or data folder fails; elsewhere it skips."""

import logging
import os
import shutil
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"


def require(present: bool, what: str) -> None:
    """Skip the test where ``what`` is missing; with CI=true, fail."""
    if present:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(f"CI needs {what}")
    pytest.skip(f"{what} is not on this machine")


def shared_path(relative: str) -> Path:
    """Path below ``../shared``, or skip/fail where it is missing."""
    path = SHARED / relative
    require(path.exists(), f"../shared/{relative}")
    return path


def tool(name: str) -> str:
    """Path of a command-line tool of the virtual environment, or skip/fail."""
    folders = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    found = shutil.which(name, path=folders)
    require(found is not None, name)
    return str(found)


@pytest.fixture(autouse=True)
def _log_of_its_own():
    """A run in this process turns the log its own way; the next test finds it as it was."""
    log = logging.getLogger("cmr")
    before = log.handlers[:], log.level, log.propagate
    yield
    log.handlers[:], log.level, log.propagate = before


@pytest.fixture(scope="session")
def bivme() -> Path:
    """The real cine study."""
    return shared_path("data/bivme_cine")


@pytest.fixture(scope="session")
def acdc() -> Path:
    """The ACDC patients with labels."""
    return shared_path("data/acdc")


@pytest.fixture(scope="module")
def browser():
    """Debian's Chromium without a screen, as ``deploy.gallery`` opens pages in it."""
    require(shutil.which("chromium") is not None, "chromium")
    try:
        from deploy.gallery.render import chromium
    except ImportError as error:
        require(False, f"package {error.name}")
    with chromium() as opened:
        yield opened
