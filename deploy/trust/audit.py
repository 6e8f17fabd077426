"""Known vulnerabilities of the packages, asked of the package index by pip-audit.

A part that the index does not know, or an index that does not answer, is no pass.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

from deploy.trust.parts import Package

_SECONDS = 600


class Verdict(IntEnum):
    """Exit code of the check."""

    CLEAN = 0
    VULNERABLE = 1
    NOT_CHECKED = 2


@dataclass(frozen=True)
class Audit:
    """What the index said: vulnerabilities and packages not checked, a line each."""

    checked: int
    vulnerable: tuple[str, ...] = ()
    not_checked: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """A vulnerability counts before a package that was not checked."""
        if self.vulnerable:
            return Verdict.VULNERABLE
        return Verdict.NOT_CHECKED if self.not_checked or not self.checked else Verdict.CLEAN

    def lines(self) -> list[str]:
        """Say it: where nothing was checked, once and with the first reason."""
        if not self.checked:
            first = f": {self.not_checked[0]}" if self.not_checked else ""
            told = [f"Nothing was checked: no data on vulnerabilities could be had{first}"]
        else:
            told = [*self.vulnerable, *self.not_checked]
        return [
            *told,
            f"{self.checked} packages checked, {len(self.vulnerable)} known vulnerabilities, "
            f"{len(self.not_checked)} packages not checked",
        ]


def audit(packages: Sequence[Package]) -> Audit:
    """Ask for every package."""
    with tempfile.TemporaryDirectory() as folder:
        pins = Path(folder) / "pins.txt"
        pins.write_text("\n".join(p.pin for p in packages) + "\n", encoding="utf-8")
        command = [sys.executable, "-m", "pip_audit", "--requirement", str(pins), "--no-deps",
                   "--disable-pip", "--format", "json", "--progress-spinner", "off"]  # fmt: skip
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=_SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            return _no_answer(packages, f"no answer after {_SECONDS} s")
    last = next(reversed(done.stderr.strip().splitlines()), "no reason given")
    return read_answer(done.stdout) or _no_answer(packages, f"pip-audit failed ({last})")


def read_answer(text: str) -> Audit | None:
    """Read the JSON that pip-audit prints; none where it printed no such thing."""
    try:
        found = json.loads(text)["dependencies"]
    except (json.JSONDecodeError, KeyError, TypeError):
        return None
    asked = [d for d in found if "skip_reason" not in d]
    return Audit(
        checked=len(asked),
        vulnerable=tuple(
            f"{d['name']} {d['version']}: {v['id']}"
            f" (mended in {', '.join(v['fix_versions']) or 'no version'})"
            for d in asked
            for v in d["vulns"]
        ),
        not_checked=tuple(f"{d['name']}: {d['skip_reason']}" for d in found if "skip_reason" in d),
    )


def _no_answer(packages: Sequence[Package], why: str) -> Audit:
    return Audit(0, not_checked=tuple(f"{p.name}: {why}" for p in packages))
