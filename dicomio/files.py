"""Walk an input folder without leaving it, and open nothing but regular files."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO


@dataclass(frozen=True)
class FoundFile:
    """One entry of the input: ``fault`` is empty for a regular file that may be opened."""

    path: Path
    relative: str
    fault: str = ""


def walk(root: Path) -> Iterator[FoundFile]:
    """Every entry below ``root`` but folders, in a fixed order.

    Links are reported, not followed: one that stays inside would only repeat a file, one that
    leaves the folder leads to data that nobody gave us. An unlistable folder is one entry.
    """
    if root.is_file():
        yield FoundFile(root, root.name)
        return
    pending = [(root, "")]
    while pending:
        folder, prefix = pending.pop()
        try:
            with os.scandir(folder) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            yield FoundFile(folder, prefix or ".", f"folder cannot be listed ({_cause(error)})")
            continue
        folders = []
        for entry in entries:
            relative = f"{prefix}/{entry.name}" if prefix else entry.name
            if _is_folder(entry):
                folders.append((Path(entry.path), relative))
            else:
                yield FoundFile(Path(entry.path), relative, _entry_fault(entry, root))
        pending.extend(reversed(folders))


def open_regular(path: Path) -> BinaryIO:
    """Open ``path`` for reading, never following a link and never waiting on a pipe or device.

    Raises
    ------
    OSError
        When it cannot be opened or is not a regular file.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError("not a regular file")
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def _cause(error: OSError) -> str:
    return os.strerror(error.errno).lower() if error.errno else "unknown cause"


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return False


def _entry_fault(entry: os.DirEntry[str], root: Path) -> str:
    try:
        if entry.is_symlink():
            return _link_fault(Path(entry.path), root)
        regular = entry.is_file(follow_symlinks=False)
    except OSError as error:
        return f"cannot be examined ({_cause(error)})"
    return "" if regular else "not a regular file"


def _link_fault(link: Path, root: Path) -> str:
    try:
        inside = link.resolve(strict=True).is_relative_to(root.resolve())
    except (OSError, RuntimeError):
        return "link that leads nowhere"
    return "link to another file of the input" if inside else "link that leaves the input folder"
