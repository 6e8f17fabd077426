"""How a run ends when it is told to: SIGTERM and SIGINT leave nothing half-done behind.

A Python signal handler would not do: it waits for the main thread, which is in Holoscan's C++ code
for as long as the graph runs. So the signals are blocked, and a thread of its own takes them.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable

_UNREPORTED = 143
_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Ending:
    """Who ends the run: itself, or a signal. The first to claim it does."""

    def __init__(self) -> None:
        self._claim = threading.Lock()
        self._by_run = False
        self.leave_terminal: Callable[[], None] = lambda: None

    def claim(self) -> None:
        """The run ends by itself from here on; where a signal was first, wait for the exit."""
        if not self._by_run:
            self._claim.acquire()
            self._by_run = True

    def claim_by_signal(self) -> bool:
        """False where the run is about to end by itself."""
        return self._claim.acquire(blocking=False)


def end_on_signals(ending: Ending, act: Callable[[], int]) -> None:
    """On SIGTERM or SIGINT call ``act`` and leave with the exit code it returns.

    To be called before any other thread starts: threads inherit the blocked signals.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    threading.Thread(target=_wait, args=(ending, act), daemon=True).start()


def _wait(ending: Ending, act: Callable[[], int]) -> None:
    signal.sigwait(_SIGNALS)
    if not ending.claim_by_signal():
        return
    code = _UNREPORTED
    try:
        code = act()
    finally:  # a broken pipe must not leave the run waiting for this thread
        os._exit(code)
