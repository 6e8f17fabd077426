"""Headers and files of mapping acquisitions, laid out as vendor_tags.csv has them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset

from dicomio.index import index_input
from dicomio.mapping_source import MappingStudy
from dicomio.selection import Selection, select
from tests.dicom_factory import READER, SELECTION, SHORT_AXIS, header, position, study, uid, write

# (inversion time or other time in ms, heart beat from the start), in the order of acquisition.
Scheme = tuple[tuple[float, int], ...]
RR_MS = 1000
# 5(3)3: five images, three beats of pause, three images; 4(1)3(1)2; 5(1)1(1)1.
MOLLI_533: Scheme = (
    *((100 + RR_MS * k, k) for k in range(5)),
    *((180 + RR_MS * k, 8 + k) for k in range(3)),
)
MOLLI_41312: Scheme = (
    *((100 + RR_MS * k, k) for k in range(4)),
    *((180 + RR_MS * k, 5 + k) for k in range(3)),
    *((260 + RR_MS * k, 9 + k) for k in range(2)),
)
SHMOLLI: Scheme = (*((100 + RR_MS * k, k) for k in range(5)), (180, 6), (260, 8))
SASHA: Scheme = ((10000, 0), *((100 + 70 * k, 1 + k) for k in range(9)))
HEIGHTS = (0.0, 10.0, 20.0)
INVERSION = {"ScanningSequence": ["GR", "IR"], "SequenceName": "tfi2d1_84"}


def clock(seconds: float) -> str:
    """Time of day, ``seconds`` after noon."""
    whole = 12 * 3600 + int(seconds)
    fraction = round((seconds - int(seconds)) * 1e6)
    return f"{whole // 3600:02d}{whole // 60 % 60:02d}{whole % 60:02d}.{fraction:06d}"


def source(
    name: str,
    scheme: Scheme,
    heights: tuple[float, ...] = HEIGHTS,
    start_s: float = 0.0,
    *,
    timed: str = "InversionTime",
    **changes: Any,
) -> list[Dataset]:
    """A series of source images, slice by slice, 20 s a slice."""
    found = []
    for z, height in enumerate(heights):
        for time, beat in scheme:
            number = len(found) + 1
            values = {
                "SOPInstanceUID": uid(f"{name}-{number}"),
                "SeriesInstanceUID": uid(name),
                "ImagePositionPatient": position(SHORT_AXIS, height),
                "ImageOrientationPatient": [*SHORT_AXIS[0], *SHORT_AXIS[1]],
                "InstanceNumber": number,
                "AcquisitionDate": "20240101",
                "AcquisitionTime": clock(start_s + 20 * z + beat * RR_MS / 1000),
                "TriggerTime": 600.0,
                "NominalInterval": RR_MS,
                timed: time,
                **changes,
            }
            found.append(header(**{k: v for k, v in values.items() if v is not None}))
    return found


def molli(name: str, scheme: Scheme = MOLLI_533, **changes: Any) -> list[Dataset]:
    """A Siemens MOLLI series."""
    return source(name, scheme, **{**INVERSION, **changes})


def t2_prepared(name: str, times: tuple[float, ...] = (0, 25, 55), **changes: Any) -> list[Dataset]:
    """A Siemens T2-prep series: the time stands in the comment."""
    made = source(
        name,
        tuple((t, 4 * n) for n, t in enumerate(times)),
        timed="EchoTime",
        **{"SequenceName": "*tfi2d1_60", "SequenceVariant": ["SK", "SS"], **changes},
    )
    for ds in made:
        ds.ImageComments = f"T2 prep. duration = {int(ds.EchoTime)} ms"
        ds.EchoTime = 1.3
    return made


def scanner_map(name: str, token: str = "T1 MAP", **changes: Any) -> list[Dataset]:
    """A scanner's map, one image a slice."""
    return source(
        name,
        ((0, 12),),
        **{"ImageType": ["DERIVED", "PRIMARY", token, "MOCO"], **changes},
    )


def chosen(*series: list[Dataset]) -> Selection:
    """Selection from headers without files."""
    return select(study(*series), SELECTION)


def mapping(*series: list[Dataset]) -> MappingStudy:
    """Mapping acquisitions from headers without files."""
    return chosen(*series).mapping


def stored(folder: Path, *series: list[Dataset], values: Any = None) -> MappingStudy:
    """Mapping acquisitions of files; ``values`` maps a header to its stored pixels."""
    for datasets in series:
        for ds in datasets:
            pixels = (
                np.full((ds.Rows, ds.Columns), 100, np.uint16) if values is None else values(ds)
            )
            write(ds, folder / f"{ds.SOPInstanceUID}.dcm", pixels)
    [found] = index_input(folder, READER).studies
    return select(found, SELECTION).mapping
