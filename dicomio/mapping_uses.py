"""What each series of a study is used for in mapping, for its line in the results."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from dicomio.mapping_source import MappingSource, MapSource, ParameterSource, SeriesUse

_UNUSED = "not part of any mapping acquisition that can be measured"


def series_uses(
    sources: Sequence[MappingSource],
    maps: Sequence[MapSource],
    parameters: Sequence[ParameterSource],
    refusals: Mapping[str, Sequence[str]],
    seen: Iterable[str],
) -> dict[str, SeriesUse]:
    """Images used of each series in ``seen``, and the reasons, each once."""
    images: Counter[str] = Counter()
    reasons: dict[str, list[str]] = defaultdict(list)

    def add(uid: str, reason: str) -> None:
        images[uid] += 1
        reasons[uid].append(reason)

    for source in sources:
        what = f"of {_name(source)}"
        for frame in (frame for row in source.frames for frame in row):
            add(frame.series_uid, f"source images {what}")
        for frame in (frame for row in source.phase for frame in row if frame is not None):
            add(frame.series_uid, f"phase of the source images {what}")
    for one in maps:
        for frame in one.frames:
            add(frame.series_uid, f"the scanner's map of {_name(one)}")
    for planes in parameters:
        for frame in (frame for frames in planes.frames.values() for frame in frames):
            add(frame.series_uid, f"the scanner's fit parameters of {_name(planes)}")
    for uid, texts in refusals.items():
        reasons[uid] += [f"not used: {text}" for text in texts]
    return {
        uid: SeriesUse(images[uid], "; ".join(dict.fromkeys(reasons[uid])) or _UNUSED)
        for uid in seen
    }


def _name(record: MappingSource | MapSource | ParameterSource) -> str:
    acquisition = record.acquisition
    contrast = f"{acquisition.contrast} " if acquisition.kind.startswith("T1") else ""
    return f"{contrast}{acquisition.kind}, {acquisition.sequence}"
