"""What the bridge knows of each study, on disk; each change is one statement, so none is half."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class State(StrEnum):
    """Where a study stands."""

    WAITING = "waiting"  # for the study to be complete, or for the next try
    STORING = "storing"  # results are on disk and not all in the PACS
    DONE = "done"
    NOTHING = "nothing to measure"
    PARKED = "parked"  # tried too often; a person has to look


PENDING = (State.WAITING, State.STORING)


@dataclass(frozen=True)
class Entry:
    """One study.

    Parameters
    ----------
    number
        Names the study in log lines and folders, in place of its UID.
    stored_instances
        Objects that the PACS counted when the study was last listed; None where it does not count.
    content, images
        Digest and number of the source images last listed.
    changed_at
        When ``content`` was first seen, in seconds since 1970.
    failures, try_at, reason
        Tries that failed or did not end, the earliest time of the next one, and what was wrong.
    runs, run
        Runs begun so far; folder of the run whose results are to be stored, empty where none.
    """

    number: int
    study_uid: str
    stored_instances: int | None
    content: str
    images: int
    changed_at: float
    state: State
    failures: int
    try_at: float
    reason: str
    runs: int
    run: str


_TABLE = """
CREATE TABLE IF NOT EXISTS study (
    number INTEGER PRIMARY KEY,
    study_uid TEXT NOT NULL UNIQUE,
    stored_instances INTEGER,
    content TEXT NOT NULL,
    images INTEGER NOT NULL,
    changed_at REAL NOT NULL,
    state TEXT NOT NULL,
    failures INTEGER NOT NULL DEFAULT 0,
    try_at REAL NOT NULL DEFAULT 0,
    reason TEXT NOT NULL DEFAULT '',
    runs INTEGER NOT NULL DEFAULT 0,
    run TEXT NOT NULL DEFAULT ''
)
"""
# Objects that were to be sent for a study; superseded are those that its last run did not make.
_RESULTS = """
CREATE TABLE IF NOT EXISTS result (
    number INTEGER NOT NULL,
    uid TEXT NOT NULL,
    superseded INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (number, uid)
)
"""
_SEEN = """
INSERT INTO study (study_uid, stored_instances, content, images, changed_at, state)
VALUES (:study_uid, :count, :content, :images, :now, :state)
ON CONFLICT (study_uid) DO UPDATE SET
    stored_instances = :count, content = :content, images = :images, changed_at = :now,
    state = :state, failures = 0, try_at = 0, reason = '', run = ''
WHERE content <> :content
"""


class Journal:
    """The studies, in a file that a killed process or a power cut leaves whole."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None, timeout=30)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute(_TABLE)
        self._db.execute(_RESULTS)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def find(self, study_uid: str) -> Entry | None:
        """Entry of a study, None where it was never seen."""
        found = self._entries("WHERE study_uid = ?", study_uid)
        return found[0] if found else None

    def entry(self, number: int) -> Entry:
        """Entry of a number.

        Raises
        ------
        KeyError
            There is none.
        """
        found = self._entries("WHERE number = ?", number)
        if not found:
            raise KeyError(number)
        return found[0]

    def all(self) -> list[Entry]:
        """Every study, oldest number first."""
        return self._entries("")

    def due(self, now: float, stable_seconds: float) -> list[Entry]:
        """Studies to work on: results to store first, then those that had no new image of late."""
        return self._entries(
            "WHERE try_at <= :now AND (state = 'storing' OR "
            "(state = 'waiting' AND changed_at <= :now - :stable)) ORDER BY state, changed_at",
            {"now": now, "stable": stable_seconds},
        )

    def pending(self) -> bool:
        """Whether anything is left to wait for or to do."""
        return bool(self._entries("WHERE state IN (?, ?)", *PENDING))

    def seen(
        self, study_uid: str, count: int | None, content: str, images: int, now: float
    ) -> bool:
        """Note what the PACS holds; new source images set the study back to waiting.

        Returns
        -------
        bool
            The source images are other than before.
        """
        state = State.WAITING if images else State.NOTHING
        values = {"study_uid": study_uid, "count": count, "content": content, "images": images}
        changed = self._db.execute(_SEEN, {**values, "now": now, "state": state}).rowcount > 0
        if not changed:
            self._set("stored_instances = ? WHERE study_uid = ?", count, study_uid)
        return changed

    def begin(self, number: int) -> Entry:
        """Count a try before it is made, so that one which ends the process counts too."""
        self._set("failures = failures + 1, runs = runs + 1 WHERE number = ?", number)
        return self.entry(number)

    def not_counted(self, number: int) -> None:
        """Take back a try that ended for reasons outside the study."""
        self._set("failures = max(failures - 1, 0) WHERE number = ?", number)

    def failed(self, number: int, reason: str, try_at: float) -> None:
        """Note why a try failed and when the next may be made."""
        self._set("reason = ?, try_at = ? WHERE number = ?", reason, try_at, number)

    def measured(self, number: int, run: str) -> None:
        """Results lie in the folder ``run``; storing them has tries of its own."""
        values = (State.STORING, run, number)
        self._set("state = ?, run = ?, failures = 0, try_at = 0, reason = '' WHERE number = ?",
                  *values)  # fmt: skip

    def measure_again(self, number: int) -> None:
        """Go back to the start: the results are gone."""
        self._set("state = ?, run = '' WHERE number = ?", State.WAITING, number)

    def sending(self, number: int, uids: Iterable[str]) -> None:
        """Remember what goes to the PACS, before it goes."""
        self._db.execute(
            "INSERT OR IGNORE INTO result (number, uid) SELECT ?, value FROM json_each(?)",
            (number, json.dumps(list(uids))),
        )

    def supersede_others(self, number: int, uids: Iterable[str]) -> int:
        """Mark what earlier runs sent and the last one did not make; how many these are."""
        self._db.execute(
            "UPDATE result SET superseded = uid NOT IN (SELECT value FROM json_each(?)) "
            "WHERE number = ?",
            (json.dumps(list(uids)), number),
        )
        return len(self.superseded(number))

    def superseded(self, number: int) -> list[str]:
        """UIDs of objects of a study that later results took the place of."""
        rows = self._db.execute(
            "SELECT uid FROM result WHERE number = ? AND superseded ORDER BY rowid", (number,)
        )
        return [row["uid"] for row in rows]

    def ended(self, number: int, state: State, reason: str = "") -> None:
        """Leave a study as it is until its images change; only a parked one keeps its run."""
        kept = "" if state is State.PARKED else ", run = '', failures = 0"
        self._set(f"state = ?, reason = ?{kept} WHERE number = ?", state, reason, number)

    def again(self, number: int) -> None:
        """Start anew, from the results where a parked study has them."""
        self._set(
            "state = iif(run = '', 'waiting', 'storing'), failures = 0, try_at = 0, reason = '' "
            "WHERE number = ? AND images > 0",
            number,
        )

    def _set(self, change: str, *values: object) -> None:
        self._db.execute(f"UPDATE study SET {change}", values)

    def _entries(self, where: str, *values: object) -> list[Entry]:
        parameters = values[0] if values and isinstance(values[0], dict) else values
        rows = self._db.execute(f"SELECT * FROM study {where}", parameters).fetchall()
        return [Entry(**{**dict(row), "state": State(row["state"])}) for row in rows]
