"""Layouts of Siemens, Philips and GE as ../shared/reference/vendor_tags.csv has them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import EnhancedMRImageStorage

from cmr.mapping.terms import Contrast, MapKind, Method
from dicomio.index import index_input
from dicomio.map_pixels import read_map
from dicomio.mapping_pixels import read_mapping
from dicomio.mapping_source import MappingStudy
from dicomio.selection import select
from tests.dicom_factory import READER, SELECTION, SHORT_AXIS, header, position, uid, write
from tests.mapping_support import (
    HEIGHTS,
    INVERSION,
    MOLLI_533,
    clock,
    mapping,
    molli,
    scanner_map,
    source,
    stored,
    t2_prepared,
)
from tests.tissue_heart import MAPPING

pytestmark = pytest.mark.requirement("TIS-01")

PHILIPS = {"Manufacturer": "Philips Medical Systems"}
GE = {"Manufacturer": "GE MEDICAL SYSTEMS"}


def item(**values: Any) -> Sequence:
    made = Dataset()
    for keyword, value in values.items():
        setattr(made, keyword, value)
    return Sequence([made])


def test_siemens_triple_of_t1_series() -> None:
    """Raw, MOCO with magnitude and phase interleaved, and the map."""
    moco = {"ScanningSequence": ["GR", "IR"], "start_s": 0.0}
    magnitude = molli("moco", ImageType=["ORIGINAL", "PRIMARY", "M", "MOCO", "DIS2D"], **moco)
    phase = molli("x", ImageType=["ORIGINAL", "PRIMARY", "P", "MOCO", "DIS2D"], **moco)
    interleaved = [ds for pair in zip(magnitude, phase, strict=True) for ds in pair]
    for n, ds in enumerate(interleaved, start=1):
        ds.SeriesInstanceUID, ds.InstanceNumber = uid("moco"), n
    t1_map = scanner_map("map", ImageType=["DERIVED", "PRIMARY", "T1 MAP", "MOCO", "T1", "DIS2D"])
    found = mapping(molli("raw"), interleaved, t1_map)
    [one] = found.sources
    assert one.motion_corrected
    assert one.series_uids == (uid("moco"),)
    assert all(p is not None for row in one.phase for p in row)
    assert found.maps[0].acquisition is one.acquisition
    assert [found.uses[uid(n)].images for n in ("raw", "moco", "map")] == [0, 48, 3]


def test_siemens_names_where_the_image_type_says_nothing() -> None:
    """DERIVED is not always set; the map series ends in _T1."""
    plain = ["ORIGINAL", "PRIMARY", "M", "DIS2D"]
    found = mapping(
        molli("raw", SeriesDescription="T1Map_LongT1_SA"),
        molli("moco", SeriesDescription="T1Map_LongT1_SA_MOCO"),
        scanner_map("map", ImageType=plain, SeriesDescription="T1Map_LongT1_SA_MOCO_T1"),
        t2_prepared("t2", start_s=100, SeriesDescription="T2Map_TrueFISP_SA"),
        scanner_map(
            "t2map", ImageType=plain, start_s=100, SeriesDescription="T2Map_TrueFISP_SA_MOCO_T2"
        ),
    )
    assert [s.series_uids for s in found.sources] == [(uid("moco"),), (uid("t2"),)]
    assert [(m.acquisition.kind, m.motion_corrected) for m in found.maps] == [
        (MapKind.T1, True),
        (MapKind.T2, True),
    ]


def philips_series() -> list[Dataset]:
    """Magnitude, phase and two maps in one series, maps last; each image its own rescale."""
    magnitude = molli("m", ImageType=["ORIGINAL", "PRIMARY", "M_FFE", "M", "FFE"], **PHILIPS)
    phase = molli("p", ImageType=["ORIGINAL", "PRIMARY", "PHASE MAP", "P", "FFE"], **PHILIPS)
    maps = scanner_map(
        "t", ImageType=["ORIGINAL", "PRIMARY", "T1 MAP", "T1", "UNSPECIFIED"], **PHILIPS
    )
    for n, ds in enumerate(maps, start=1):
        ds.RescaleSlope, ds.RescaleIntercept, ds.RescaleType = 2 / n, 10, "ms"
    for ds in magnitude:
        ds.RescaleSlope, ds.RescaleIntercept, ds.RescaleType = 3, 0, "normalized"
    for ds in phase:
        ds.RescaleSlope, ds.RescaleIntercept, ds.RescaleType = 6284 / 4095, -3142, "mrad"
    everything = [*magnitude, *phase, *maps]
    for n, ds in enumerate(everything, start=1):
        ds.SeriesInstanceUID, ds.InstanceNumber, ds.SeriesDescription = uid("philips"), n, "WIP"
    return everything


def test_philips_maps_inside_the_source_series(tmp_path: Path) -> None:
    made = philips_series()
    found = stored(tmp_path, made, values=lambda ds: np.full((40, 36), 500, np.uint16))
    [one], [t1_map] = found.sources, found.maps
    assert found.uses[uid("philips")].images == len(made)
    assert one.acquisition is t1_map.acquisition
    assert one.acquisition.sequence == "MOLLI 5(3)3"
    images = read_mapping(one)
    assert (images.data == 1500).all()
    assert images.phase_rad == pytest.approx(
        np.full((8, 3, 40, 36), (500 * 6284 / 4095 - 3142) / 1000), abs=1e-5
    )
    # Frame by frame: 1000, 500 and 333.3 plus 10.
    values = read_map(t1_map, MAPPING.plausible).values
    assert values[:, 0, 0] == pytest.approx([1010, 510, 2 / 3 * 500 + 10], rel=1e-6)


def test_philips_inversion_times_in_the_private_tag() -> None:
    made = molli("a", SeriesDescription="MID_T1_MOLLI_MAP_native_PRE", **PHILIPS)
    for ds in made:
        ds.add_new(0x20050010, "LO", "Philips MR Imaging DD 001")
        ds.add_new(0x20051572, "FL", float(ds.InversionTime))
        del ds.InversionTime
    [one] = mapping(made).sources
    assert one.times_ms[:, 0].tolist() == sorted(t for t, _ in MOLLI_533)


def test_philips_implausible_second_inversion_time() -> None:
    """dcm2niix#385: InversionTimes 100 and 1.8e308, InversionTime absent."""
    made = molli("a", **PHILIPS)
    for ds in made:
        ds.InversionTimes = [float(ds.InversionTime), 1.7976931348623157e308]
        del ds.InversionTime
    assert mapping(made).sources[0].times_ms.shape == (8, 3)


