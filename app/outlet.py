"""Standard output, as something that may be gone: what nobody can read is no fault of a run."""

from __future__ import annotations

import os
from typing import Any, TextIO


class Outlet:
    """A stream whose faults are kept from the writer; after the first one it goes nowhere."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write, as long as somebody takes it."""
        try:
            return self._stream.write(text)
        except (OSError, ValueError):  # ValueError: closed
            self._close()
            return len(text)

    def flush(self) -> None:
        """Hand over what was written."""
        try:
            self._stream.flush()
        except (OSError, ValueError):  # ValueError: closed
            self._close()

    def __getattr__(self, name: str) -> Any:
        """Whatever else is asked of a stream."""
        return getattr(self._stream, name)

    def _close(self) -> None:
        """What is still in the buffer must not fail again at the end of the process."""
        if self._stream.closed:  # nothing is left, and its number may be another file's by now
            return
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._stream.fileno())
        os.close(nowhere)
