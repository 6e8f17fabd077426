"""Settings of the bridge, read once and checked whole."""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import Field, HttpUrl, PositiveFloat, PositiveInt, field_validator

from cmr.settings import Section, read_yaml

_PLACES = ("{input}", "{output}")
_PLACE = re.compile("|".join(map(re.escape, _PLACES)))


class BridgeSettings(Section):
    """The whole file; ``bridge.yaml`` says what each key means."""

    dicomweb: HttpUrl
    timeout_seconds: PositiveFloat
    folder: Path
    poll_seconds: PositiveFloat
    stable_seconds: PositiveFloat
    newest_days: PositiveInt | None
    command: tuple[str, ...] = Field(min_length=1)
    command_timeout_seconds: PositiveFloat
    tries: PositiveInt
    first_delay_seconds: PositiveFloat
    longest_delay_seconds: PositiveFloat

    @field_validator("command")
    @classmethod
    def _both_places(cls, command: tuple[str, ...]) -> tuple[str, ...]:
        for place in _PLACES:
            if not any(place in word for word in command):
                raise ValueError(f"the command lacks {place}")
        return command

    def command_for(self, source: Path, output: Path) -> list[str]:
        """Words of the command for one run."""
        places = dict(zip(_PLACES, (str(source), str(output)), strict=True))
        return [_PLACE.sub(lambda found: places[found[0]], word) for word in self.command]

    def delay_seconds(self, failures: int) -> float:
        """Wait after so many failures: the first delay, doubled each time, up to the longest."""
        doublings = min(max(failures - 1, 0), 32)
        return min(self.first_delay_seconds * 2.0**doublings, self.longest_delay_seconds)


def load_settings(path: Path) -> BridgeSettings:
    """Read and check the settings.

    Raises
    ------
    UsageError
        The file is missing, is not YAML, lacks a key, or has one that is unknown or mistyped.
    """
    return read_yaml(path, BridgeSettings, "Settings")