def enhanced(t1_map: bool = True) -> Dataset:
    """Enhanced MR: source frames in no order, then a map with a real-world value mapping."""
    ds = header(
        SOPClassUID=EnhancedMRImageStorage,
        SOPInstanceUID=uid("enhanced"),
        ImageType=["ORIGINAL", "PRIMARY", "CARDIAC", "NONE"],
        **PHILIPS,
        **dict.fromkeys(
            ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "SliceThickness")
        ),
    )
    del ds.ScanningSequence, ds.SequenceVariant
    ds.EchoPulseSequence = "GRADIENT"
    shared = Dataset()
    shared.PlaneOrientationSequence = item(ImageOrientationPatient=[*SHORT_AXIS[0], *SHORT_AXIS[1]])
    shared.PixelMeasuresSequence = item(PixelSpacing=[1.5, 1.25], SliceThickness=8)
    ds.SharedFunctionalGroupsSequence = Sequence([shared])
    groups = []
    for time, beat in MOLLI_533:
        for z, height in enumerate(HEIGHTS):
            group = frame(height, f"20240101{clock(20 * z + beat)}")
            group.MRModifierSequence = item(InversionRecovery="YES", InversionTimes=[float(time)])
            group.MRImageFrameTypeSequence = item(
                FrameType=["ORIGINAL", "PRIMARY", "CARDIAC", "NONE"],
                ComplexImageComponent="MAGNITUDE",
            )
            groups.append(group)
    for z, height in enumerate(HEIGHTS if t1_map else ()):
        group = frame(height, f"20240101{clock(20 * z + 12)}")
        group.MRImageFrameTypeSequence = item(FrameType=["DERIVED", "PRIMARY", "T1 MAP", "T1"])
        group.RealWorldValueMappingSequence = item(
            RealWorldValueSlope=0.5 * (z + 1),
            RealWorldValueIntercept=0.0,
            MeasurementUnitsCodeSequence=item(
                CodeValue="ms", CodingSchemeDesignator="UCUM", CodeMeaning="ms"
            ),
        )
        groups.append(group)
    ds.NumberOfFrames = len(groups)
    ds.PerFrameFunctionalGroupsSequence = Sequence(groups)
    return ds


