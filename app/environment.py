"""Input and output folders that platforms name by environment variables, in one table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cmr.errors import UsageError


@dataclass(frozen=True)
class FolderVariables:
    """The variables that may name one folder.

    ``packaged`` is what the image of a MONAI Application Package always sets, to
    ``packaged_value``; ``platforms`` are those that others set when they start it.
    """

    packaged: str
    packaged_value: Path
    platforms: tuple[str, ...]


INPUT = FolderVariables(
    packaged="HOLOSCAN_INPUT_PATH",
    packaged_value=Path("/var/holoscan/input"),
    platforms=("MONAI_INPUTPATH", "MERCURE_IN_DIR"),
)
OUTPUT = FolderVariables(
    packaged="HOLOSCAN_OUTPUT_PATH",
    packaged_value=Path("/var/holoscan/output"),
    platforms=("MONAI_OUTPUTPATH", "MERCURE_OUT_DIR"),
)


def folder_from(variables: FolderVariables, env: Mapping[str, str]) -> str | None:
    """The folder that the environment names; ``None`` where it names none.

    The packaged variable wins where somebody changed it. Where it has the value that the image
    gave it, a platform that sets only its own variables is believed instead.

    Raises
    ------
    UsageError
        Two platforms name different folders, and nothing says which of them is right.
    """
    packaged = env.get(variables.packaged)
    if packaged and Path(packaged) != variables.packaged_value:
        return packaged
    named = {name: env[name] for name in variables.platforms if env.get(name)}
    if len({Path(value) for value in named.values()}) > 1:
        names = " and ".join(named)
        raise UsageError(f"{names} name different folders; set {variables.packaged} instead.")
    return next(iter(named.values()), packaged or None)
