"""``python3 /opt/holoscan/app``: settles stack and caches, then becomes ``python -m app``."""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import MutableMapping
from pathlib import Path

STACK_BYTES = 32 * 1024 * 1024  # what Holoscan asks for
PACKAGE_WORKDIR = Path("/var/holoscan")


def main() -> None:
    """Start the application in this process."""
    if not raise_stack():
        print(
            "Stack smaller than the 32 MB that Holoscan asks for, and it may not be raised: "
            "start the container with --ulimit stack=33554432."
        )
    move_caches(os.environ, Path("/tmp"))
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", "app", *sys.argv[1:]])


def raise_stack() -> bool:
    """Whether the next program of this process has a stack that is large enough."""
    soft, hard = resource.getrlimit(resource.RLIMIT_STACK)
    if _enough(soft):
        return True
    if _enough(hard):
        resource.setrlimit(resource.RLIMIT_STACK, (STACK_BYTES, hard))
    return _enough(hard)


def move_caches(env: MutableMapping[str, str], temporary: Path) -> None:
    """Work below ``temporary``, unless a folder other than the package's own was named.

    That one cannot be written by every uid, or by none where the root is read-only. Where there
    is no ``temporary`` either, the application works in the output folder.
    """
    if Path(env.get("HOLOSCAN_WORKDIR") or PACKAGE_WORKDIR) != PACKAGE_WORKDIR:
        return
    env.pop("HOLOSCAN_WORKDIR", None)
    if os.access(temporary, os.W_OK | os.X_OK):
        env["HOLOSCAN_WORKDIR"] = str(temporary / f"cmr-map-{os.getuid()}")


def _enough(limit: int) -> bool:
    return limit == resource.RLIM_INFINITY or limit >= STACK_BYTES


if __name__ == "__main__":
    main()
