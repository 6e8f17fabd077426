"""Results appear whole or not at all: written aside, then renamed into place."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cmr.errors import OutputError

METADATA = "metadata.json"
_STAGING_PREFIX = ".cmr-map-partial-"
# Not the process number: in containers that share a folder it is the same.
_OWN = uuid.uuid4().hex
_ATTEMPTS = 10
# Of file systems that know no such wait.
_CANNOT_WAIT = frozenset({errno.EINVAL, errno.ENOSYS, errno.ENOTSUP})
# Names every file that may be there while metadata.json is not.
_JOURNAL = ".cmr-map-publishing.json"


@contextlib.contextmanager
def staging_folder(output: Path) -> Iterator[Path]:
    """A folder inside ``output`` for unfinished files; it is gone when the block ends.

    It lies in the output folder so that the final rename stays on one file system and nothing
    is written elsewhere. What a killed run left behind is removed first, so no other run may be at
    work there (:mod:`app.alone`).

    Raises
    ------
    OutputError
        The output folder cannot be made or written.
    """
    folder = _staging(output)
    try:
        output.mkdir(parents=True, exist_ok=True)
        for stale in output.glob(f"{_STAGING_PREFIX}*"):
            shutil.rmtree(stale)
        _recover(output)
        folder.mkdir()
    except OSError as error:
        raise OutputError(f"The output folder cannot be written ({error.strerror}).") from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def discard_staging(output: Path) -> None:
    """Remove the unfinished files of this process while its threads may still write some."""
    for _ in range(_ATTEMPTS):
        shutil.rmtree(_staging(output), ignore_errors=True)
        if not _staging(output).exists():
            return


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
    names = [p.as_posix() for p in files]
    try:
        for relative in files:
            _to_disk(results / relative)
        _announce(output, names)
        withdraw(output)
        for relative in files:
            (output / relative).parent.mkdir(parents=True, exist_ok=True)
            (results / relative).replace(output / relative)
        for folder in {output, *((output / relative).parent for relative in files)}:
            _to_disk(folder)
        write_metadata(output, {**metadata, "files": names})
        (output / _JOURNAL).unlink()
    except OSError as error:
        raise OutputError(f"The results cannot be moved into place ({error.strerror}).") from error


def report_failure(output: Path, metadata: dict[str, Any]) -> None:
    """Replace what an earlier run published by the report of a failure.

    Raises
    ------
    OSError
        The output folder cannot be made or written.
    """
    output.mkdir(parents=True, exist_ok=True)
    _recover(output)
    with contextlib.suppress(OSError):  # a full disk; what is removed next makes room
        _announce(output, [])
    withdraw(output)
    try:
        write_metadata(output, metadata)
    except OSError:
        # The journal, whose files are gone by now, may have the room that the report needs.
        (output / _JOURNAL).unlink(missing_ok=True)
        write_metadata(output, metadata)
    (output / _JOURNAL).unlink(missing_ok=True)


def withdraw(output: Path) -> None:
    """Remove what an earlier run published, by its own list, and nothing else.

    Results of another input must not stand beside the report of a failure. The list goes first:
    whoever reads it finds every file of it.
    """
    names = _listed(output / METADATA)
    (output / METADATA).unlink(missing_ok=True)
    _remove(output, names)


def write_metadata(output: Path, metadata: dict[str, Any]) -> None:
    """Write ``metadata.json`` in one step."""
    _write_json(output / METADATA, metadata)


def _announce(output: Path, coming: list[str]) -> None:
    """List the files that go and come, for the run after one that is killed meanwhile."""
    names = [*_listed(output / METADATA), *coming]
    _write_json(output / _JOURNAL, {"application": "cmr-map", "files": names})


def _recover(output: Path) -> None:
    """Remove what a run that was killed, or that failed, while it published left behind."""
    if not (output / METADATA).is_file():
        _remove(output, _listed(output / _JOURNAL))
    for name in (_JOURNAL, _aside(METADATA), _aside(_JOURNAL)):
        (output / name).unlink(missing_ok=True)


def _aside(name: str) -> str:
    return f"{name}.partial"


def _remove(output: Path, names: list[str]) -> None:
    for name in names:
        path = output / name
        if path.is_file() and output.resolve() in path.resolve().parents:
            path.unlink()
            with contextlib.suppress(OSError):
                path.parent.rmdir()


def _write_json(path: Path, content: dict[str, Any]) -> None:
    aside = path.with_name(_aside(path.name))
    try:
        aside.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
        _to_disk(aside)
        aside.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            aside.unlink(missing_ok=True)
        raise


def _to_disk(path: Path) -> None:
    """Wait until a file, or the names in a folder, are where a power cut leaves them."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _CANNOT_WAIT:
            raise
    finally:
        os.close(descriptor)


def _listed(path: Path) -> list[str]:
    """The files that an earlier run lists; empty where there is no list or it is not ours."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    names = content.get("files") if isinstance(content, dict) else None
    if not isinstance(names, list) or content.get("application") != "cmr-map":
        return []
    return [name for name in names if isinstance(name, str)]


def _staging(output: Path) -> Path:
    return output / f"{_STAGING_PREFIX}{_OWN}"
