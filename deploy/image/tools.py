#!/opt/venv/bin/python -IS
"""Entry point of the image, there ``/var/holoscan/tools``: run, show, extract.

It stays in front of the application instead of becoming it: as process 1 of a container the
application would not be stopped by SIGTERM. It knows the standard library alone.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

EXPORT = Path("/var/run/holoscan/export")
TARGETS = ("app", "config", "models", "docs")
USAGE = """Cardiac MR post-processing. Research use only; not a medical device.

  (nothing, or options)   run the application; --help lists its options
  show [app] [pkg]        print the manifests
  extract                 copy what is inside to every mounted folder of
                          /var/run/holoscan/export/{app,config,models,docs},
                          or all four to /var/run/holoscan/export alone
  help                    this text
"""


def main(arguments: Sequence[str]) -> int:
    """Do what the first argument says; without one of these words, run the application."""
    match list(arguments):
        case ["show", *names]:
            return show(names or ["app", "pkg"])
        case ["extract"]:
            return extract(EXPORT)
        case ["help"]:
            print(USAGE, end="")
            return 0
        case options:
            return run([*command(_manifest("app")), *options])


def command(manifest: Path) -> list[str]:
    """``app.json#command`` in words: a shell command, or the stock packager's JSON array."""
    text: str = json.loads(manifest.read_text(encoding="utf-8"))["command"]
    return json.loads(text) if text.lstrip().startswith("[") else shlex.split(text)


def run(words: Sequence[str]) -> int:
    """Run a command, hand signals on to it, and return its exit code (128 + n after signal n)."""
    # A group of its own: a terminal's Ctrl-C would reach it twice otherwise.
    with subprocess.Popen(words, process_group=0) as child:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda n, _: child.send_signal(n))
        code = child.wait()
    return code if code >= 0 else 128 - code


def show(names: Sequence[str]) -> int:
    """Print manifests as they are."""
    if unknown := [name for name in names if name not in ("app", "pkg")]:
        print(f"error: show knows app and pkg, not {', '.join(unknown)}.", file=sys.stderr)
        return 2
    for name in names:
        print(_manifest(name).read_text(encoding="utf-8"), end="")
    return 0


def extract(root: Path) -> int:
    """Copy to every target that is mounted below ``root``; to all, where none is."""
    if not root.is_dir():
        print(f"error: Nothing is mounted at {root}.", file=sys.stderr)
        return 1
    mounted = [name for name in TARGETS if (root / name).is_dir()]
    try:
        for name in mounted or TARGETS:
            _copy(name, root / name)
            print(f"{name} copied to {root / name}")
    except OSError as error:
        print(f"error: {root / name} cannot be written ({error.strerror}).", file=sys.stderr)
        return 7
    return 0


def _copy(name: str, target: Path) -> None:
    """The content of a folder of the image, or the three files of ``config``."""
    target.mkdir(exist_ok=True)
    if name == "config":
        for path in (_manifest("app"), _manifest("pkg"), _path("CONFIG_PATH")):
            shutil.copyfile(path, target / path.name)
        return
    variable = {"app": "APPLICATION", "models": "MODEL_PATH", "docs": "DOCS"}[name]
    _copy_content(_path(variable), target)


def _copy_content(folder: Path, target: Path) -> None:
    """Copy a tree without modes and times: the target may belong to somebody else.

    ``shutil.copytree`` would set those of the target, which its owner alone may do.
    """
    for path in sorted(folder.rglob("*")):
        place = target / path.relative_to(folder)
        if path.is_dir():
            place.mkdir(exist_ok=True)
        else:
            shutil.copyfile(path, place)


def _manifest(name: str) -> Path:
    return _path(f"{name.upper()}_MANIFEST_PATH")


def _path(name: str) -> Path:
    return Path(os.environ[f"HOLOSCAN_{name}"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
