"""Each kind of series by its own evidence, with blank names and with misleading ones."""

from typing import Any

import pytest
from pydicom.dataset import Dataset

from dicomio.classify import classify
from dicomio.headers import ImageHeader
from dicomio.kinds import SeriesKind
from dicomio.parts import split
from tests.dicom_factory import (
    AXIAL,
    SELECTION,
    SHORT_AXIS,
    cine_slice,
    header,
    images,
    position,
    uid,
)

pytestmark = pytest.mark.requirement("CINE-11")


def kinds(records: list[ImageHeader]) -> list[SeriesKind]:
    return [classify(part, SELECTION.classify).kind for part in split(records)]


def kind(datasets: list[Dataset]) -> SeriesKind:
    [only] = kinds(images(datasets))
    return only


def series(count: int, **changes: Any) -> list[Dataset]:
    """Images of one position; a value that is a function is called with the image's index."""
    made = []
    for n in range(count):
        values = {k: v(n) if callable(v) else v for k, v in changes.items()}
        made.append(header(**{"SOPInstanceUID": uid(str(n)), "InstanceNumber": n + 1, **values}))
    return made


def stack(count: int, **changes: Any) -> list[Dataset]:
    """One image at each of ``count`` positions."""
    return series(count, ImagePositionPatient=lambda n: position(AXIAL, 10.0 * n), **changes)


def clock(seconds: float) -> str:
    return f"10{int(seconds) // 60:02d}{seconds % 60:05.2f}"


def test_cine() -> None:
    assert kind(cine_slice(SHORT_AXIS, 0, 25, "a")) is SeriesKind.CINE_OTHER


@pytest.mark.parametrize("name", ["", "?", "Series 1", "T1 map", "LGE"])
def test_cine_whatever_still_images_its_name_speaks_of(name: str) -> None:
    assert kind(cine_slice(AXIAL, 0, 25, "a", SeriesDescription=name)) is SeriesKind.CINE_OTHER


def test_cine_without_trigger_times() -> None:
    assert kind(series(20)) is SeriesKind.CINE_OTHER


def test_too_few_phases() -> None:
    assert kind(cine_slice(SHORT_AXIS, 0, 8, "a")) is SeriesKind.OTHER


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("SAX_Tags_Grid", SeriesKind.TAGGING),
        ("TI_SCOUT", SeriesKind.TI_SCOUT),
        ("SHORT_AXIS_InlineVF", SeriesKind.DERIVED),
        ("LOC_SAX_FIESTA_BH", SeriesKind.SCOUT),
    ],
)
def test_look_alikes_that_only_the_name_tells(name: str, expected: SeriesKind) -> None:
    assert kind(cine_slice(SHORT_AXIS, 0, 25, "a", SeriesDescription=name)) is expected
    named = cine_slice(SHORT_AXIS, 0, 25, "a", ProtocolName=name)
    assert kind(named) is expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"ScanningSequence": ["GR", "IR"]}, SeriesKind.TI_SCOUT),
        ({"ScanOptions": ["IR"]}, SeriesKind.TI_SCOUT),
        ({"SequenceName": "*fl2d1_tag"}, SeriesKind.TAGGING),
        ({"SequenceName": "*fl2d1_v150in"}, SeriesKind.FLOW),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "P", "ND"]}, SeriesKind.FLOW),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "VELOCITY MAP", "P", "PCA"]}, SeriesKind.FLOW),
        ({"ImageType": ["DERIVED", "SECONDARY", "MPR"]}, SeriesKind.DERIVED),
        ({"ImageType": ["DERIVED", "PRIMARY", "AI"]}, SeriesKind.AI_RESULT),
        ({"BurnedInAnnotation": "YES"}, SeriesKind.DERIVED),
    ],
)
def test_look_alikes_by_tags(changes: dict[str, Any], expected: SeriesKind) -> None:
    assert kind(cine_slice(SHORT_AXIS, 0, 25, "a", **changes)) is expected


def test_look_locker_by_inversion_times() -> None:
    made = series(25, InversionTime=lambda n: 100 + 20 * n, TriggerTime=lambda n: 20.0 * n)
    assert kind(made) is SeriesKind.TI_SCOUT


@pytest.mark.parametrize("scatter", [0.0, 1.5])  # ms by which the trigger times differ
def test_perfusion(scatter: float) -> None:
    made = series(
        50,
        TriggerTime=lambda n: 300.0 + scatter * (17 * n % 50),
        AcquisitionTime=lambda n: clock(0.8 * n),
    )
    assert kind(made) is SeriesKind.PERFUSION


