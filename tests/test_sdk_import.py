"""The SDK imports on a machine without CUDA: the wheel brings libcudart."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT, require

pytestmark = pytest.mark.requirement("CINE-01")

IMPORT = (
    "import operators.sdk, app.graph, torch, monai, onnxruntime, pydicom, highdicom;"
    "maps = open('/proc/self/maps').read().split();"
    "print(next(p for p in maps if 'libcudart.so' in p))"
)


def system_cuda_folders() -> list[Path]:
    """Folders of the system in which a CUDA runtime lies, links resolved."""
    found = {path.resolve().parent for path in Path("/usr").glob("local/cuda*/lib64/libcudart*")}
    found |= {path.resolve().parent for path in Path("/usr/lib").glob("*/libcudart*")}
    return sorted(found)


def imported_runtime(prefix: list[str], script: str) -> Path:
    env = {k: v for k, v in os.environ.items() if k != "LD_LIBRARY_PATH"}
    done = subprocess.run(
        [*prefix, script], cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip().splitlines()[-1])


def test_the_runtime_comes_from_the_wheel():
    path = imported_runtime([sys.executable, "-c"], IMPORT)
    assert "site-packages/nvidia" in path.as_posix()


def test_everything_imports_with_the_systems_cuda_hidden():
    folders = system_cuda_folders()
    if not folders:
        return  # nothing to hide: the test above already ran without it
    require(os.geteuid() == 0 and shutil.which("unshare") is not None, "root and unshare")
    hide = "; ".join(f"mount -t tmpfs none '{folder}'" for folder in folders)
    check = "; ".join(f"test -z \"$(ls '{folder}')\" || exit 9" for folder in folders)
    script = f'set -e; {hide}; {check}; exec "{sys.executable}" -c "{IMPORT}"'
    path = imported_runtime(["unshare", "--mount", "bash", "-c"], script)
    assert "site-packages/nvidia" in path.as_posix()
