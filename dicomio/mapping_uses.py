"""What each series of a study is used for in mapping, for its line in the results."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from dicomio.mapping_source import MappingSource, MapSource, ParameterSource
from dicomio.series_use import SeriesUse, uses_of

_UNUSED = "not part of any mapping acquisition that can be measured"


def series_uses(
    sources: Sequence[MappingSource],
    maps: Sequence[MapSource],
    parameters: Sequence[ParameterSource],
    refusals: Mapping[str, Sequence[str]],
    seen: Iterable[str],
) -> dict[str, SeriesUse]:
    """Images used of each series in ``seen``, and the reasons, each once."""
    return uses_of(_used(sources, maps, parameters), refusals, seen, _UNUSED)


def _used(
    sources: Sequence[MappingSource],
    maps: Sequence[MapSource],
    parameters: Sequence[ParameterSource],
) -> Iterator[tuple[str, str]]:
    """Series UID of each image that is used, and what for."""
    for source in sources:
        what = f"of {_name(source)}"
        for frame in (frame for row in source.frames for frame in row):
            yield frame.series_uid, f"source images {what}"
        for frame in (frame for row in source.phase for frame in row if frame is not None):
            yield frame.series_uid, f"phase of the source images {what}"
    for one in maps:
        for frame in one.frames:
            yield frame.series_uid, f"the scanner's map of {_name(one)}"
    for planes in parameters:
        for frame in (frame for frames in planes.frames.values() for frame in frames):
            yield frame.series_uid, f"the scanner's fit parameters of {_name(planes)}"


def _name(record: MappingSource | MapSource | ParameterSource) -> str:
    acquisition = record.acquisition
    contrast = f"{acquisition.contrast} " if acquisition.kind.startswith("T1") else ""
    return f"{contrast}{acquisition.kind}, {acquisition.sequence}"
