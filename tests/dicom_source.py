"""A small cine of known geometry as DICOM files, for tests of the writers."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import EnhancedMRImageStorage, ExplicitVRLittleEndian, MRImageStorage, generate_uid

from cmr.body import Subject
from cmr.labels import Label
from cmr.volume import StackGeometry, Volume4D
from dicomio.quiet import quiet
from dicomio.source import CineSource, FrameRef

STUDY_UID = generate_uid(entropy_srcs=["tests of the writers"])
FRAME_OF_REFERENCE_UID = generate_uid(entropy_srcs=["frame of reference"])


def uid(*parts: object) -> str:
    return generate_uid(entropy_srcs=[str(part) for part in parts])


def stack(
    gaps_mm: Sequence[float] = (10.0,) * 7,
    shape: tuple[int, int] = (48, 40),
    spacing: tuple[float, float] = (1.5, 1.25),
) -> StackGeometry:
    """An oblique stack; rows and columns differ in number and spacing."""
    row = np.array([0.8, 0.0, 0.6])
    column = np.array([0.36, 0.8, -0.48])
    distance = np.concatenate([[0.0], np.cumsum(gaps_mm)])
    positions = np.array([-61.5, 12.25, -80.0]) + distance[:, None] * np.cross(row, column)
    return StackGeometry(
        positions, row, column, spacing, shape, 8.0, frame_of_reference_uid=FRAME_OF_REFERENCE_UID
    )


def header(patient: dict[str, object] | None = None) -> Dataset:
    """Patient, study and equipment of every test image, with things that must not be copied."""
    ds = Dataset()
    ds.SpecificCharacterSet = "ISO_IR 100"
    ds.PatientName, ds.PatientID, ds.PatientBirthDate = "Müller^Test", "MRN-4711", "19560102"
    ds.PatientSex, ds.PatientAge = "F", "068Y"
    ds.PatientSize, ds.PatientWeight = "1.80", "80"
    ds.PatientComments, ds.AdditionalPatientHistory = "secret comment", "secret history"
    ds.OtherPatientIDs, ds.Occupation, ds.PatientAddress = "secret ID", "secret job", "secret"
    ds.StudyInstanceUID, ds.StudyID, ds.AccessionNumber = STUDY_UID, "S1", "ACC1"
    ds.StudyDate, ds.StudyTime, ds.StudyDescription = "20240704", "103000", "Cardiac MR"
    ds.ReferringPhysicianName = "Referrer^R"
    ds.Modality, ds.Manufacturer, ds.BodyPartExamined = "MR", "Test", "HEART"
    ds.ManufacturerModelName = "Scanner"
    for keyword, value in (patient or {}).items():
        setattr(ds, keyword, value)
    return ds


def write_cine(
    folder: Path,
    geometry: StackGeometry,
    n_phases: int = 4,
    *,
    series: str = "one",
    patient: dict[str, object] | None = None,
) -> CineSource:
    """Write a cine: ``series`` is ``one``, ``per_slice`` or ``enhanced``."""
    folder.mkdir(parents=True, exist_ok=True)
    write = _write_enhanced if series == "enhanced" else _write_classic
    with quiet():  # malformed patients are malformed on purpose
        frames = write(folder, geometry, n_phases, series, patient)
    times = np.linspace(0, 800, n_phases, endpoint=False)[:, None] + np.zeros(geometry.n_slices)
    return CineSource(
        study_uid=STUDY_UID,
        frames=frames,
        geometry=geometry,
        times_ms=times,
        rr_ms=np.full(geometry.n_slices, 800.0),
        subject=Subject(180.0, 80.0),
        field_strength_t=1.5,
        manufacturer="Test",
    )


def _save(ds: Dataset, path: Path) -> None:
    ds.file_meta = FileMetaDataset()
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.save_as(path, enforce_file_format=True)


def _pixels(ds: Dataset, geometry: StackGeometry, n_frames: int) -> None:
    ds.Rows, ds.Columns = geometry.shape
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
    ds.PixelData = bytes(2 * n_frames * geometry.shape[0] * geometry.shape[1])


def _write_classic(
    folder: Path,
    geometry: StackGeometry,
    n_phases: int,
    series: str,
    patient: dict[str, object] | None,
) -> tuple[tuple[FrameRef, ...], ...]:
    frames = []
    for t in range(n_phases):
        row = []
        for z, position in enumerate(geometry.positions_mm):
            ds = header(patient)
            number = z if series == "per_slice" else 0
            ds.SOPClassUID, ds.SOPInstanceUID = MRImageStorage, uid("image", series, t, z)
            ds.SeriesInstanceUID, ds.SeriesNumber = uid("series", series, number), 10 + number
            ds.InstanceNumber, ds.FrameOfReferenceUID = 1 + t, FRAME_OF_REFERENCE_UID
            ds.ImageType = ["ORIGINAL", "PRIMARY", "M"]
            ds.ScanningSequence, ds.SequenceVariant, ds.ScanOptions = "GR", "SK", ""
            ds.MRAcquisitionType, ds.EchoTime, ds.EchoTrainLength = "2D", "1.5", "1"
            ds.RepetitionTime, ds.PositionReferenceIndicator = "30", ""
            # Orientation jitters as real files do.
            jitter = np.array([0, 0, 0, 0, 0, 1e-6]) * z
            orientation = np.concatenate([geometry.row_cosine, geometry.column_cosine]) + jitter
            ds.ImageOrientationPatient = [f"{v:.7f}" for v in orientation]
            ds.ImagePositionPatient = [f"{v:.4f}" for v in position]
            ds.PixelSpacing, ds.SliceThickness = list(geometry.pixel_spacing_mm), 8
            _pixels(ds, geometry, 1)
            path = folder / f"{t:02d}-{z:02d}.dcm"
            _save(ds, path)
            row.append(FrameRef(path, MRImageStorage, ds.SOPInstanceUID, ds.SeriesInstanceUID))
        frames.append(tuple(row))
    return tuple(frames)


def _write_enhanced(
    folder: Path,
    geometry: StackGeometry,
    n_phases: int,
    series: str,
    patient: dict[str, object] | None,
) -> tuple[tuple[FrameRef, ...], ...]:
    """Frames run slice by slice, all phases of one slice together."""
    ds = header(patient)
    ds.SOPClassUID, ds.SOPInstanceUID = EnhancedMRImageStorage, uid("image", series)
    ds.SeriesInstanceUID = uid("series", series)
    ds.NumberOfFrames = n_phases * geometry.n_slices
    groups = []
    for position in geometry.positions_mm:
        for _ in range(n_phases):
            group, place = Dataset(), Dataset()
            place.ImagePositionPatient = [f"{v:.4f}" for v in position]
            group.PlanePositionSequence = [place]
            groups.append(group)
    ds.PerFrameFunctionalGroupsSequence = groups
    _pixels(ds, geometry, n_phases * geometry.n_slices)
    path = folder / "enhanced.dcm"
    _save(ds, path)
    frame = FrameRef(path, EnhancedMRImageStorage, ds.SOPInstanceUID, ds.SeriesInstanceUID)
    return tuple(
        tuple(replace(frame, frame_number=1 + z * n_phases + t) for z in range(geometry.n_slices))
        for t in range(n_phases)
    )


def heart(source: CineSource) -> Volume4D:
    """Rings of a beating heart: no cavity in the first slice, no RV in the last two."""
    rows, cols = source.geometry.shape
    y, x = np.mgrid[:rows, :cols]
    data = np.zeros((len(source.frames), source.geometry.n_slices, rows, cols), np.uint8)
    for t in range(data.shape[0]):
        radius = 9.0 - 3.0 * np.sin(np.pi * t / data.shape[0])
        for z in range(data.shape[1]):
            lv = np.hypot(y - 24, x - 24)
            data[t, z][np.hypot(y - 24, x - 10) < radius] = Label.RV if z < data.shape[1] - 2 else 0
            data[t, z][lv < radius + 3] = Label.MYOCARDIUM
            data[t, z][lv < radius - 0.3 * z] = Label.LV
    data[:, 0][data[:, 0] == Label.LV] = Label.MYOCARDIUM
    return Volume4D(data, source.geometry, source.times_ms, source.rr_ms)
