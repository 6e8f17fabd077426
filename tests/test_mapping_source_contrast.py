"""Native or post-contrast: tags and times first, then order, then names; or undecided."""

from typing import Any

import pytest

from cmr.mapping.terms import Contrast
from tests.dicom_factory import SHORT_AXIS, cine_slice, header, position, uid
from tests.mapping_support import SASHA, clock, mapping, molli, scanner_map, source, t2_prepared

pytestmark = pytest.mark.requirement("TIS-05")

AGENT = {"ContrastBolusAgent": "Gadobutrol"}


def states(*series: Any) -> list[Contrast]:
    return [s.acquisition.contrast for s in mapping(*series).sources]


def lge(**changes: Any) -> list[Any]:
    """Late enhancement, 20 min on."""
    return [
        header(
            SOPInstanceUID=uid(f"lge{h}"),
            SeriesInstanceUID=uid("lge"),
            ImagePositionPatient=position(SHORT_AXIS, h),
            ImageOrientationPatient=[*SHORT_AXIS[0], *SHORT_AXIS[1]],
            ScanningSequence=["GR", "IR"],
            InversionTime=300,
            AcquisitionDate="20240101",
            AcquisitionTime=clock(1200),
            **changes,
        )
        for h in (0.0, 10.0, 20.0)
    ]


def test_contrast_start_time() -> None:
    start = {**AGENT, "ContrastBolusStartTime": clock(300)}
    found = mapping(molli("pre"), molli("post", start_s=1200, **start)).sources
    assert [s.acquisition.contrast for s in found] == [Contrast.NATIVE, Contrast.POST]
    assert found[1].acquisition.contrast_reason == (
        "acquired 15.0 min after the contrast start time"
    )
    assert "5.0 min before" in found[0].acquisition.contrast_reason


def test_start_time_of_other_series_counts() -> None:
    start = {**AGENT, "ContrastBolusStartTime": clock(600)}
    assert states(molli("pre"), lge(**start)) == [Contrast.NATIVE]


def test_start_time_before_the_whole_study_is_not_believed() -> None:
    start = {**AGENT, "ContrastBolusStartTime": "000000"}
    found = mapping(molli("pre"), molli("post", start_s=1200, **start)).sources
    assert [s.acquisition.contrast for s in found] == [Contrast.NATIVE, Contrast.POST]
    assert "start time" not in found[1].acquisition.contrast_reason


def test_agent_without_a_time() -> None:
    found = mapping(molli("pre"), molli("post", start_s=1200, **AGENT)).sources
    assert [s.acquisition.contrast for s in found] == [Contrast.NATIVE, Contrast.POST]
    assert "name a contrast agent" in found[1].acquisition.contrast_reason


def test_an_agent_named_from_one_slice_on_ends_the_acquisition() -> None:
    """Soon after the native images, at other positions of the same stack."""
    post = molli("post", start_s=100, heights=(30.0, 40.0), **AGENT)
    found = mapping(molli("pre"), post).sources
    assert [s.acquisition.contrast for s in found] == [Contrast.NATIVE, Contrast.POST]
    assert [s.geometry.n_slices for s in found] == [3, 2]


@pytest.mark.parametrize("text", ["NONE", "no", "No contrast"])
def test_a_text_that_says_none_is_no_agent(text: str) -> None:
    assert states(molli("a", ContrastBolusAgent=text)) == [Contrast.NATIVE]


def test_agent_entered_before_the_study_leaves_the_order() -> None:
    found = mapping(molli("a", **AGENT), molli("b", start_s=1200, **AGENT)).sources
    assert [s.acquisition.contrast for s in found] == [Contrast.NATIVE, Contrast.POST]
    assert found[0].acquisition.contrast_reason == (
        "the first of 2 T1 acquisitions at the same position, 20 min from the next"
    )


def test_agent_entered_before_the_study_and_one_acquisition_is_undecided() -> None:
    [one] = mapping(molli("a", **AGENT)).sources
    assert one.acquisition.contrast is Contrast.UNDECIDED
    assert "do not tell" in one.acquisition.contrast_reason


def test_order_without_tags() -> None:
    assert states(molli("a"), molli("b", start_s=900)) == [Contrast.NATIVE, Contrast.POST]


def test_order_counts_only_at_the_same_position() -> None:
    other = molli("b", start_s=900, heights=(80.0, 90.0))
    assert states(molli("a"), other, lge()) == [Contrast.UNDECIDED] * 2


def test_of_three_the_middle_one_is_undecided() -> None:
    series = [molli(n, start_s=t) for n, t in (("a", 0), ("b", 480), ("c", 1500))]
    assert states(*series) == [Contrast.NATIVE, Contrast.UNDECIDED, Contrast.POST]
    series[1] = molli("b", start_s=480, SeriesDescription="T1_MOLLI_pre")
    assert states(*series) == [Contrast.NATIVE, Contrast.NATIVE, Contrast.POST]


def test_order_counts_only_over_minutes() -> None:
    """Taken again at once with another matrix."""
    again = molli("b", start_s=80, Columns=48)
    assert states(molli("a"), again, lge()) == [Contrast.UNDECIDED] * 2


def test_order_counts_only_within_one_sequence() -> None:
    sasha = source("b", SASHA, start_s=900, SeriesDescription="SASHA")
    assert states(molli("a"), sasha, lge()) == [Contrast.UNDECIDED] * 2


def test_names_are_the_last_evidence() -> None:
    found = mapping(molli("a", SeriesDescription="T1_MOLLI_native_PRE"), lge()).sources
    assert found[0].acquisition.contrast is Contrast.NATIVE
    assert "name" in found[0].acquisition.contrast_reason
    contradictory = molli("a", SeriesDescription="GAD_MID_T1_MOLLI_MAP_native")
    assert states(contradictory, lge()) == [Contrast.UNDECIDED]


def test_order_against_the_names_is_undecided() -> None:
    post = molli("a", SeriesDescription="T1_MOLLI_post")
    pre = molli("b", start_s=900, SeriesDescription="T1_MOLLI_pre")
    assert states(post, pre) == [Contrast.UNDECIDED] * 2


def test_late_enhancement_without_tags_is_undecided() -> None:
    [one] = mapping(molli("a"), lge()).sources
    assert one.acquisition.contrast is Contrast.UNDECIDED
    assert "late enhancement" in one.acquisition.contrast_reason


def test_a_study_without_any_sign_is_native() -> None:
    cine = [ds for h in (0, 10, 20) for ds in cine_slice(SHORT_AXIS, h, 12, f"c{h}")]
    found = mapping(molli("a"), t2_prepared("b", start_s=90), cine).sources
    assert [s.acquisition.contrast for s in found] == [Contrast.NATIVE] * 2
    assert "nothing in the study" in found[0].acquisition.contrast_reason


def test_maps_alone_are_told_apart_too() -> None:
    found = mapping(scanner_map("a"), scanner_map("b", start_s=900)).maps
    assert [m.acquisition.contrast for m in found] == [Contrast.NATIVE, Contrast.POST]


def test_contrast_tags_that_maps_lack_do_not_break_an_acquisition() -> None:
    found = mapping(
        molli("a"),
        scanner_map("a map"),
        molli("b", start_s=900, **AGENT),
        scanner_map("b map", start_s=900),
    )
    assert [m.acquisition.contrast for m in found.maps] == [Contrast.NATIVE, Contrast.POST]
    assert len(found.sources) == 2
