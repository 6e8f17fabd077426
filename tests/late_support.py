"""Headers and files of late enhancement, laid out as vendor_tags.csv has them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset

from dicomio.index import index_input
from dicomio.late import LateChoice
from dicomio.late_source import LateSource
from dicomio.selection import Selection, select
from tests.dicom_factory import READER, SELECTION, SHORT_AXIS, header, position, study, uid, write
from tests.mapping_support import clock

HEIGHTS = tuple(10.0 * n for n in range(9))
REAL = {"ImageType": ["ORIGINAL", "PRIMARY", "R", "PSIR", "ND"]}
PHASE = {"ImageType": ["ORIGINAL", "PRIMARY", "P", "ND"]}
MOCO = ["MOCO", "DIS2D"]


def late(
    name: str,
    heights: Sequence[float] = HEIGHTS,
    start_s: float = 900.0,
    plane: Any = SHORT_AXIS,
    **changes: Any,
) -> list[Dataset]:
    """A series of late enhancement, 20 s a slice; magnitude unless told otherwise."""
    return [
        header(
            **{
                "SOPInstanceUID": uid(f"{name}-{n}"),
                "SeriesInstanceUID": uid(name),
                "ImagePositionPatient": position(plane, height),
                "ImageOrientationPatient": [*plane[0], *plane[1]],
                "InstanceNumber": n + 1,
                "ScanningSequence": ["GR", "IR"],
                "InversionTime": 300 + n,
                "TriggerTime": 600.0,
                "NominalInterval": 1000,
                "AcquisitionDate": "20240101",
                "AcquisitionTime": clock(start_s + 20 * n),
                **changes,
            }
        )
        for n, height in enumerate(heights)
    ]


def in_series(name: str, *made: list[Dataset]) -> list[Dataset]:
    """Put images into one series."""
    found = [ds for datasets in made for ds in datasets]
    for n, ds in enumerate(found):
        ds.SeriesInstanceUID, ds.InstanceNumber = uid(name), n + 1
    return found


def chosen(*series: list[Dataset]) -> Selection:
    """Selection from headers without files."""
    return select(study(*series), SELECTION)


def choice(*series: list[Dataset]) -> LateChoice:
    """Late enhancement from headers without files."""
    return chosen(*series).late


def source(*series: list[Dataset]) -> LateSource:
    """The stack that is found, from headers without files."""
    return choice(*series).required()


def stored(
    folder: Path, *series: list[Dataset], values: Callable[[Dataset], np.ndarray]
) -> LateSource:
    """Write files and find their stack; ``values`` maps a header to its stored pixels."""
    for datasets in series:
        for ds in datasets:
            write(ds, folder / f"{ds.SOPInstanceUID}.dcm", values(ds))
    [found] = index_input(folder, READER).studies
    return select(found, SELECTION).late.required()
