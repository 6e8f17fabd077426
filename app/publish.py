"""Results appear whole or not at all: written aside, then renamed into place."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cmr.errors import OutputError

METADATA = "metadata.json"
_STAGING_PREFIX = ".cmr-map-partial-"


@contextlib.contextmanager
def staging_folder(output: Path) -> Iterator[Path]:
    """A folder inside ``output`` for unfinished files; it is gone when the block ends.

    It lies in the output folder so that the final rename stays on one file system and nothing
    is written elsewhere. What a killed run left behind is removed first.

    Raises
    ------
    OutputError
        The output folder cannot be made or written.
    """
    folder = output / f"{_STAGING_PREFIX}{os.getpid()}"
    try:
        output.mkdir(parents=True, exist_ok=True)
        for stale in output.glob(f"{_STAGING_PREFIX}*"):
            shutil.rmtree(stale)
        folder.mkdir()
    except OSError as error:
        raise OutputError(f"The output folder cannot be written ({error.strerror}).") from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def publish(results: Path, output: Path, metadata: dict[str, Any]) -> None:
    """Replace what an earlier run published by the files of ``results``.

    ``metadata.json`` goes last and lists every file, so a reader that waits for it sees a
    complete set, and the next run knows what is its own to remove.

    Raises
    ------
    OutputError
        A file cannot be moved, for want of rights or space.
    """
    files = sorted(p.relative_to(results) for p in results.rglob("*") if p.is_file())
    listed = {**metadata, "files": [p.as_posix() for p in files]}
    try:
        withdraw(output)
        for relative in files:
            (output / relative).parent.mkdir(parents=True, exist_ok=True)
            (results / relative).replace(output / relative)
        write_metadata(output, listed)
    except OSError as error:
        raise OutputError(f"The results cannot be moved into place ({error.strerror}).") from error


def withdraw(output: Path) -> None:
    """Remove what an earlier run published, by its own list, and nothing else.

    Results of another input must not stand beside the report of a failure.
    """
    for name in _published(output):
        path = output / name
        if path.is_file() and output.resolve() in path.resolve().parents:
            path.unlink()
            with contextlib.suppress(OSError):
                path.parent.rmdir()
    (output / METADATA).unlink(missing_ok=True)


def write_metadata(output: Path, metadata: dict[str, Any]) -> None:
    """Write ``metadata.json`` in one step."""
    aside = output / f"{METADATA}.partial"
    aside.write_text(json.dumps(metadata, indent=2) + "\n", encoding="utf-8")
    aside.replace(output / METADATA)


def _published(output: Path) -> list[str]:
    """The list of an earlier run; empty where there is none or it is not ours."""
    try:
        content = json.loads((output / METADATA).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    names = content.get("files") if isinstance(content, dict) else None
    if not isinstance(names, list) or content.get("application") != "cmr-map":
        return []
    return [name for name in names if isinstance(name, str)]