def test_cine_with_one_odd_position_stays_a_cine() -> None:
    made = [ds for h in (0, 10, 20) for ds in cine_slice(SHORT_AXIS, h, 12, "a")]
    for ds in made[:12]:
        ds.TriggerTime = 0
    assert kind(made) is SeriesKind.CINE_OTHER


def test_dynamic_series_without_times_of_day_is_no_cine() -> None:
    assert kind(series(30, TriggerTime=lambda n: 300.0 + n % 3)) is SeriesKind.OTHER


def test_real_time() -> None:
    made = series(50, TriggerTime=lambda n: 60.0 * n, NominalInterval=800)
    assert kind(made) is SeriesKind.REAL_TIME


def test_molli() -> None:
    times = (100, 180, 260, 1100, 1180, 2100, 2180, 3100, 3180, 4100, 4180)
    made = series(11, InversionTime=lambda n: times[n], ScanningSequence=["GR", "IR"])
    assert kind(made) is SeriesKind.T1_SOURCE


@pytest.mark.parametrize(
    ("echoes", "expected"),
    [
        ((2, 4, 6, 8, 10, 12, 14, 16), SeriesKind.T2_STAR_SOURCE),
        ((10, 30, 50, 70), SeriesKind.T2_SOURCE),
    ],
)
def test_multi_echo(echoes: tuple[int, ...], expected: SeriesKind) -> None:
    assert kind(series(len(echoes), EchoTime=lambda n: echoes[n])) is expected


@pytest.mark.parametrize(
    ("image_type", "expected"),
    [
        (["DERIVED", "PRIMARY", "T1 MAP", "MOCO", "T1", "DIS2D"], SeriesKind.T1_MAP),
        (["ORIGINAL", "PRIMARY", "T1 MAP", "T1", "UNSPECIFIED"], SeriesKind.T1_MAP),
        (["DERIVED", "PRIMARY", "T2 MAP", "MOCO"], SeriesKind.T2_MAP),
        (["DERIVED", "PRIMARY", "T2_STAR MAP"], SeriesKind.T2_STAR_MAP),
    ],
)
def test_maps_by_image_type(image_type: list[str], expected: SeriesKind) -> None:
    assert kind(stack(3, ImageType=image_type)) is expected


def test_lge_magnitude_and_psir() -> None:
    inversion = {"ScanningSequence": ["GR", "IR"], "InversionTime": 300}
    assert kind(stack(10, **inversion)) is SeriesKind.LGE_MAGNITUDE
    real = ["ORIGINAL", "PRIMARY", "R_IR", "R", "IR"]
    assert kind(stack(10, **inversion, ImageType=real)) is SeriesKind.LGE_PSIR
    assert kind(stack(10, **inversion, SeriesDescription="SAX_PSIR")) is SeriesKind.LGE_PSIR
    assert kind(stack(10, ScanningSequence=["SE", "IR"], InversionTime=170)) is SeriesKind.OTHER


def test_a_series_that_mixes_components_is_split() -> None:
    """Philips keeps magnitude, phase and the T1 map in one series."""
    times = (100, 200, 1100, 1200, 2100)
    raw = {"InversionTime": lambda n: times[n], "ScanningSequence": ["GR", "IR"]}
    mixed = [
        *series(5, **raw, ImageType=["ORIGINAL", "PRIMARY", "M_FFE", "M", "FFE"]),
        *series(5, **raw, ImageType=["ORIGINAL", "PRIMARY", "PHASE MAP", "P", "FFE"]),
        *series(1, ImageType=["ORIGINAL", "PRIMARY", "T1 MAP", "T1", "UNSPECIFIED"]),
    ]
    assert kinds(images(mixed)) == [
        SeriesKind.T1_SOURCE,
        SeriesKind.T1_SOURCE,
        SeriesKind.T1_MAP,
    ]


def test_several_orientations_in_one_series_are_split() -> None:
    both = cine_slice(SHORT_AXIS, 0, 12, "a") + cine_slice(AXIAL, 0, 12, "a")
    assert len(split(images(both))) == 2


@pytest.mark.parametrize("name", ["", "SAX T2 BLACK BLOOD"])
def test_still_images_without_evidence(name: str) -> None:
    assert kind(stack(10, SeriesDescription=name)) is SeriesKind.OTHER


def test_scout_by_name() -> None:
    assert kind(stack(3, SeriesDescription="localizer")) is SeriesKind.SCOUT
