"""All DICOM objects of the maps of a study: parametric maps and segments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dicomio.mapped_tissue import MappedTissue
from dicomio.origin import Origin, origin_of
from dicomio.parametric_map import SD, VALUE, WrittenPlane, write_plane
from dicomio.quiet import quiet
from dicomio.region_seg import WrittenRegions
from dicomio.seg import WriterSettings
from dicomio.seg_split import write_parts
from dicomio.segment_seg import write_segments
from dicomio.uids import ResultIdentity


@dataclass(frozen=True, eq=False)
class WrittenMap:
    """What was written of one map; None where there was nothing to write.

    ``segments`` may be those of another map: see :attr:`MappedTissue.segmented_on`.
    """

    tissue: MappedTissue
    value: WrittenPlane | None
    sd: WrittenPlane | None
    segments: WrittenRegions | None
    origin: Origin

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
    of the segments from ``segment_series_number``. Parts of the segments by source series, where
    the settings ask for them, count from ``split_map_series_number``.
    """
    with quiet():
        origins = [origin_of([tissue.images], identity) for tissue in mapped]
        segments = {
            tissue.key: write_segments(
                tissue, settings.segment_series_number + i, origins[i], folder
            )
            for i, tissue in enumerate(mapped)
            if tissue.segmented_on == tissue.key
        }
        number = settings.split_map_series_number
        for tissue, origin in zip(mapped, origins, strict=True):
            drawn = segments.get(tissue.key)
            if settings.split_by_series and drawn:
                number += len(write_parts([drawn.whole], number, origin, folder))
        written = []
        for i, tissue in enumerate(mapped):
            value, sd = (
                write_plane(tissue, plane, number, origins[i], folder)
                for number, plane in enumerate((VALUE, SD), settings.map_series_number + 2 * i)
            )
            shown = segments[tissue.segmented_on]
            written.append(WrittenMap(tissue, value, sd, shown, origins[i]))
        return tuple(written)
