"""Mapping acquisitions as arrays: signals against their closed form, noise, breathing, maps."""

from functools import cache

import numpy as np
import pytest
from pydantic import ValidationError
from scipy import ndimage
from skimage.registration import phase_cross_correlation

from cmr.labels import Label
from phantom.bloch import fitted_t1_ms
from phantom.mapping import make_mapping
from phantom.mapping_settings import (
    Lesion,
    MappingSettings,
    MapStyle,
    MolliSignal,
    Protocol,
    RelaxationTimes,
)
from phantom.settings import PhantomSettings

pytestmark = pytest.mark.requirement("TIS-26")

MOLLI = (Protocol.NATIVE_MOLLI, Protocol.POST_MOLLI)


@cache
def made(seed=1, **options):
    """A study of a small field of view with pixels of 1 mm, so that the wall has a pure middle."""
    study = PhantomSettings(seed=seed, matrix=(120, 128), pixel_spacing_mm=(1.0, 1.0))
    mapping = MappingSettings(**{"snr": None, **options})
    return make_mapping(study.model_copy(update={"mapping": mapping}))


def middle(study):
    return [s.level for s in study.truth.slices].index("mid")


def pure(series, z, label):
    """Pixels whose neighbourhood, point spread included, is one label."""
    inside = ndimage.binary_erosion(series.labels.data[0, z] == label, np.ones((3, 3)), 2)
    if label == Label.LV:  # the muscles within the cavity are labelled as cavity
        last = series.images.data[series.reference, z]
        inside &= np.abs(last - np.median(last[inside])) < 0.02 * np.median(last[inside])
        inside = ndimage.binary_erosion(inside, np.ones((3, 3)), 2)
    assert inside.sum() > 20
    return inside


def curve(series, z, label):
    """``(n,)`` mean magnitudes of pure tissue."""
    return series.images.data[:, z][:, pure(series, z, label)].mean(axis=1)


def tissues(study, z):
    wall = study.truth.slices[z].segments
    return ((Label.MYOCARDIUM, next(iter(wall.values()))), (Label.LV, study.truth.slices[z].blood))


def signed(times_ms, magnitudes):
    """Polarity restored: of the signs that change once with time, those that fit best."""
    choices = []
    for longest in (0.0, *np.sort(times_ms)):
        signal = np.where(times_ms <= longest, -magnitudes, magnitudes)
        for t1_star_ms in np.geomspace(50, 3000, 400):
            model = np.stack([np.ones_like(times_ms), np.exp(-times_ms / t1_star_ms)], axis=1)
            fit = model @ np.linalg.lstsq(model, signal, rcond=None)[0]
            choices.append((np.linalg.norm(fit - signal), tuple(signal)))
    return np.array(min(choices)[1])


@pytest.mark.parametrize("protocol", MOLLI)
def test_molli_signals_give_back_t1(protocol):
    study = made()
    series, z = study.series[protocol], middle(study)
    for label, known in tissues(study, z):
        expected = known.t1_post_ms if protocol is Protocol.POST_MOLLI else known.t1_native_ms
        signal = signed(series.times_ms[:, z], curve(series, z, label))
        # Means over pixels of whole stored values out of several hundred.
        assert fitted_t1_ms(series.times_ms[:, z], signal) == pytest.approx(expected, rel=0.003)


def test_inversion_times_follow_the_heart_beat_of_the_slice():
    study = made()
    for protocol, groups in zip(MOLLI, ((5, 3), (4, 3, 2)), strict=True):
        series = study.series[protocol]
        assert len(set(series.images.rr_ms)) > 1
        for z, rr_ms in enumerate(series.images.rr_ms):
            expected = [100 + 80 * k + i * rr_ms for k, n in enumerate(groups) for i in range(n)]
            assert list(series.times_ms[:, z]) == expected
            triggers = series.images.times_ms[:, z]
            assert triggers == pytest.approx(np.full(sum(groups), 0.75 * rr_ms), abs=0.06)


@pytest.mark.parametrize("label", [0, 1], ids=["wall", "blood"])
def test_saturation_recovery_signals_are_those_of_the_model(label):
    study = made()
    series, z = study.series[Protocol.SASHA], middle(study)
    kind, known = tissues(study, z)[label]
    found, times_ms = curve(series, z, kind), series.times_ms[:, z]
    assert np.isinf(times_ms[0])
    assert times_ms[1:].max() < series.images.rr_ms[z]
    expected = found[0] * (1 - np.exp(-times_ms[1:] / known.t1_native_ms))
    assert found[1:] == pytest.approx(expected, abs=1)


