"""The sequence is told from tags and times, from names last, and "unknown" where they do not."""

import math
from typing import Any

import numpy as np
import pytest

from cmr.mapping.terms import MapKind, Method
from tests.mapping_support import (
    INVERSION,
    MOLLI_533,
    MOLLI_41312,
    SASHA,
    SHMOLLI,
    Scheme,
    mapping,
    molli,
    scanner_map,
    source,
    t2_prepared,
)

pytestmark = pytest.mark.requirement("TIS-04")


def scheme(*sizes_and_pauses: int, rr_ms: float = 1000) -> Scheme:
    """5, 3, 3 is 5(3)3; inversion times begin 80 ms later after each inversion."""
    found: list[tuple[float, int]] = []
    beat = 0
    for n, size in enumerate(sizes_and_pauses[::2]):
        found += [(100 + 80 * n + rr_ms * k, beat + k) for k in range(size)]
        pause = sizes_and_pauses[2 * n + 1] if 2 * n + 1 < len(sizes_and_pauses) else 0
        beat += size + pause
    return tuple(found)


@pytest.mark.parametrize(
    ("times", "name"),
    [
        (MOLLI_533, "MOLLI 5(3)3"),
        (MOLLI_41312, "MOLLI 4(1)3(1)2"),
        (SHMOLLI, "ShMOLLI"),
        (scheme(3, 3, 3, 3, 5), "MOLLI 3(3)3(3)5"),
        (scheme(3, 3, 5), "MOLLI 3(3)5"),
        (scheme(5, 1, 1, 1, 1), "ShMOLLI"),
    ],
)
def test_molli_schemes_without_any_name(times: Scheme, name: str) -> None:
    [one] = mapping(molli("a", times)).sources
    assert (one.acquisition.sequence, one.acquisition.method) == (name, Method.INVERSION)


def test_heart_beat_from_the_inversion_times() -> None:
    """What the headers leave out (0 in the real phantom) the times tell."""
    [one] = mapping(molli("a", NominalInterval=0)).sources
    assert one.rr_ms == pytest.approx([1000.0] * 3)
    assert one.cycle_phase == pytest.approx([0.6] * 3)


def test_irregular_heart_beats_leave_the_pause_open() -> None:
    late = (*MOLLI_533[:5], *((t, b + 0.5) for t, b in MOLLI_533[5:]))
    [one] = mapping(molli("a", late)).sources
    assert one.acquisition.sequence == "MOLLI 5(?)3"


def test_order_of_inversion_times_alone_tells_no_scheme() -> None:
    by_time = tuple(sorted(MOLLI_533))
    [one] = mapping(molli("a", by_time, AcquisitionTime="120000")).sources
    assert one.acquisition.sequence == "MOLLI"
    assert (one.order == 0).all()
    assert (one.inversion == 0).all()


@pytest.mark.parametrize("first", ["SHMOLLI", "MOLLI"])
def test_times_go_before_names(first: str) -> None:
    [one] = mapping(molli("a", SeriesDescription=f"{first}_192i")).sources
    assert one.acquisition.sequence == "MOLLI 5(3)3"


def test_shmolli_by_name_where_the_order_is_lost() -> None:
    made = molli("a", tuple(sorted(SHMOLLI)), AcquisitionTime=None, SeriesDescription="ShMOLLI")
    [one] = mapping(made).sources
    assert one.acquisition.sequence == "ShMOLLI"


def test_sasha() -> None:
    [one] = mapping(source("a", SASHA, SeriesDescription="T1_SASHA_SA")).sources
    assert one.acquisition.method is Method.SATURATION
    assert one.acquisition.sequence == "SASHA"
    assert one.times_ms[-1].tolist() == [10000.0] * 3
    assert (one.inversion == 0).all()


@pytest.mark.parametrize("missing", [{"InversionTime": 0}, {"InversionTime": None}])
def test_the_image_without_saturation_has_an_infinite_time(missing: dict[str, Any]) -> None:
    made = source("a", SASHA, SeriesDescription="SASHA")
    for ds in made[:: len(SASHA)]:
        del ds.InversionTime
        if missing["InversionTime"] is not None:
            ds.InversionTime = missing["InversionTime"]
    [one] = mapping(made).sources
    assert one.times_ms[-1].tolist() == [math.inf] * 3
    assert one.order[-1].tolist() == [1, 1, 1]
    assert sum("without saturation" in note for note in one.notes) == 3


def test_two_images_without_a_time_are_no_such_image() -> None:
    made = source("a", SASHA, heights=(0.0,), SeriesDescription="SASHA")
    for ds in made[:2]:
        ds.InversionTime = 0
    [one] = mapping(made).sources
    assert np.isfinite(one.times_ms).all()
    assert one.times_ms.shape == (8, 1)


def test_recovery_within_one_beat_without_tags_is_unknown() -> None:
    [one] = mapping(source("a", SASHA[1:], **INVERSION)).sources
    assert (one.acquisition.method, one.acquisition.sequence) == (Method.UNKNOWN, "unknown")


def test_a_name_against_the_times_is_unknown() -> None:
    [one] = mapping(molli("a", SeriesDescription="SASHA")).sources
    assert one.acquisition.method is Method.UNKNOWN


def test_t2_preparation_by_comment() -> None:
    [one] = mapping(t2_prepared("a")).sources
    assert one.times_ms[:, 1].tolist() == [0.0, 25.0, 55.0]
    assert one.acquisition.kind is MapKind.T2
    assert one.acquisition.sequence == "T2-prep bSSFP"
    assert one.acquisition.method is Method.T2_PREPARED


def test_t2_preparation_by_echo_time() -> None:
    times = ((0, 0), (25, 4), (55, 8))
    made = source("a", times, timed="EchoTime", SeriesDescription="T2map_SA")
    [one] = mapping(made).sources
    assert one.times_ms[:, 0].tolist() == [0.0, 25.0, 55.0]
    assert one.acquisition.sequence == "T2-prep GRE"


@pytest.mark.parametrize(
    ("sequence", "echoes", "method", "name"),
    [
        ("GR", (2, 4, 6, 8, 10, 12), Method.GRADIENT_ECHOES, "multi-echo GRE"),
        (["SE", "GR"], (10, 20, 30, 40, 50), Method.SPIN_ECHOES, "multi-echo spin echo"),
        ("GR", (20, 40, 60, 80), Method.UNKNOWN, "unknown"),
    ],
)
def test_echoes(sequence: Any, echoes: tuple[int, ...], method: Method, name: str) -> None:
    made = source("a", tuple((e, 0) for e in echoes), timed="EchoTime", ScanningSequence=sequence)
    [one] = mapping(made).sources
    assert (one.acquisition.method, one.acquisition.sequence) == (method, name)
    assert one.times_ms[:, 0].tolist() == list(echoes)


def test_a_map_alone_has_the_name_that_its_series_says() -> None:
    [named] = mapping(scanner_map("a", SeriesDescription="ShMOLLI_T1MAP")).maps
    [blank] = mapping(scanner_map("a")).maps
    assert (named.acquisition.sequence, blank.acquisition.sequence) == ("ShMOLLI", "unknown")
