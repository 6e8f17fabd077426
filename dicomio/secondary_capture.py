"""Key pictures of a study as Secondary Capture: one series, one picture an instance.

Uncompressed explicit VR little endian, as all results: gateways of informatics platforms do not
transcode, and senders offer it without being told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.uid import SecondaryCaptureImageStorage

from dicomio import codes
from dicomio.origin import Origin
from dicomio.quiet import quiet
from dicomio.rendering import Rendering, WrittenRendering, new_object, save, source_items
from dicomio.seg import WriterSettings
from dicomio.source import FrameRef
from dicomio.uids import file_name

# Longer sides than this are more than a screen beside the images shows.
_LARGE_PX = 1000


@dataclass(frozen=True, eq=False)
class KeyPicture:
    """A PNG file, what it shows, and the images it was made from (maybe none)."""

    path: Path
    title: str
    frames: Sequence[FrameRef]


def write_captures(
    pictures: Sequence[KeyPicture], origin: Origin, settings: WriterSettings, folder: Path
) -> tuple[WrittenRendering, ...]:
    """Write ``pictures`` to ``folder``, numbered in their order. They name no patient."""
    with quiet():
        return tuple(
            _write(picture, number, origin, settings, folder)
            for number, picture in enumerate(pictures, 1)
        )


def _write(
    picture: KeyPicture, number: int, origin: Origin, settings: WriterSettings, folder: Path
) -> WrittenRendering:
    name = picture.path.stem
    plan = Rendering(
        sop_class_uid=SecondaryCaptureImageStorage,
        modality="OT",
        kind=f"capture/{name}",
        series="capture",
        series_number=settings.capture_series_number,
        instance_number=number,
        series_description="Key pictures",
        names_patient=False,
    )
    made = new_object(plan, origin)
    made.ImageType = ["DERIVED", "SECONDARY"]
    made.ImageComments = picture.title
    made.PatientOrientation = None  # several views, or a chart
    if picture.frames:
        made.SourceImageSequence = source_items(picture.frames)
        for item in made.SourceImageSequence:
            purpose = codes.item(codes.SOURCE_IMAGE_FOR_PROCESSING)
            item.PurposeOfReferenceCodeSequence = [purpose]
    _set_pixels(made, _colours(picture.path))
    return save(made, folder / file_name(f"capture-{name}", made.SOPInstanceUID))


def _colours(path: Path) -> npt.NDArray[np.uint8]:
    """``(row, col, 3)`` of a PNG file; what is transparent lies on white.

    Large pictures, drawn for print, are halved: each pixel is the mean of four.
    """
    with Image.open(path) as image:
        page = Image.new("RGBA", image.size, "white")
        page.alpha_composite(image.convert("RGBA"))
        colours = page.convert("RGB")
        return np.asarray(colours.reduce(2) if max(colours.size) > _LARGE_PX else colours)


def _set_pixels(made: Dataset, colours: npt.NDArray[np.uint8]) -> None:
    made.Rows, made.Columns, made.SamplesPerPixel = colours.shape
    made.PhotometricInterpretation = "RGB"
    made.PlanarConfiguration = 0
    made.BitsAllocated, made.BitsStored, made.HighBit, made.PixelRepresentation = 8, 8, 7, 0
    made.LossyImageCompression = "00"
    pixels = colours.tobytes()
    made.PixelData = pixels + bytes(len(pixels) % 2)