def frame(height: float, moment: str) -> Dataset:
    group = Dataset()
    group.PlanePositionSequence = item(ImagePositionPatient=position(SHORT_AXIS, height))
    group.FrameContentSequence = item(FrameAcquisitionDateTime=moment, StackID="1")
    group.CardiacSynchronizationSequence = item(
        NominalCardiacTriggerDelayTime=600.0, RRIntervalTimeNominal=1000.0
    )
    return group


def enhanced_study(folder: Path, ds: Dataset) -> MappingStudy:
    n = int(ds.NumberOfFrames)
    write(ds, folder / "e.dcm", np.arange(n, dtype=np.uint16)[:, None, None] + np.zeros(
        (n, 40, 36), np.uint16
    ))  # fmt: skip
    [found] = index_input(folder, READER).studies
    return select(found, SELECTION).mapping


def test_enhanced_multi_frame(tmp_path: Path) -> None:
    found = enhanced_study(tmp_path, enhanced())
    [one], [t1_map] = found.sources, found.maps
    assert one.acquisition.sequence == "MOLLI 5(3)3"
    images = read_mapping(one)
    # Frame n holds the value n; times ascend: 100, 180, 1100, ...
    order = np.argsort([t for t, _ in MOLLI_533], kind="stable")
    assert images.data[:, :, 0, 0].tolist() == [[3 * i, 3 * i + 1, 3 * i + 2] for i in order]
    values = read_map(t1_map, MAPPING.plausible)
    assert values.values[:, 0, 0].tolist() == [24 * 0.5, 25 * 1.0, 26 * 1.5]
    assert values.notes == ()
    assert values.flags != ()  # 12 to 39 ms is no T1


def test_enhanced_t2_preparation_in_the_frame_comments(tmp_path: Path) -> None:
    """Siemens XA writes it there."""
    ds = enhanced(t1_map=False)
    ds.PerFrameFunctionalGroupsSequence = ds.PerFrameFunctionalGroupsSequence[:9]
    ds.NumberOfFrames = 9
    for n, group in enumerate(ds.PerFrameFunctionalGroupsSequence):
        del group.MRModifierSequence
        comment = f"T2 prep. duration = {(0, 30, 55)[n // 3]} ms"
        group.FrameContentSequence[0].FrameComments = comment
    [one] = enhanced_study(tmp_path, ds).sources
    assert one.times_ms[:, 0].tolist() == [0.0, 30.0, 55.0]
    assert one.acquisition.kind is MapKind.T2


def test_enhanced_contrast_by_frame(tmp_path: Path) -> None:
    ds = enhanced(t1_map=False)
    later = enhanced(t1_map=False)
    later.SOPInstanceUID, later.SeriesInstanceUID = uid("later"), uid("later series")
    for group in later.PerFrameFunctionalGroupsSequence:
        group.ContrastBolusUsageSequence = item(
            ContrastBolusAgentNumber=1, ContrastBolusAgentAdministered="YES"
        )
        content = group.FrameContentSequence[0]
        content.FrameAcquisitionDateTime = content.FrameAcquisitionDateTime.replace(
            "2024010112", "2024010113"
        )
    write(later, tmp_path / "later.dcm", np.zeros((24, 40, 36), np.uint16))
    found = enhanced_study(tmp_path, ds)
    assert [s.acquisition.contrast for s in found.sources] == [Contrast.NATIVE, Contrast.POST]


