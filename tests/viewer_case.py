"""A study with a heart in it, its masks, and a viewer beside a local archive."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pydicom


def masks_by_image(path: Path) -> dict[str, np.ndarray]:
    """Channel that each pixel of a source image has to be drawn in; -1 where there is no mask.

    Cavity, myocardium and right ventricle are red, green and blue.
    """
    colour = {"Left ventricular cavity": 0, "Left ventricular myocardium": 1}
    seg = pydicom.dcmread(path)
    channel = {s.SegmentNumber: colour.get(s.SegmentLabel, 2) for s in seg.SegmentSequence}
    frames = seg.pixel_array.reshape(-1, seg.Rows, seg.Columns)
    found: dict[str, np.ndarray] = {}
    for group, frame in zip(seg.PerFrameFunctionalGroupsSequence, frames, strict=True):
        (source,) = group.DerivationImageSequence[0].SourceImageSequence
        drawn = found.setdefault(source.ReferencedSOPInstanceUID, np.full(frame.shape, -1))
        drawn[frame > 0] = channel[group.SegmentIdentificationSequence[0].ReferencedSegmentNumber]
    return found


def headers(folder: Path) -> Iterator[pydicom.Dataset]:
    """Header of every file below a folder."""
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        yield pydicom.dcmread(path, stop_before_pixels=True)
