"""One run at a time works in an output folder: a second one would take its files for leftovers.

The folder itself is locked, so nothing is added to it, and the system unlocks it however the run
ends. Where the file system knows no such lock (NFS, some others) nobody is kept out.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from cmr.errors import OutputBusy

# Of this process: the thread that ends a run reports into the folder that the run holds.
_HELD: set[Path] = set()


@contextlib.contextmanager
def alone_in(output: Path) -> Iterator[None]:
    """Keep other runs out of a folder, which is made; within such a block it does nothing more.

    A folder that cannot be made or opened is not locked: whoever writes there says why it cannot.

    Raises
    ------
    OutputBusy
        Another run works in it.
    """
    folder = output.resolve()
    if folder in _HELD:
        yield
        return
    with _locked(folder):
        _HELD.add(folder)
        try:
            yield
        finally:
            _HELD.discard(folder)


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    descriptor = _opened(folder)
    if descriptor is None:
        yield
        return
    try:
        _lock(descriptor)
        yield
    finally:
        os.close(descriptor)


def _opened(folder: Path) -> int | None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return None


def _lock(descriptor: int) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise OutputBusy("Another run works in the output folder; give each its own.") from None
    except OSError:  # a file system without such locks
        return
