"""What has to be set before the SDK is imported: stack size, caches, quiet libraries."""

from __future__ import annotations

import logging
import os
import resource
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path

# Holoscan warns of crashes below this soft limit.
_STACK_BYTES = 32 * 1024 * 1024
_MARK = "CMR_MAP_STACK_RAISED"


def raise_stack_limit(argv: Sequence[str]) -> None:
    """Start the process again with a larger stack, once; say so where the system forbids it.

    Threads take the limit that held when the process began, so setting it is not enough.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_STACK)
    if _enough(soft) or _MARK in os.environ:
        return
    if not _enough(hard):
        print(
            "Stack smaller than the 32 MB that Holoscan asks for, and it may not be raised: start "
            "with ulimit -s 32768, a container with --ulimit stack=33554432.",
            flush=True,
        )
        return
    resource.setrlimit(resource.RLIMIT_STACK, (_STACK_BYTES, hard))
    os.environ[_MARK] = "1"
    os.execv(sys.executable, [sys.executable, "-m", "app", *argv])


def _enough(limit_bytes: int) -> bool:
    return limit_bytes == resource.RLIM_INFINITY or limit_bytes >= _STACK_BYTES


def quieten(workdir: Path, *, chatter: bool = False) -> None:
    """Keep libraries from writing outside ``workdir``, printing what they read, and calling home.

    Holoscan logs on standard error, which is for the one line of a failure: nothing, or, where its
    ``chatter`` is asked for, on standard output at the level of HOLOSCAN_LOG_LEVEL or INFO.
    """
    if chatter:
        os.environ.setdefault("HOLOSCAN_LOG_LEVEL", "INFO")
        _chatter_to_stdout()
    else:
        os.environ["HOLOSCAN_LOG_LEVEL"] = "OFF"
    # The SDK would open clients of its own, that nobody uses; the command line has been read.
    os.environ.pop("TRITON_SERVER_NETLOC", None)
    # ONNX Runtime keeps a data base of events in HOME and sends it to its maker.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    os.environ["CUPY_CACHE_DIR"] = str(workdir / "cupy")
    os.environ["MPLCONFIGDIR"] = str(workdir / "matplotlib")
    warnings.simplefilter("ignore")
    # Without any handler, Python prints the warnings of libraries to standard error.
    logging.getLogger().addHandler(logging.NullHandler())
    # Where standard output is closed, it would print a traceback for each line of progress.
    logging.raiseExceptions = False


def _chatter_to_stdout() -> None:
    """Send what native libraries print to standard output; the application keeps its stderr."""
    sys.stderr.flush()
    own = os.dup(2)
    os.dup2(1, 2)
    sys.stderr = os.fdopen(own, "w", buffering=1, errors=sys.stderr.errors)


def settle_stdout() -> None:
    """Print what is left, or drop it: Python would end with a code of its own where it cannot."""
    from app.outlet import Outlet

    Outlet(sys.stdout).flush()


def open_closed_streams() -> None:
    """Where the caller closed an output: else the next file opened takes its number.

    A native library that writes to number 2 would write into that file.
    """
    for name in ("stdout", "stderr"):
        if not getattr(sys, f"__{name}__"):
            nowhere = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115  (to the end)
            setattr(sys, name, nowhere)
