"""Classic MR images: one file an image, in one series or in one series per slice."""

from __future__ import annotations

import math
from pathlib import Path

from pydicom.dataset import Dataset
from pydicom.uid import MRImageStorage

from phantom.acquired import Acquisition, ImageTags, Palette, Person
from phantom.encode import Syntax, save
from phantom.identity import Identity
from phantom.scanner_header import (
    DATE,
    clock,
    common_header,
    decimal,
    decimals,
    fill,
    image_begun_s,
    is_cine,
    stored_values,
    window,
)


def write_classic(  # noqa: PLR0913 - the options of the layout
    folder: Path,
    acquisition: Acquisition,
    person: Person,
    identity: Identity,
    *,
    one_series_per_slice: bool,
    syntax: Syntax,
    suffix: str = ".dcm",
) -> list[Path]:
    """Write an acquisition as MR Image Storage, slice by slice.

    With ``one_series_per_slice``, slice z gets the series number of the acquisition plus z.
    The files are ``s<series number>/i<instance number><suffix>`` below ``folder``.

    Raises
    ------
    ValueError
        Image values outside 0 to 4095.
    """
    stored = stored_values(acquisition)
    phases, slices = stored.shape[:2]
    shown = window(acquisition)
    paths = []
    for z in range(slices):
        series = acquisition.series_number + (z if one_series_per_slice else 0)
        series_begun = image_begun_s(acquisition, 0, z if one_series_per_slice else 0)
        for t in range(phases):
            instance = t + 1 + (0 if one_series_per_slice else z * phases)
            image = common_header(acquisition, person, identity, series)
            fill(
                image,
                SOPClassUID=MRImageStorage,
                SOPInstanceUID=identity.uid("image", series, instance),
                SeriesInstanceUID=identity.uid("series", series),
                SeriesTime=clock(series_begun),
                InstanceNumber=instance,
                **shown,
            )
            _add_sequence(image, acquisition)
            _add_place_and_time(image, acquisition, t, z)
            if acquisition.tags is not None:
                _add_tags(image, acquisition.tags, t, z)
            image.add_new("PixelData", "OW", stored[t, z].tobytes())
            path = folder / f"s{series:04d}" / f"i{instance:04d}{suffix}"
            save(image, path, syntax)
            paths.append(path)
    return paths


def _add_sequence(image: Dataset, acquisition: Acquisition) -> None:
    sequence = acquisition.sequence
    fill(
        image,
        ImageType=list(sequence.image_type),
        SequenceName=sequence.name,
        ScanningSequence=sequence.scanning_sequence.split("\\"),
        SequenceVariant=sequence.sequence_variant.split("\\"),
        ScanOptions=list(sequence.scan_options),
        MRAcquisitionType="2D",
        EchoTime=decimal(sequence.echo_time_ms),
        RepetitionTime=decimal(sequence.repetition_time_ms),
        FlipAngle=decimal(sequence.flip_angle_deg),
        EchoTrainLength=1,
        ImagedNucleus="1H",
    )
    if "IR" in image.ScanningSequence:
        image.InversionTime = None


def _add_place_and_time(image: Dataset, acquisition: Acquisition, t: int, z: int) -> None:
    volume, geometry = acquisition.volume, acquisition.volume.geometry
    begun = clock(image_begun_s(acquisition, t, z))
    fill(
        image,
        AcquisitionNumber=z + 1,
        AcquisitionDate=DATE,
        AcquisitionTime=begun,
        ContentTime=begun,
        ImagePositionPatient=decimals(geometry.positions_mm[z]),
        ImageOrientationPatient=decimals([*geometry.row_cosine, *geometry.column_cosine]),
        PixelSpacing=decimals(geometry.pixel_spacing_mm),
        SliceThickness=decimal(geometry.slice_thickness_mm),
        SliceLocation=decimal(geometry.slice_positions_mm[z]),
    )
    if math.isfinite(volume.times_ms[t, z]):
        image.TriggerTime = decimal(volume.times_ms[t, z])
    if math.isfinite(volume.rr_ms[z]):
        image.NominalInterval = round(volume.rr_ms[z])
    if is_cine(acquisition):
        image.CardiacNumberOfImages = volume.n_phases


def _add_tags(image: Dataset, tags: ImageTags, t: int, z: int) -> None:
    if tags.inversion_ms is not None:
        image.InversionTime = decimal(tags.inversion_ms[t, z])
    if tags.echo_ms is not None:
        image.EchoTime = decimal(tags.echo_ms[t, z])
    if tags.comments:
        image.ImageComments = tags.comments[t]
    if tags.palettes:
        _add_palette(image, tags.palettes[t])
    if tags.rescale is not None:
        slope, intercept = tags.rescale
        fill(image, RescaleSlope=decimal(slope), RescaleIntercept=decimal(intercept))
        image.RescaleType = "US"
    if tags.contrast_s is not None:
        fill(image, ContrastBolusAgent="Gadobutrol", ContrastBolusRoute="INTRAVENOUS")
        image.ContrastBolusStartTime = clock(tags.contrast_s)


def _add_palette(image: Dataset, palette: Palette) -> None:
    for name, values in (("Red", palette.red), ("Green", palette.green), ("Blue", palette.blue)):
        setattr(image, f"{name}PaletteColorLookupTableDescriptor", [len(values), 0, 16])
        setattr(image, f"{name}PaletteColorLookupTableData", values.astype("<u2").tobytes())
