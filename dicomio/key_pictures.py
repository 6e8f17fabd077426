"""Which pictures of a study are key pictures, what they show, and of which images."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from dicomio.late_scar import LateScar
from dicomio.mapped_tissue import MappedTissue
from dicomio.secondary_capture import KeyPicture
from dicomio.seg import ED, ES, WrittenSeg
from dicomio.source import FrameRef, ImageSource
from dicomio.sr import WrittenObjects

# Name of the file: title, and the phases that it shows.
_CINE = {
    "cine-contours-ed": ("Cine, contours at end-diastole", (ED,)),
    "cine-contours-es": ("Cine, contours at end-systole", (ES,)),
    "cine-curves": ("Cine, volume-time curves", (ED, ES)),
    "cine-bullseyes": ("Cine, wall thickness and thickening by AHA segment", (ED, ES)),
    "cine-worst-slice": ("Cine, slice with the least certain contours", (ED, ES)),
}
MAP_BULLSEYES = "map-bullseyes"
_SCAR = {
    "scar-slices": "Late enhancement, scar on all slices",
    "scar-bullseyes": "Late enhancement, transmurality and scar by AHA segment",
    "scar-surfaces": "Late enhancement, surfaces of ventricle and scar",
}

# Name of the file, title, images that it was made from.
_Shown = tuple[str, str, Sequence[FrameRef]]


def key_pictures(folder: Path, objects: WrittenObjects) -> list[KeyPicture]:
    """Pictures in ``folder`` of what was written, in the order of the report."""
    known = [*_of_cine(objects.phases), *_of_maps([m.tissue for m in objects.maps])]
    known += _of_scar(objects.scar.late) if objects.scar else []
    paths = {path.stem: path for path in folder.glob("*.png")}
    return [
        KeyPicture(paths[name], title, frames) for name, title, frames in known if name in paths
    ]


def map_name(key: str) -> str:
    """Name of the picture of a map, without its suffix: as the DICOM objects of the map."""
    return f"map-{key.replace('_', '-')}"


def _of_cine(segs: Sequence[WrittenSeg]) -> Iterator[_Shown]:
    """Sources are the images with contours."""
    for name, (title, phases) in _CINE.items():
        keys = {phase.key for phase in phases}
        yield name, title, [frame for seg in segs if seg.phase in keys for frame in seg.frames]


def _of_maps(mapped: Sequence[MappedTissue]) -> Iterator[_Shown]:
    """Bullseyes of all maps first, then every map with its contours."""
    yield MAP_BULLSEYES, "Maps, values by AHA segment", _frames(m.images for m in mapped)
    for one in mapped:
        yield map_name(one.key), f"{one.title} map with contours", _frames([one.images])


def _of_scar(late: LateScar) -> Iterator[_Shown]:
    for name, title in _SCAR.items():
        yield name, title, _frames([late.images])


def _frames(sources: Iterable[ImageSource]) -> list[FrameRef]:
    return [frame for source in sources for row in source.frames for frame in row]
