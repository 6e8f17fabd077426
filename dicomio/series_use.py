"""What each series of a study is used for by a measurement, for its line in the results."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class SeriesUse:
    """What the images of one series are taken for: how many are used, and why or why not."""

    images: int
    reason: str


def uses_of(
    used: Iterable[tuple[str, str]],
    refusals: Mapping[str, Sequence[str]],
    seen: Iterable[str],
    otherwise: str,
) -> dict[str, SeriesUse]:
    """Images used of each series in ``seen``, and the reasons, each once.

    Parameters
    ----------
    used
        Series UID of each image that is used, and what for.
    refusals
        Why images are not used, by series UID.
    seen
        UIDs of all series to speak of.
    otherwise
        Reason of a series that is in neither.
    """
    images: Counter[str] = Counter()
    reasons: dict[str, list[str]] = defaultdict(list)
    for uid, reason in used:
        images[uid] += 1
        reasons[uid].append(reason)
    for uid, texts in refusals.items():
        reasons[uid] += [f"not used: {text}" for text in texts]
    return {
        uid: SeriesUse(images[uid], "; ".join(dict.fromkeys(reasons[uid])) or otherwise)
        for uid in dict.fromkeys(seen)
    }
