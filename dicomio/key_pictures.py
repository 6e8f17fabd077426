"""Which pictures of a study are key pictures, what they show, and of which images."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from dicomio.late_scar import LateScar
from dicomio.mapped_tissue import MappedTissue
from dicomio.secondary_capture import KeyPicture
from dicomio.seg import ED, ES, WrittenSeg
from dicomio.source import FrameRef

_ED, _ES = (ED.key,), (ES.key,)
_BOTH = _ED + _ES
# Name of the file: title, and the phases that it shows.
CINE = {
    "cine-contours-ed": ("Cine, contours at end-diastole", _ED),
    "cine-contours-es": ("Cine, contours at end-systole", _ES),
    "cine-curves": ("Cine, volume-time curves", _BOTH),
    "cine-bullseyes": ("Cine, wall thickness and thickening by AHA segment", _BOTH),
    "cine-worst-slice": ("Cine, slice with the least certain contours", _BOTH),
}
MAP_BULLSEYES = "map-bullseyes"
SCAR = {
    "scar-slices": "Late enhancement, scar on all slices",
    "scar-bullseyes": "Late enhancement, transmurality and scar by AHA segment",
    "scar-surfaces": "Late enhancement, surfaces of ventricle and scar",
}


def cine_pictures(paths: Iterable[Path], phases: Sequence[WrittenSeg]) -> list[KeyPicture]:
    """Pictures of the cine; their sources are the images with contours."""
    found = {path.stem: path for path in _pngs(paths)}
    return [
        KeyPicture(found[name], title, [f for p in phases if p.phase in keys for f in p.frames])
        for name, (title, keys) in CINE.items()
        if name in found
    ]


def map_pictures(paths: Iterable[Path], mapped: Sequence[MappedTissue]) -> list[KeyPicture]:
    """Bullseyes of all maps first, then every map with its contours."""
    found = {path.stem: path for path in _pngs(paths)}
    shown = [(MAP_BULLSEYES, "Maps, values by AHA segment", list(mapped))]
    shown += [(map_name(m.key), f"{m.title} map with contours", [m]) for m in mapped]
    return [
        KeyPicture(found[name], title, [f for m in maps for f in _frames(m)])
        for name, title, maps in shown
        if name in found
    ]


def scar_pictures(paths: Iterable[Path], late: LateScar) -> list[KeyPicture]:
    """Pictures of late enhancement."""
    found = {path.stem: path for path in _pngs(paths)}
    frames = [frame for row in late.images.frames for frame in row]
    return [KeyPicture(found[name], title, frames) for name, title in SCAR.items() if name in found]


def map_name(key: str) -> str:
    """Name of the picture of a map, without its suffix: as the DICOM objects of the map."""
    return f"map-{key.replace('_', '-')}"


def _frames(mapped: MappedTissue) -> list[FrameRef]:
    return [frame for row in mapped.images.frames for frame in row]


def _pngs(paths: Iterable[Path]) -> list[Path]:
    return [path for path in paths if path.suffix == ".png"]
