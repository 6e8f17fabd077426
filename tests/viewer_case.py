"""Where a viewer has to draw segments and in which colour; numbers read off a page."""

import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pydicom
from highdicom.color import CIELabColor

from tests.conftest import require

CACHE = Path.home() / ".cache" / "cmr-map" / "ohif"


def masks_by_image(path: Path) -> dict[str, np.ndarray]:
    """Channel that each pixel of a source image has to be drawn in; -1 where there is no mask.

    The strongest channel of the segment's own colour; of segments that overlap, the last one's.
    """
    seg = pydicom.dcmread(path)
    channel = {s.SegmentNumber: strongest(s) for s in seg.SegmentSequence}
    frames = seg.pixel_array.reshape(-1, seg.Rows, seg.Columns)
    found: dict[str, np.ndarray] = {}
    for group, frame in zip(seg.PerFrameFunctionalGroupsSequence, frames, strict=True):
        (source,) = group.DerivationImageSequence[0].SourceImageSequence
        drawn = found.setdefault(source.ReferencedSOPInstanceUID, np.full(frame.shape, -1))
        drawn[frame > 0] = channel[group.SegmentIdentificationSequence[0].ReferencedSegmentNumber]
    return found


def strongest(segment: pydicom.Dataset) -> int:
    """0 red, 1 green, 2 blue; -1 of a colour that is all but white."""
    rgb = CIELabColor.from_dicom_value(segment.RecommendedDisplayCIELabValue).to_rgb()
    return int(np.argmax(rgb)) if max(rgb) - min(rgb) > 60 else -1


def headers(folder: Path) -> Iterator[pydicom.Dataset]:
    """Header of every file below a folder."""
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        yield pydicom.dcmread(path, stop_before_pixels=True)


def numbers(lines: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Number and unit by title, of lines of the report in words."""
    found = [re.match(r"(\S.*?)  +(\S+) (\S+)$", line) for line in lines]
    return {match[1]: (match[2], match[3]) for match in found if match}


def images(folder):
    return {header.SOPInstanceUID: header for header in headers(folder)}


@contextmanager
def opened(folder, *sources):
    """OHIF with one study open; ``folder`` is for the archive."""
    for name in ("Orthanc", "chromium", "npm"):
        require(shutil.which(name) is not None, name)
    try:
        from deploy.viewer import archive, ohif
        from deploy.viewer.reader import browser
    except ImportError as error:
        require(False, f"package {error.name}")
    require(archive.PLUGIN.exists(), "orthanc-dicomweb")
    files = [p for source in sources for p in source.rglob("*") if p.is_file()]
    found = [header for source in sources for header in headers(source)]
    n_series = len({h.SeriesInstanceUID for h in found})
    with (
        archive.local_orthanc(folder) as orthanc,
        ohif.serve(ohif.prebuilt(CACHE), orthanc) as viewer,
        browser() as reader,
    ):
        archive.upload(orthanc, files)
        reader.open_study(viewer, found[0].StudyInstanceUID, n_series)
        yield reader
