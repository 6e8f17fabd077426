"""How the bridge ends an application that does not come to an end."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from deploy.bridge import application

pytestmark = pytest.mark.requirement("NBR-05")

# A shell that ends at the first signal, and what it started, such as a container's client, which
# needs a moment to pass it on.
CLIENT = """
( trap 'sleep 1; echo passed on > told; exit' TERM; while :; do sleep 0.1; done ) &
wait
"""
DEAF = "( trap '' TERM; while :; do echo on; sleep 0.1; done ) & wait"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)

    def start(script: str, limit_seconds: float = 2) -> int | None:
        return application.run(["sh", "-c", script], tmp_path / "printed", limit_seconds)

    return start


def test_what_the_command_started_has_time_to_pass_the_signal_on(run, tmp_path) -> None:
    assert run(CLIENT) is None
    assert (tmp_path / "told").read_text() == "passed on\n"


def test_what_does_not_hear_is_killed(run, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(application, "_GRACE_SECONDS", 0.5)
    assert run(DEAF) is None
    size = (tmp_path / "printed").stat().st_size
    assert run("sleep 1", 60) == 0
    assert size > 0
    assert "on" not in (tmp_path / "printed").read_text(), "it would print into the new file"


def test_nothing_is_waited_for_where_nothing_is_left(run, monkeypatch) -> None:
    # The module's own clock alone: subprocess sleeps too while it waits for the command.
    clock = SimpleNamespace(sleep=lambda _: pytest.fail("waited"))
    monkeypatch.setattr(application, "time", clock)
    assert run("exit 5", 60) == 5
