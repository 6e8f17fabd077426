"""The shared signals, synthetic series and Siemens phantom (../shared/data/relaxometry)."""

import numpy as np
import pydicom
import pytest
import yaml

from cmr.relaxometry.polarity import restore_signs
from cmr.relaxometry.result import Reason
from cmr.relaxometry.t1 import fit_molli, fit_saturation_recovery
from cmr.relaxometry.t2 import fit_decay
from cmr.relaxometry.times import inversion_numbers
from tests.conftest import shared_path
from tests.relaxometry_support import FIT, LEAST_SQUARES

pytestmark = [pytest.mark.real_data, pytest.mark.requirement("TIS-25")]

# Siemens phase images: -4096 to 4094 for -pi to pi, after rescaling.
SIEMENS_RAD = np.pi / 4096


def _signal(name):
    path = shared_path(f"data/relaxometry/signals/{name}.yaml")
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {key: np.array(value, float) for key, value in content.items()}


def _close(found, expected, t1_ms):
    assert [found.plateau, found.amplitude, found.time_constant_ms] == pytest.approx(
        expected, rel=5e-3
    )
    assert found.value_ms == pytest.approx(t1_ms, rel=1e-3)


@pytest.mark.parametrize(
    ("name", "expected", "t1_ms"),
    [
        ("T1_blood", None, 1387.8),
        ("T1_myocardium", None, 885.7),
        ("T1_blood_5samples", [66.73, 129.59, 1601.5], 1508.6),  # the file's line is empty
    ],
)
def test_molli_signals(name, expected, t1_ms):
    voxel = _signal(name)
    times, magnitude = voxel["invTimes"], voxel["signalMag"]
    expected = voxel["resultsMolli"] if expected is None else expected
    phase = voxel["signalPha"] * SIEMENS_RAD
    _close(fit_molli(magnitude, times, LEAST_SQUARES), expected, t1_ms)
    signed = magnitude * voxel["signs"]
    _close(fit_molli(signed, times, FIT, signed=True), expected, t1_ms)
    np.testing.assert_array_equal(np.sign(restore_signs(magnitude, phase, times)), voxel["signs"])


def test_saturation_recovery_signal():
    voxel = _signal("T1_saturation_recovery")
    two, three = (
        fit_saturation_recovery(voxel["signalMag"], voxel["invTimes"], FIT, free_amplitude=free)
        for free in (False, True)
    )
    assert [two.plateau, two.value_ms] == pytest.approx(voxel["resultsTwoParam"], rel=1e-4)
    assert [three.plateau, three.amplitude, three.value_ms] == pytest.approx(
        voxel["resultsThreeParam"], rel=1e-4
    )


@pytest.mark.parametrize(
    ("name", "with_offset"),
    [
        ("T2_blood", False),
        ("T2_blood", True),
        ("T2_blood_3samples", False),
        ("T2_blood_3samples", True),
        ("T2_myocardium", False),
        ("T2_myocardium", True),
        ("T2_myocardium_4samples", False),
    ],
)
def test_t2_signals(name, with_offset):
    voxel = _signal(name)
    found = fit_decay(
        voxel["signalMag"], voxel["echoTimes"], FIT.t2_ms, FIT, with_offset=with_offset
    )
    if with_offset:
        offset, amplitude, t2_ms = voxel["resultsThreeParam"]
        assert found.amplitude == pytest.approx(amplitude, rel=5e-3)
        assert found.plateau == pytest.approx(offset, abs=0.01)
    else:
        t2_ms = voxel["resultsTwoParam"][1]
    assert found.value_ms == pytest.approx(t2_ms, rel=5e-3)


def _images(folder):
    paths = sorted(shared_path(f"data/relaxometry/{folder}").glob("*.dcm"))
    sets = [pydicom.dcmread(path) for path in paths]
    pixels = [
        s.pixel_array * float(s.get("RescaleSlope", 1)) + float(s.get("RescaleIntercept", 0))
        for s in sets
    ]
    return sets, np.array(pixels)


def test_synthetic_t1_series():
    sets, images = _images("synthetic_t1/raw")
    _, (reference,) = _images("synthetic_t1/map")
    times = [float(s.InversionTime) for s in sets]
    assert len(set(times)) == len(times) - 1  # 4100 ms twice
    for fit in (FIT, LEAST_SQUARES):
        found = fit_molli(images, times, fit)
        inside = reference > 0
        np.testing.assert_allclose(found.value_ms[inside], reference[inside], rtol=0.01)
        assert found.counts()[Reason.NO_SIGNAL] == np.count_nonzero(~inside)


def test_synthetic_t2_series():
    sets, images = _images("synthetic_t2/raw")
    _, (reference,) = _images("synthetic_t2/map")
    times = [float(s.EchoTime) for s in sets]
    inside = reference > 0
    for with_offset in (False, True):
        found = fit_decay(images, times, FIT.t2_ms, FIT, with_offset=with_offset)
        np.testing.assert_allclose(found.value_ms[inside], reference[inside], rtol=0.01)
        assert np.isnan(found.value_ms[~inside]).all()


@pytest.fixture(scope="module")
def phantom():
    """Images and phases of the first inversion, their times, the scanner's T1 and R²."""
    folder = "shmolli_phantom/ShMOLLI_192i_e11_"
    sets, magnitude = _images(f"{folder}12")
    _, phase = _images(f"{folder}13")
    _, (colour, t1_ms) = _images(f"{folder}T1MAP_14")
    np.testing.assert_array_equal(colour, t1_ms)
    _, parameters = _images(f"{folder}FITPARAMS_15")
    times = np.array([float(s.InversionTime) for s in sets])
    first = inversion_numbers(times, FIT.shortest_rr_ms) == 0
    assert times[first].tolist() == [100, 1100, 2100, 3100, 4100]
    return magnitude[first], phase[first] * SIEMENS_RAD, times[first], t1_ms, parameters[0] / 4000


@pytest.mark.parametrize("with_phase", [True, False])
def test_siemens_phantom(phantom, with_phase):
    magnitude, phase, times, t1_ms, r2 = phantom
    images = restore_signs(magnitude, phase, times) if with_phase else magnitude
    found = fit_molli(images, times, FIT, signed=with_phase)
    sure = (r2 >= 0.99) & (((t1_ms >= 400) & (t1_ms <= 1600)) | ((t1_ms >= 2000) & (t1_ms <= 3500)))
    assert sure.sum() == 10_355
    difference = (found.value_ms - t1_ms)[sure]
    assert abs(np.nanmedian(difference)) <= 1
    assert np.nanmedian(np.abs(difference)) <= 1
    assert np.count_nonzero(np.isnan(difference)) <= 0.01 * sure.sum()


def test_water_near_100_ms_is_not_determined(phantom):
    magnitude, phase, times, t1_ms, r2 = phantom
    bath = (r2 >= 0.99) & (t1_ms >= 50) & (t1_ms <= 150)
    found = fit_molli(restore_signs(magnitude, phase, times), times, FIT, signed=True)
    counts = found.counts(bath)
    assert bath.sum() > 20_000
    assert counts[Reason.DETERMINED] < 0.01 * bath.sum()
    assert counts[Reason.NO_SIGNAL] == 0
