"""``python3 /opt/holoscan/app``: settles caches, then becomes ``python -m app``."""

from __future__ import annotations

import os
import sys
from collections.abc import MutableMapping
from pathlib import Path

PACKAGE_WORKDIR = Path("/var/holoscan")


def main() -> None:
    """Start the application in this process."""
    move_caches(os.environ, Path("/tmp"))
    os.execv(sys.executable, [sys.executable, "-m", "app", *sys.argv[1:]])


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


if __name__ == "__main__":
    main()
