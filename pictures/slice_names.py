"""What stands over a slice."""

from __future__ import annotations

from collections.abc import Sequence

from texts import Words


def slice_names(levels: Sequence[str | None], words: Words) -> tuple[str, ...]:
    """Number and level of each slice, such as ``Slice 2 of 3 · mid``."""
    names = [words("Slice {n} of {count}", n=n, count=len(levels)) for n, _ in enumerate(levels, 1)]
    return tuple(
        f"{name} · {words(level)}" if level else name
        for name, level in zip(names, levels, strict=True)
    )
