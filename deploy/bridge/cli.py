"""The bridge's command: runs it, shows what it knows, or takes a parked study up again."""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import logging
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from enum import IntEnum
from pathlib import Path

from cmr.errors import UsageError
from deploy.bridge.bridge import Bridge
from deploy.bridge.journal import PENDING, Entry, Journal, State
from deploy.bridge.pacs import Pacs, PacsError
from deploy.bridge.settings import BridgeSettings, load_settings

_LOG = logging.getLogger("bridge")


class BridgeExit(IntEnum):
    """What the process returns."""

    DONE = 0
    BAD_USAGE = 2
    PARKED = 3


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    args = _parser().parse_args(argv)
    try:
        settings = load_settings(args.config)
        with contextlib.closing(_journal(settings.folder)) as journal:
            if args.list:
                return _list(journal)
            if args.superseded is not None:
                return _superseded(journal, args.superseded)
            if args.again is not None:
                return _again(journal, args.again)
            with _alone(settings.folder):
                return _run(settings, journal, args.once)
    except UsageError as error:
        print(f"error: {error}", file=sys.stderr)
        return BridgeExit.BAD_USAGE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m deploy.bridge",
        description="Takes complete cardiac MR studies from a PACS through the application and "
        "stores the results there. Research use only; not a medical device.",
    )
    parser.add_argument("--config", type=Path, required=True, help="settings; see bridge.yaml")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--once", action="store_true", help="end when nothing is left to do")
    what.add_argument("--list", action="store_true", help="show what is known of each study")
    what.add_argument("--again", type=int, metavar="NUMBER", help="take a study up again")
    what.add_argument(
        "--superseded",
        type=int,
        metavar="NUMBER",
        help="show which objects of a study later results took the place of",
    )
    return parser


def _journal(folder: Path) -> Journal:
    """Open the journal; its folder holds studies while they are measured, so it is private."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
    except OSError as error:
        raise UsageError(f"The bridge's folder cannot be made ({error.strerror}).") from error
    return Journal(folder / "journal.sqlite3")


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the folder for one bridge; the system lets go of it when the process ends."""
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise UsageError("Another bridge works in this folder.") from error
        yield


def _list(journal: Journal) -> int:
    for e in journal.all():
        print(f"{e.number}\t{e.state}\t{e.images} images\t{e.study_uid}\t{e.reason}")
    return BridgeExit.DONE


def _superseded(journal: Journal, number: int) -> int:
    for uid in journal.superseded(_entry(journal, number).number):
        print(uid)
    return BridgeExit.DONE


def _entry(journal: Journal, number: int) -> Entry:
    try:
        return journal.entry(number)
    except KeyError as error:
        raise UsageError(f"There is no study {number}; see --list.") from error


def _again(journal: Journal, number: int) -> int:
    entry = _entry(journal, number)
    if entry.state in PENDING:
        raise UsageError(f"Study {number} is under way already.")
    if not entry.images:
        raise UsageError(f"Study {number} has no images.")
    journal.again(number)
    return BridgeExit.DONE


def _run(settings: BridgeSettings, journal: Journal, once: bool) -> int:
    _log_to_stdout()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    pacs = Pacs(str(settings.dicomweb), settings.timeout_seconds)
    with contextlib.suppress(KeyboardInterrupt):
        _loop(Bridge(settings, pacs, journal), settings, journal, once)
    return BridgeExit.PARKED if once and _parked(journal) else BridgeExit.DONE


def _loop(bridge: Bridge, settings: BridgeSettings, journal: Journal, once: bool) -> None:
    """Look again and again; a PACS that is away is waited for without end, ever more rarely."""
    misses = 0
    while True:
        try:
            tried = bridge.cycle()
        except PacsError as error:
            misses += 1
            delay = settings.delay_seconds(misses)
            _LOG.warning("the PACS cannot be asked: %s; again in %g s", error, delay)
            time.sleep(delay)
            continue
        misses = 0
        if once and not journal.pending():
            return
        if not tried:
            time.sleep(settings.poll_seconds)


def _parked(journal: Journal) -> bool:
    return any(entry.state is State.PARKED for entry in journal.all())


def _log_to_stdout() -> None:
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    _LOG.handlers = [handler]
    _LOG.setLevel(logging.INFO)
    _LOG.propagate = False