@pytest.mark.parametrize("label", [0, 1], ids=["wall", "blood"])
@pytest.mark.parametrize("protocol", [Protocol.T2_PREP, Protocol.T2_STAR])
def test_decays_are_those_of_the_model(protocol, label):
    study = made()
    series, z = study.series[protocol], middle(study)
    kind, known = tissues(study, z)[label]
    decay_ms = known.t2_ms if protocol is Protocol.T2_PREP else known.t2_star_ms
    found, times_ms = curve(series, z, kind), series.times_ms[:, z]
    assert len(times_ms) >= 3
    expected = found[0] * np.exp(-(times_ms - times_ms[0]) / decay_ms)
    assert found == pytest.approx(expected, abs=1)


def test_truth_obeys_the_ecv_formula():
    lesion = Lesion(segment=3, ecv_fraction=0.5)
    truth = made(lesion=lesion, haematocrit=0.37, blood_post_t1_ms=300.0).truth
    for known in truth.slices:
        assert known.blood.t1_post_ms == pytest.approx(300, rel=1e-12)
        blood = 1 / known.blood.t1_post_ms - 1 / known.blood.t1_native_ms
        for number, segment in known.segments.items():
            wall = 1 / segment.t1_post_ms - 1 / segment.t1_native_ms
            assert (1 - 0.37) * wall / blood == pytest.approx(segment.ecv_fraction, rel=1e-12)
            assert segment.ecv_fraction == (0.5 if number == 3 else 0.26)


def test_given_tissue_is_the_truth():
    wall = RelaxationTimes(t1_ms=1111, t2_ms=44, t2_star_ms=12)
    study = made(myocardium=wall, protocols=(Protocol.T2_STAR,))
    known = study.truth.slices[0].segments
    first = next(iter(known.values()))
    found = (first.t1_native_ms, first.t2_ms, first.t2_star_ms)
    assert found == pytest.approx((1111, 44, 12), rel=1e-12)
    assert first.read_native_t1_ms is None


def test_noise_has_the_asked_standard_deviation():
    options = {"protocols": (Protocol.NATIVE_MOLLI, Protocol.T2_PREP)}
    clean, noisy = made(**options), made(snr=20.0, **options)
    for protocol, series in noisy.series.items():
        last = series.reference
        wall = series.labels.data[0] == Label.MYOCARDIUM
        exact = clean.series[protocol].images.data[last]
        error = (series.images.data[last] - exact)[wall]
        # The gain of the coils varies over the wall, and the border is not pure.
        full = np.median(exact[wall])
        assert full / error.std() == pytest.approx(20, rel=0.15)
    air = noisy.series[Protocol.NATIVE_MOLLI].images.data[:, :, :4, :4]
    assert air.mean() > 0  # Rician: noise alone has no zero mean


def test_the_phase_tells_the_sign():
    study = made(phase_images=True, protocols=(Protocol.NATIVE_MOLLI,), snr=50.0)
    series, z = study.series[Protocol.NATIVE_MOLLI], middle(study)
    angle = (series.phases.data[:, z] / 4096 - 0.5) * 2 * np.pi
    real = series.images.data[:, z] * np.cos(angle - angle[series.reference])
    wall = real[:, pure(series, z, Label.MYOCARDIUM)].mean(axis=1)
    times_ms = series.times_ms[:, z]
    assert list(wall < 0) == list(times_ms < 300)
    assert fitted_t1_ms(times_ms, wall) == pytest.approx(1000, rel=0.03)


@pytest.mark.parametrize("breath_hold_mm", [0.0, 4.0])
def test_breathing_moves_all_images_but_the_reference(breath_hold_mm):
    options = {"protocols": (Protocol.SASHA,), "breath_hold_mm": breath_hold_mm}
    still, moving = (made(breathing_mm=b, **options).series[Protocol.SASHA] for b in (0.0, 5.0))
    assert np.array_equal(still.labels.data, moving.labels.data)
    reference = moving.reference
    assert np.array_equal(still.images.data[reference], moving.images.data[reference])
    assert not still.shifts_mm.any()
    assert np.abs(moving.shifts_mm).max() <= 5.5
    for t in set(range(len(moving.times_ms))) - {reference}:
        for z in range(3):
            pair = (moving.images.data[t, z], still.images.data[t, z])
            found, *_ = phase_cross_correlation(*pair, upsample_factor=10)
            assert found == pytest.approx(moving.shifts_mm[t, z], abs=0.5)


