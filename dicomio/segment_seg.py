"""DICOM Segmentation of a map: AHA segments and LV blood pool, one BINARY instance a map."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cmr.anatomy import Labels
from cmr.labels import Label
from dicomio import codes, equipment
from dicomio.mapped_tissue import MappedTissue
from dicomio.origin import Origin
from dicomio.region_seg import Regions, WrittenRegions, check_shapes, write_regions
from dicomio.seg_object import Structure, split

BLOOD_POOL = 17
MYOCARDIUM = 18
"""Values beyond those of the AHA segments."""

# Hues of the ring go round it, its levels from light to dark: neighbours differ in both.
_RING = (
    (230, 80, 70),
    (235, 150, 50),
    (220, 205, 60),
    (90, 180, 80),
    (60, 160, 210),
    (150, 100, 200),
)
_LEVELS = ((1, 6, 1.0), (7, 6, 0.75), (13, 4, 0.5))


def _colours() -> dict[int, tuple[int, int, int]]:
    found = {}
    for first, count, light in _LEVELS:
        for i in range(count):
            red, green, blue = _RING[i * len(_RING) // count]
            found[first + i] = (round(red * light), round(green * light), round(blue * light))
    return found


def _title(meaning: str) -> str:
    return meaning.removeprefix("left ventricle ").capitalize()


AHA_STRUCTURES: tuple[Structure, ...] = tuple(
    Structure(number, f"AHA {number} {_title(code.meaning)}", code, _colours()[number])
    for number, code in codes.AHA_SEGMENTS.items()
)
STRUCTURES: tuple[Structure, ...] = (
    *AHA_STRUCTURES,
    Structure(BLOOD_POOL, "Left ventricular cavity", codes.LEFT_VENTRICLE, (250, 235, 235)),
    Structure(MYOCARDIUM, "Left ventricular myocardium", codes.LV_MYOCARDIUM, (80, 180, 80)),
)
"""In the order of segment numbers."""


def write_segments(
    tissue: MappedTissue, series_number: int, origin: Origin, folder: Path
) -> WrittenRegions | None:
    """Write the segments of a map; None where no heart was found.

    Raises
    ------
    GeometryError
        Masks that do not lie on the slices of the source images.
    """
    arrays = {"labels": tissue.labels, "segments": tissue.segments}
    check_shapes(tissue.key, arrays, tissue.images)
    regions = Regions(
        key=tissue.key,
        title=tissue.title,
        series=f"{tissue.title} segments",
        description=f"Segments of the {tissue.title} map",
        short=tissue.title,
        images=tissue.images,
        structures=STRUCTURES,
        masks=split(_labels(tissue), STRUCTURES),
        algorithms={s.label: equipment.MAPPING_ALGORITHM for s in STRUCTURES},
        moved=tissue.moved,
    )
    return write_regions(regions, series_number, origin, folder)


def _labels(tissue: MappedTissue) -> Labels:
    """AHA segments and blood pool; the whole myocardium where it has no segments."""
    labels = np.where(tissue.labels == Label.LV, BLOOD_POOL, tissue.segments)
    if not tissue.segments.any():
        labels = np.where(tissue.labels == Label.MYOCARDIUM, MYOCARDIUM, labels)
    return labels.astype(np.uint8)
