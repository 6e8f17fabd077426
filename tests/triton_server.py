"""A real Triton server on loopback, from the binaries that the package nvidia-pytriton brings."""

import contextlib
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from deploy.viewer.archive import free_port
from tests.conftest import ROOT, require

_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
_START_S = 180


def _distribution() -> Path:
    """Folder of ``tritonserver``; the package itself is not imported, its needs are not here."""
    found = importlib.util.find_spec("pytriton")
    require(found is not None, "tritonserver (package nvidia-pytriton)")
    return Path(found.origin).parent


def _backends(folder: Path, server: Path) -> Path:
    """Triton's Python backend, and ours on top of it in the place of the one for ONNX Runtime."""
    python, onnx = folder / "python", folder / "onnxruntime"
    python.mkdir(parents=True)
    onnx.mkdir()
    # Copies: Triton refuses links that lead out of the folder.
    for path in (server / "backends" / "python").glob("*.*"):
        shutil.copy(path, python)
    shutil.copy(server / "python_backend_stubs" / _PYTHON / "triton_python_backend_stub", python)
    shutil.copy(ROOT / "tests" / "triton_backend" / "model.py", onnx)
    return folder


def _environment(package: Path) -> dict[str, str]:
    libraries = (package.parent / "nvidia_pytriton.libs", sysconfig.get_config_var("LIBDIR"))
    return {
        **os.environ,
        "LD_LIBRARY_PATH": os.pathsep.join(map(str, libraries)),
        # Where the backend's interpreter looks for its packages.
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
    }


@contextlib.contextmanager
def triton_server(work: Path, *repositories: Path) -> Iterator[str]:
    """Serve the models of these repositories; gives ``HOST:PORT`` of the HTTP service.

    The server completes no configuration: each ``config.pbtxt`` has to say all.
    """
    package = _distribution()
    server, port, log = package / "tritonserver", free_port(), work / "log"
    command = [
        # Linux ends the server where the tests are killed and cannot.
        *("setpriv", "--pdeathsig", "TERM"),
        server / "bin" / "tritonserver",
        *(f"--model-repository={path}" for path in repositories),
        f"--backend-directory={_backends(work / 'backends', server)}",
        f"--http-port={port}",
        *("--http-address=127.0.0.1", "--allow-grpc=false", "--allow-metrics=false"),
        *("--model-control-mode=explicit", "--load-model=*", "--disable-auto-complete-config"),
        "--exit-timeout-secs=5",
    ]
    with log.open("wb") as output:
        process = subprocess.Popen(
            list(map(str, command)),
            env=_environment(package),
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        _wait(f"http://127.0.0.1:{port}/v2/health/ready", process, log)
        yield f"127.0.0.1:{port}"
    finally:
        _stop(process)


def _wait(url: str, process: subprocess.Popen, log: Path) -> None:
    end = time.monotonic() + _START_S
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(urllib.error.URLError, OSError):
            if urllib.request.urlopen(url, timeout=5).status == 200:
                return
        time.sleep(0.2)
    # Information and tables left out.
    errors = [line for line in log.read_text().splitlines() if line[:1] not in "I+|"]
    raise AssertionError("\n".join(["tritonserver is not ready:", *errors[:8]]))


def _stop(process: subprocess.Popen) -> None:
    """The server, then what is left of the group that it started."""
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(20)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(5)
