"""DICOM Segmentations of late enhancement: the overlapping parts of the wall, and AHA segments.

Scar, core, gray zone and no-reflow overlap each other and the wall. AHA segments overlap nothing
of their own kind, and stand in an object of their own: a viewer that holds one label a pixel
(OHIF) then shows all of them rightly, they can be switched off by themselves, and the object is
like that of a map.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from cmr.results_scar import GRAY_TITLES, METHOD_TITLES, GrayDefinition, Scar, ScarMethod
from dicomio import codes
from dicomio.equipment import LATE_ALGORITHM, Algorithm
from dicomio.late_scar import LateScar
from dicomio.origin import Origin, origin_of
from dicomio.quiet import quiet
from dicomio.region_seg import Regions, WrittenRegions, check_shapes, write_regions
from dicomio.seg import WriterSettings
from dicomio.seg_object import Structure, split, volume_unknown
from dicomio.seg_split import write_parts
from dicomio.segment_seg import AHA_STRUCTURES
from dicomio.uids import ResultIdentity

MYOCARDIUM, BLOOD_POOL, SCAR, CORE, GRAY_ZONE, NO_REFLOW = range(1, 7)
AHA_KEY = f"{LateScar.key}_aha"


@dataclass(frozen=True, eq=False)
class WrittenScar:
    """What was written of late enhancement.

    Attributes
    ----------
    masks
        Of myocardium, cavity, scar and its parts; None where there is no voxel.
    segments
        AHA segments; None where there are none.
    reason
        Why neither could be written; empty where they could.
    """

    late: LateScar
    masks: WrittenRegions | None
    segments: WrittenRegions | None
    origin: Origin
    reason: str = ""

    @property
    def objects(self) -> tuple[WrittenRegions, ...]:
        """The objects that were written."""
        return tuple(o for o in (self.masks, self.segments) if o is not None)


def write_scar(
    late: LateScar, identity: ResultIdentity, settings: WriterSettings, folder: Path
) -> WrittenScar:
    """Write both objects to the existing ``folder``, in series that count from the setting.

    Parts by source series, where the settings ask for them, lie beside them.

    Raises
    ------
    GeometryError
        Masks that do not lie on the slices of the images.
    """
    origin = origin_of([late.images], identity)
    reason = volume_unknown(late.images.geometry)
    if reason:
        return WrittenScar(late, None, None, origin, reason)
    number = settings.scar_series_number
    with quiet():
        masks = write_regions(_parts(late), number, origin, folder)
        segments = write_regions(_segments(late), number + 1, origin, folder)
        if settings.split_by_series:
            wholes = [written.whole for written in (masks, segments) if written]
            write_parts(wholes, settings.split_scar_series_number, origin, folder)
    return WrittenScar(late, masks, segments, origin)


def structures(scar: Scar) -> MappingProxyType[int, Structure]:
    """Wall and cavity, scar and its parts by label; names tell method and definition."""
    inside = codes.LV_MYOCARDIUM
    gray = GRAY_TITLES[scar.gray_definition]
    found = (
        Structure(MYOCARDIUM, "Left ventricular myocardium", codes.LV_MYOCARDIUM, (80, 180, 80)),
        Structure(BLOOD_POOL, "Left ventricular cavity", codes.LEFT_VENTRICLE, (250, 235, 235)),
        Structure(SCAR, f"Scar ({METHOD_TITLES[scar.method]})", codes.SCAR, (220, 50, 47), inside),
        Structure(CORE, f"Core ({gray})", codes.SCAR_CORE, (140, 20, 90), inside),
        Structure(GRAY_ZONE, gray[0].upper() + gray[1:], codes.GRAY_ZONE, (240, 190, 60), inside),
        Structure(NO_REFLOW, "No-reflow", codes.NO_REFLOW, (50, 70, 200), inside),
    )
    return MappingProxyType({s.label: s for s in found})


def method_algorithm(method: ScarMethod) -> Algorithm:
    """What a method of finding scar is."""
    network = method == "network"
    family = codes.ARTIFICIAL_INTELLIGENCE if network else codes.HISTOGRAM_ANALYSIS
    return Algorithm(f"{LateScar.title}, {METHOD_TITLES[method]}", family)


def gray_algorithm(definition: GrayDefinition) -> Algorithm:
    """What a way to tell core and gray zone apart is."""
    return Algorithm(f"{LateScar.title}, {GRAY_TITLES[definition]}", codes.HISTOGRAM_ANALYSIS)


def _algorithms(scar: Scar) -> MappingProxyType[int, Algorithm]:
    method, gray = method_algorithm(scar.method), gray_algorithm(scar.gray_definition)
    return MappingProxyType(
        {
            MYOCARDIUM: LATE_ALGORITHM,
            BLOOD_POOL: LATE_ALGORITHM,
            SCAR: method,
            CORE: gray,
            GRAY_ZONE: gray,
            NO_REFLOW: method,
        }
    )


def _parts(late: LateScar) -> Regions:
    found = structures(late.results)
    masks = {
        MYOCARDIUM: late.ventricle.wall,
        BLOOD_POOL: late.ventricle.cavity,
        SCAR: late.scar,
        CORE: late.core,
        GRAY_ZONE: late.gray,
        NO_REFLOW: late.no_reflow,
    }
    check_shapes(late.key, {found[label].title: m for label, m in masks.items()}, late.images)
    return Regions(
        key=late.key,
        title=late.title,
        series=f"{late.title} masks",
        description="Myocardium and scar on late enhancement",
        short=late.title,
        images=late.images,
        structures=list(found.values()),
        masks=masks,
        algorithms=_algorithms(late.results),
        moved=(False,) * late.images.geometry.n_slices,
    )


def _segments(late: LateScar) -> Regions:
    labels = late.ventricle.segments
    check_shapes(AHA_KEY, {"segments": labels}, late.images)
    return Regions(
        key=AHA_KEY,
        title=late.title,
        series=f"{late.title} segments",
        description="AHA segments on late enhancement",
        short=f"{late.title} AHA",
        images=late.images,
        structures=AHA_STRUCTURES,
        masks=split(labels, AHA_STRUCTURES),
        algorithms={s.label: LATE_ALGORITHM for s in AHA_STRUCTURES},
        moved=(False,) * late.images.geometry.n_slices,
    )
