"""Header fields as scanners write them."""

import itertools
import math
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import Tag

from dicomio.headers import ImageHeader, MissingAttributesError, image_headers
from dicomio.kinds import Component
from dicomio.quiet import quiet
from tests.dicom_factory import SHORT_AXIS, enhanced, header, images

pytestmark = pytest.mark.requirement("CINE-05")

TRIGGER = Tag(0x00181060)


def one(**changes: Any) -> ImageHeader:
    [image] = images([header(**changes)])
    return image


@pytest.mark.parametrize(
    ("changes", "field", "value"),
    [
        ({"NominalInterval": 860}, "rr_ms", 860),
        ({"HeartRate": 75}, "rr_ms", 800),
        ({"NominalInterval": 0, "HeartRate": 60}, "rr_ms", 1000),
        ({"MagneticFieldStrength": 15000}, "field_strength_t", 1.5),  # gauss
        ({"MagneticFieldStrength": 3}, "field_strength_t", 3),
        ({"RescaleSlope": "2.5", "RescaleIntercept": "-7"}, "ref.rescale_slope", 2.5),
        ({"RescaleSlope": "0"}, "ref.rescale_slope", 1),
        ({"InversionTime": "312.5"}, "inversion_time_ms", 312.5),
    ],
)
def test_numbers(changes: dict[str, Any], field: str, value: float) -> None:
    found: Any = one(**changes)
    for name in field.split("."):
        found = getattr(found, name)
    assert found == pytest.approx(value)


@pytest.mark.parametrize(
    "field", ["rr_ms", "trigger_time_ms", "inversion_time_ms", "echo_time_ms", "temporal_index"]
)
def test_absent_numbers_are_nan(field: str) -> None:
    assert math.isnan(getattr(one(), field))


@pytest.mark.parametrize("text", ["abc", "1e999", "nan", "", "--"])
def test_numbers_that_do_not_parse_are_absent(text: str) -> None:
    ds = header(TriggerTime=0)
    value = text.encode()
    ds._dict[TRIGGER] = RawDataElement(TRIGGER, "DS", len(value), value, 0, False, True)
    [image] = images([ds])
    assert math.isnan(image.trigger_time_ms)


@pytest.mark.parametrize(
    ("image_type", "component"),
    [
        (["ORIGINAL", "PRIMARY", "M", "ND"], Component.MAGNITUDE),
        (["ORIGINAL", "PRIMARY", "P", "ND"], Component.PHASE),
        (["ORIGINAL", "PRIMARY", "M_FFE", "M", "FFE"], Component.MAGNITUDE),
        (["ORIGINAL", "PRIMARY", "R_IR", "R", "IR"], Component.REAL),
        (["ORIGINAL", "PRIMARY", "PHASE MAP", "P", "FFE"], Component.PHASE),
        (["ORIGINAL", "PRIMARY", "OTHER"], Component.UNKNOWN),
    ],
)
def test_component(image_type: list[str], component: Component) -> None:
    assert one(ImageType=image_type).component is component


@pytest.mark.parametrize(("code", "component"), [(0, Component.MAGNITUDE), (2, Component.REAL)])
def test_component_of_ge(code: int, component: Component) -> None:
    ds = header(ImageType=["ORIGINAL", "PRIMARY", "OTHER"])
    ds.add_new(0x00430010, "LO", "GEMS_PARM_01")
    ds.add_new(0x0043102F, "SS", code)
    [image] = images([ds])
    assert image.component is component


@pytest.mark.requirement("CINE-12")
def test_later_acquisitions_compare_greater() -> None:
    stamps = [
        {"AcquisitionDateTime": "20240101235959.5"},
        {"AcquisitionDateTime": "20240102000001+0100"},
        {"AcquisitionDate": "20240102", "AcquisitionTime": "0001"},
        {"AcquisitionDate": "20240102", "AcquisitionTime": "000100.250000"},
    ]
    times = [one(**stamp).acquired_s for stamp in stamps]
    assert times == sorted(times)
    assert [round(b - a, 3) for a, b in itertools.pairwise(times)] == [1.5, 59, 0.25]


def test_acquisition_time_goes_before_the_combined_stamp() -> None:
    """Anonymisers shift the one and leave the other."""
    both = one(
        AcquisitionDateTime="20240704104513", AcquisitionDate="20250514", AcquisitionTime="080000"
    )
    alone = one(AcquisitionDate="20250514", AcquisitionTime="080000")
    empty = one(AcquisitionDateTime="20240704104513", AcquisitionTime="")
    assert both.acquired_s == alone.acquired_s
    assert empty.acquired_s == one(AcquisitionDateTime="20240704104513").acquired_s


@pytest.mark.parametrize("time", ["", "garbage", "256199"])
def test_unusable_times_are_nan(time: str) -> None:
    with quiet():
        assert math.isnan(one(AcquisitionTime=time).acquired_s)


def test_enhanced_sequence_attributes() -> None:
    ds = enhanced(SHORT_AXIS, [0.0], 2)
    shared = ds.SharedFunctionalGroupsSequence[0]
    modifier = Dataset()
    modifier.InversionRecovery, modifier.InversionTimes, modifier.Tagging = "YES", [300.0], "GRID"
    shared.MRModifierSequence = [modifier]
    found = images([ds])
    assert [i.scanning_sequence for i in found] == [("IR",)] * 2
    assert [(i.inversion_time_ms, i.tagged) for i in found] == [(300, True)] * 2


def test_missing_attributes_are_named_without_values() -> None:
    with pytest.raises(MissingAttributesError, match=r"missing or unusable: Pixel Spacing$"):
        image_headers(header(PixelSpacing=[-1, 1]), Path("x"))