def test_ge_single_echo_series_make_one_acquisition() -> None:
    """SAX_ME_T2*_TE_8 and so on: a series for each echo time."""
    series = [
        source(
            f"te{te}",
            ((te, 0),),
            start_s=70.0 * n,
            timed="EchoTime",
            SeriesDescription=f"SAX_ME_T2*_TE_{te}",
            **GE,
        )
        for n, te in enumerate((4, 8, 12, 16))
    ]
    [one] = mapping(*series).sources
    assert one.times_ms[:, 0].tolist() == [4, 8, 12, 16]
    assert one.geometry.n_slices == 3
    assert len(one.series_uids) == 4
    assert one.acquisition.method is Method.GRADIENT_ECHOES


def test_ge_molli_with_its_component_in_the_private_tag() -> None:
    def ge(name: str, code: int) -> list[Dataset]:
        made = molli(name, ImageType=["ORIGINAL", "PRIMARY", "OTHER"], **GE)
        for ds in made:
            ds.add_new(0x00430010, "LO", "GEMS_PARM_01")
            ds.add_new(0x0043102F, "SS", code)
        return made

    [one] = mapping(ge("magnitude", 0), ge("phase", 1)).sources
    assert one.series_uids == (uid("magnitude"),)
    assert {p.series_uid for row in one.phase for p in row if p} == {uid("phase")}


def smart1(name: str, **changes: Any) -> list[Dataset]:
    """Saturation recovery over several beats: every image after a saturation of its own."""
    return source(name, tuple((200 + 700 * k, 3 * k) for k in range(5)), **{**GE, **changes})


def test_ge_smart1map_and_its_raw_images() -> None:
    """Names of one hospital: the raw series does not speak of the sequence."""
    raw = smart1("raw", SeriesDescription="4CH_T1Map_ARC_PRE_BH")
    made = scanner_map(
        "map",
        ImageType=["DERIVED", "PRIMARY", "OTHER"],
        SeriesDescription="SMART1Map_4CH_T1Map_ARC_PRE_BH",
        **GE,
    )
    [one] = mapping(raw, made).maps
    assert one.acquisition.kind is MapKind.T1
    assert one.acquisition.sequence == "SMART1Map"
    assert one.acquisition.method is Method.UNKNOWN  # the name alone lets nobody fit
    assert mapping(made).maps[0].acquisition.sequence == "SMART1Map"


@pytest.mark.parametrize("changes", [{}, INVERSION])
def test_times_that_do_not_advance_with_the_clock_are_no_molli(changes: Any) -> None:
    [one] = mapping(smart1("raw", **changes)).sources
    assert (one.acquisition.method, one.acquisition.sequence) == (Method.UNKNOWN, "unknown")
    assert (one.inversion == 0).all()


@pytest.mark.parametrize(
    "changes",
    [
        {"ImageType": ["DERIVED", "PRIMARY", "R2_STAR MAP"]},
        {"SeriesDescription": "R2*:_CSE_Ax_T2*_BH"},
    ],
)
def test_rate_maps_are_refused(changes: Any) -> None:
    made = scanner_map("rate", "T2_STAR MAP", **changes)
    found = mapping(made)
    assert found.maps == ()
    assert "relaxation rate" in found.uses[uid("rate")].reason


def test_error_maps_beside_the_map() -> None:
    made = scanner_map("a")
    for n, ds in enumerate(scanner_map("sd")):
        ds.SeriesInstanceUID, ds.ImageComments = uid("a"), "T1 SD"
        ds.InstanceNumber = 100 + n
        made.append(ds)
    [one] = mapping(made).maps
    assert {f.sop_instance_uid for f in one.frames} == {uid(f"a-{n}") for n in (1, 2, 3)}


def test_inverted_recovery_in_the_options_alone() -> None:
    options = {**INVERSION, "ScanningSequence": "GR", "ScanOptions": ["IR", "PFP"]}
    [one] = mapping(source("a", MOLLI_533, **options)).sources
    assert one.acquisition.method is Method.INVERSION
