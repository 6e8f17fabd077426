"""One look at the PACS after the other: what is new, what is complete, what is still to store."""

from __future__ import annotations

import logging
import os
import shutil
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

from deploy.bridge import application
from deploy.bridge.journal import Entry, Journal, State
from deploy.bridge.pacs import Listing, Pacs, PacsAway, PacsError
from deploy.bridge.results import (
    Result,
    UnfitResultsError,
    check_identity,
    read_results,
    waves,
)
from deploy.bridge.settings import BridgeSettings

_LOG = logging.getLogger("bridge")
_INPUT, _OUTPUT = "input", "output"


class _NotDoneError(Exception):
    """Why a try failed; the text may be shown."""


class Bridge:
    """Takes complete studies from a PACS through the application and back.

    Parameters
    ----------
    settings, pacs, journal
        Where everything stands.
    clock
        Seconds since 1970.
    """

    def __init__(
        self,
        settings: BridgeSettings,
        pacs: Pacs,
        journal: Journal,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._settings = settings
        self._pacs = pacs
        self._journal = journal
        self._clock = clock
        self._work = settings.folder / "work"

    def cycle(self) -> bool:
        """Look once, and make one try for the study that is due.

        Returns
        -------
        bool
            A try was made, so another study may be due already.

        Raises
        ------
        PacsError
            The PACS is not there, or does not let itself be asked; nothing is lost by that.
        """
        self._look()
        self._sweep()
        due = self._journal.due(self._clock(), self._settings.stable_seconds)
        if due:
            self._try(due[0])
        return bool(due)

    def _look(self) -> None:
        for study_uid, count in self._pacs.studies(self._since()):
            known = self._journal.find(study_uid)
            if known is None or count is None or known.stored_instances != count:
                self._note_or_go_on(study_uid, count)

    def _note_or_go_on(self, study_uid: str, count: int | None) -> None:
        """One study that cannot be listed keeps no other from being measured."""
        try:
            self._note(study_uid, count)
        except PacsError as error:
            self._raise_if_away(error)
            _LOG.warning("a study cannot be listed: %s", error)

    def _raise_if_away(self, error: PacsError) -> None:
        """Tell a server that is gone from one that fails at a single request."""
        if isinstance(error, PacsAway) and not self._pacs.answers():
            raise error

    def _since(self) -> date | None:
        days = self._settings.newest_days
        return None if days is None else date.fromtimestamp(self._clock()) - timedelta(days)

    def _note(self, study_uid: str, count: int | None) -> tuple[Listing, bool]:
        """List a study; the flag tells that its images are other than before."""
        before = self._journal.find(study_uid)
        listing = self._pacs.listing(study_uid)
        changed = self._journal.seen(
            study_uid, count, listing.content, listing.count, self._clock()
        )
        after = self._journal.find(study_uid)
        if changed and after is not None:
            _LOG.info("study %d: %d images", after.number, after.images)
            if before is not None and (before.run or before.state is State.DONE):
                _LOG.warning(
                    "study %d: changed after results were made; what was stored of them stays in "
                    "the PACS beside the new ones",
                    after.number,
                )
        return listing, changed

    def _sweep(self) -> None:
        """Remove what killed or superseded runs left behind."""
        self._work.mkdir(parents=True, exist_ok=True)
        wanted = {entry.run for entry in self._journal.all()}
        for folder in self._work.iterdir():
            if folder.name not in wanted:
                shutil.rmtree(folder, ignore_errors=True)

    def _try(self, entry: Entry) -> None:
        """Make one try; whatever goes wrong is written down and tried again later."""
        if entry.failures >= self._settings.tries:
            self._fail(entry, "the bridge itself ended during every try")
            return
        entry = self._journal.begin(entry.number)
        try:
            if entry.state is State.WAITING:
                self._measure(entry)
            else:
                self._store(entry)
        except PacsError as error:
            self._try_failed_at_pacs(entry, error)
        except (_NotDoneError, UnfitResultsError) as error:
            self._fail(entry, str(error))
        except OSError as error:
            self._fail(entry, f"this machine: {error.strerror or type(error).__name__}")
        except Exception as error:  # its text may quote a header
            self._fail(entry, f"unforeseen {type(error).__name__}")
        except BaseException:  # the bridge was told to stop
            self._journal.not_counted(entry.number)
            raise

    def _try_failed_at_pacs(self, entry: Entry, error: PacsError) -> None:
        try:
            self._raise_if_away(error)
        except PacsAway:
            self._journal.not_counted(entry.number)
            raise
        self._fail(entry, f"PACS: {error}")

    def _fail(self, entry: Entry, reason: str) -> None:
        if entry.failures >= self._settings.tries:
            self._journal.ended(entry.number, State.PARKED, reason)
            _LOG.error("study %d: parked after %d tries: %s", entry.number, entry.failures, reason)
            return
        delay = self._settings.delay_seconds(entry.failures)
        self._journal.failed(entry.number, reason, self._clock() + delay)
        _LOG.warning("study %d: %s; again in %g s", entry.number, reason, delay)

    def _measure(self, entry: Entry) -> None:
        """Pull the images and run the application."""
        listing, changed = self._note(entry.study_uid, None)
        if changed:
            return
        run = f"{entry.number}-{entry.runs}"
        source, output = self._work / run / _INPUT, self._work / run / _OUTPUT
        source.mkdir(parents=True)
        output.mkdir()
        self._pacs.pull(entry.study_uid, listing, source)
        _LOG.info("study %d: complete, the application runs", entry.number)
        code = self._run(entry, source, output)
        if code in application.NOTHING_TO_MEASURE:
            self._supersede(entry, [])
            self._journal.ended(entry.number, State.NOTHING, application.meaning(code))
            _LOG.info("study %d: %s", entry.number, application.meaning(code))
            return
        if code != 0:
            raise _NotDoneError(application.meaning(code))
        check_identity(read_results(output), entry.study_uid, next(source.iterdir()))
        shutil.rmtree(source)
        # The journal must not know of results that a power cut would take away.
        os.sync()
        self._journal.measured(entry.number, run)

    def _run(self, entry: Entry, source: Path, output: Path) -> int | None:
        """Run the application; what it printed stays only where it failed."""
        printed = self._settings.folder / f"printed-{entry.number}.txt"
        command = self._settings.command_for(source, output)
        code = application.run(command, printed, self._settings.command_timeout_seconds)
        if code == 0 or code in application.NOTHING_TO_MEASURE:
            printed.unlink()
        return code

    def _store(self, entry: Entry) -> None:
        """Send what the PACS lacks, unless the study has changed since it was pulled."""
        listing, changed = self._note(entry.study_uid, None)
        if changed:
            _LOG.info("study %d: changed while it was processed; measured anew", entry.number)
            return
        try:
            results = read_results(self._work / entry.run / _OUTPUT)
        except UnfitResultsError:
            self._journal.measure_again(entry.number)
            raise
        self._journal.sending(entry.number, [r.uid for r in results])
        sent = [r for r in results if r.uid not in listing.uids]
        for wave in waves(sent):
            self._send(entry, wave)
        self._supersede(entry, results)
        self._journal.ended(entry.number, State.DONE)
        _LOG.info(
            "study %d: %d results stored, %d were there", entry.number, len(sent),
            len(results) - len(sent),
        )  # fmt: skip
        shutil.rmtree(self._work / entry.run, ignore_errors=True)

    def _supersede(self, entry: Entry, results: list[Result]) -> None:
        """Note which objects in the PACS no longer stand for the study; none is removed."""
        count = self._journal.supersede_others(entry.number, [r.uid for r in results])
        if count:
            _LOG.warning(
                "study %d: %d objects stored earlier are superseded; --superseded %d names them",
                entry.number, count, entry.number,
            )  # fmt: skip

    def _send(self, entry: Entry, results: list[Result]) -> None:
        """Send each object, whatever became of the one before, and see that all are there."""
        said = ""
        for result in results:
            try:
                self._pacs.store(entry.study_uid, result.path)
            except PacsAway:
                raise
            except PacsError as error:
                said = f" ({error})"
        present = self._pacs.listing(entry.study_uid).uids
        missing = sum(result.uid not in present for result in results)
        if missing:
            raise _NotDoneError(
                f"the PACS does not have {missing} of {len(results)} results sent{said}"
            )