def test_breath_holds_differ_and_their_labels_go_along():
    study = made(breath_hold_mm=6.0, protocols=(Protocol.NATIVE_MOLLI, Protocol.SASHA))
    one, two = study.series.values()
    assert not np.array_equal(one.labels.data, two.labels.data)
    for series in (one, two):
        z = middle(study)
        blood = series.images.data[series.reference, z][series.labels.data[0, z] == Label.LV]
        wall = series.images.data[series.reference, z][pure(series, z, Label.MYOCARDIUM)]
        assert np.ptp(wall) < 0.3 * np.median(wall)
        assert np.median(wall) < 0.98 * np.median(blood)


def test_the_simulation_reads_low_and_truth_says_how_much():
    study = made(signal=MolliSignal.BLOCH, protocols=MOLLI)
    z = middle(study)
    known = study.truth.slices[z].segments[8]
    reads = (known.read_native_t1_ms, known.read_post_t1_ms)
    for protocol, read_ms, true_ms in zip(
        MOLLI, reads, (known.t1_native_ms, known.t1_post_ms), strict=True
    ):
        series = study.series[protocol]
        signal = signed(series.times_ms[:, z], curve(series, z, Label.MYOCARDIUM))
        assert fitted_t1_ms(series.times_ms[:, z], signal) == pytest.approx(read_ms, rel=0.005)
        assert 0.8 * true_ms < read_ms < 0.97 * true_ms
    modelled = made(protocols=MOLLI).truth.slices[z].segments[8]
    assert modelled.read_native_t1_ms == modelled.t1_native_ms


def test_scanner_maps_show_the_tissue():
    study = made(maps=MapStyle.TAGGED, t2_map_unit_ms=0.1, lesion=Lesion(segment=8))
    z = middle(study)
    for protocol in (*MOLLI, Protocol.SASHA, Protocol.T2_PREP):
        series = study.series[protocol]
        inner = pure(series, z, Label.MYOCARDIUM)
        for number, known in study.truth.slices[z].segments.items():
            there = inner & (series.segments.data[0, z] == number)
            expected = {
                Protocol.POST_MOLLI: known.t1_post_ms,
                Protocol.T2_PREP: known.t2_ms * 10,
            }.get(protocol, known.t1_native_ms)
            assert np.median(series.scanner_map.data[0, z][there]) == pytest.approx(expected, abs=1)
    assert study.series[Protocol.T2_STAR].scanner_map is None


def test_the_same_settings_give_the_same_arrays_whatever_else_is_acquired():
    options = {"snr": 30.0, "breathing_mm": 2.0, "phase_images": True}
    alone = make_again(protocols=(Protocol.SASHA,), **options)
    among = make_again(**options)
    other = make_again(seed=2, protocols=(Protocol.SASHA,), **options)
    one, two, three = (s.series[Protocol.SASHA] for s in (alone, among, other))
    assert np.array_equal(one.images.data, two.images.data)
    assert np.array_equal(one.phases.data, two.phases.data)
    assert not np.array_equal(one.images.data, three.images.data)


def make_again(**options):
    return made.__wrapped__(**options)


def test_series_share_one_geometry_with_the_levels_in_order():
    study = made()
    levels = [s.level for s in study.truth.slices]
    assert levels in (["basal", "mid", "apical"], ["apical", "mid", "basal"])
    for series in study.series.values():
        assert series.images.geometry is series.labels.geometry
        assert series.images.data.shape[0] == len(series.times_ms) == len(series.beats)
        areas = np.count_nonzero(series.labels.data[0] == Label.LV, axis=(1, 2))
        assert areas[levels.index("apical")] < areas[levels.index("mid")]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"protocols": ()}, "at least 1"),
        ({"protocols": (Protocol.SASHA, Protocol.SASHA)}, "at most once"),
        ({"lesion": {"segment": 17}}, "16"),
        ({"blood": {"t1_ms": 1000, "t2_ms": 50, "t2_star_ms": 60}}, "expected T2"),
        ({"t2_prep_ms": (0, 50)}, "at least 3"),
        ({"haematocrit": 1.0}, "less than 1"),
    ],
)
def test_impossible_settings_are_refused(options, message):
    with pytest.raises(ValidationError, match=message):
        MappingSettings(**options)


def test_impossible_tissue_is_refused():
    with pytest.raises(ValueError, match="expected it to fall"):
        made(blood_post_t1_ms=2000.0)
    with pytest.raises(ValueError, match="expected T2 below T1"):
        made(lesion=Lesion(segment=1, t2_ratio=50.0))
    with pytest.raises(ValueError, match="expected a mapping part"):
        make_mapping(PhantomSettings())
