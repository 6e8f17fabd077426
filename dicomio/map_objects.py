"""All DICOM objects of the maps of a study: parametric maps and segments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dicomio.mapped_tissue import MappedTissue
from dicomio.origin import origin_of
from dicomio.parametric_map import SD, VALUE, WrittenPlane, write_plane
from dicomio.quiet import quiet
from dicomio.seg import WriterSettings
from dicomio.segment_seg import WrittenSegments, write_segments
from dicomio.uids import ResultIdentity


@dataclass(frozen=True, eq=False)
class WrittenMap:
    """What was written of one map; None where there was nothing to write.

    ``segments`` may be those of another map: see :attr:`MappedTissue.segmented_on`.
    """

    tissue: MappedTissue
    value: WrittenPlane | None
    sd: WrittenPlane | None
    segments: WrittenSegments | None

    @property
    def paths(self) -> tuple[Path, ...]:
        """Files of this map's own."""
        own = self.segments if self.tissue.segmented_on == self.tissue.key else None
        return tuple(w.path for w in (self.value, self.sd, own) if w is not None)


def write_maps(
    mapped: Sequence[MappedTissue],
    identity: ResultIdentity,
    settings: WriterSettings,
    folder: Path,
) -> tuple[WrittenMap, ...]:
    """Write the maps of a study to the existing ``folder``, in their order.

    The series of the maps count up from ``map_series_number``, value and SD of each in turn, those
    of the segments from ``segment_series_number``.
    """
    with quiet():
        segments = {
            tissue.key: write_segments(
                tissue,
                settings.segment_series_number + i,
                origin_of([tissue.images], identity),
                folder,
            )
            for i, tissue in enumerate(mapped)
            if tissue.segmented_on == tissue.key
        }
        return tuple(
            _write(tissue, settings.map_series_number + 2 * i, segments, identity, folder)
            for i, tissue in enumerate(mapped)
        )


def _write(
    tissue: MappedTissue,
    series_number: int,
    segments: dict[str, WrittenSegments | None],
    identity: ResultIdentity,
    folder: Path,
) -> WrittenMap:
    origin = origin_of([tissue.images], identity)
    value, sd = (
        write_plane(tissue, plane, number, origin, folder)
        for number, plane in enumerate((VALUE, SD), series_number)
    )
    return WrittenMap(tissue, value, sd, segments.get(tissue.segmented_on))
