"""Imports all of the application and keeps its bytecode: the last step of the image's build.

A read-only container could not keep it, and would compile 2,000 files at every start. Only what is
imported is compiled, which takes a third of the space of everything. A package that is missing
stops the build here.
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import py_compile
import sys
from pathlib import Path

# All that is shipped; tree.sh copies them.
PACKAGES = (
    "app",
    "cmr",
    "dicomio",
    "meshes",
    "operators",
    "pictures",
    "report",
    "serving",
    "texts",
)


def main() -> None:
    """Import, then write what is not there yet."""
    for package in PACKAGES:
        for module in pkgutil.walk_packages(
            importlib.import_module(package).__path__, f"{package}."
        ):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)
    files = {getattr(module, "__file__", None) for module in list(sys.modules.values())}
    written = [_compile(file) for file in sorted(f for f in files if f and f.endswith(".py"))]
    print(f"{sum(written)} of {len(written)} modules compiled")


def _compile(file: str) -> bool:
    """Write the bytecode of a file. Unchecked: times of files change on their way to a registry."""
    target = importlib.util.cache_from_source(file)
    if Path(target).exists():
        return False
    mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
    py_compile.compile(file, target, doraise=True, invalidation_mode=mode)
    return True


if __name__ == "__main__":
    main()
