"""The simulated MOLLI train against closed forms, an independent integrator and a known bias."""

import numpy as np
import pytest

from phantom.bloch import BlochMolli, fitted_t1_ms
from phantom.mapping_signal import NATIVE_SCHEME, POST_SCHEME, MolliScheme, Readout
from phantom.tissue import Contrast

pytestmark = pytest.mark.requirement("TIS-26")

T1_MS, T2_MS = np.array([400.0, 1000.0, 1600.0]), np.array([45.0, 50.0, 250.0])
RR_MS = 900.0


def recovered(m_z, duration_ms):
    return 1 + (m_z - 1) * np.exp(-duration_ms / T1_MS)


@pytest.mark.parametrize("efficiency", [1.0, 0.9])
def test_tiny_pulses_give_plain_inversion_recovery(efficiency):
    # 5(3)3: the second inversion is in beat 8 and finds what the first has left of recovery.
    train = BlochMolli(T1_MS, T2_MS, Readout(flip_deg=0.01, tr_ms=0.02), efficiency)
    signals = train.signals(NATIVE_SCHEME, RR_MS)
    full, _ = train.read(np.ones(3))
    between_ms = 8 * RR_MS - 180 + 100
    found = recovered(-efficiency, between_ms)
    for i in range(5):
        expected = recovered(-efficiency, 100 + i * RR_MS)
        assert signals[i] / full == pytest.approx(expected, abs=1e-4)
    for i in range(3):
        expected = recovered(-efficiency * found, 180 + i * RR_MS)
        assert signals[5 + i] / full == pytest.approx(expected, abs=1e-4)


def test_a_long_train_reaches_the_steady_state():
    readout = Readout(flip_deg=50.0, tr_ms=3.0, pulses=20_000)
    signal, _ = BlochMolli(T1_MS, T2_MS, readout, 1.0).read(-np.ones(3))
    contrast = Contrast(field_strength_t=1.5, flip_deg=50.0, tr_ms=3.0)
    expected = [contrast.signal(t1, t2, 1.0) for t1, t2 in zip(T1_MS, T2_MS, strict=True)]
    assert signal == pytest.approx(expected, rel=1e-6)


def test_the_train_is_that_of_three_dimensional_bloch_equations():
    readout = Readout(flip_deg=35.0, tr_ms=2.8, pulses=21)
    signal, m_z = BlochMolli(T1_MS[1:2], T2_MS[1:2], readout, 1.0).read(np.array([-0.7]))
    state, centre = full_bloch(readout, -0.7, T1_MS[1], T2_MS[1])
    assert abs(signal[0]) == pytest.approx(centre, rel=1e-9)
    assert m_z[0] == pytest.approx(state, rel=1e-9)


def full_bloch(readout, m_z, t1_ms, t2_ms):
    """Pulses about alternating axes, all three components; ends after the last TR."""
    state = np.array([0.0, 0.0, m_z])

    def turned(state, angle):
        c, s = np.cos(angle), np.sin(angle)
        return np.array([[1, 0, 0], [0, c, s], [0, -s, c]]) @ state

    def relaxed(state, ms):
        e1, e2 = np.exp(-ms / t1_ms), np.exp(-ms / t2_ms)
        return np.array([e2 * state[0], e2 * state[1], 1 + (state[2] - 1) * e1])

    angle = np.deg2rad(readout.flip_deg)
    state = relaxed(turned(state, -angle / 2), readout.tr_ms / 2)
    for pulse in range(readout.pulses):
        state = turned(state, angle if pulse % 2 == 0 else -angle)
        if pulse == readout.pulses // 2:
            centre = np.hypot(*relaxed(state, readout.tr_ms / 2)[:2])
        state = relaxed(state, readout.tr_ms)
    return state[2], centre


@pytest.mark.parametrize("scheme", [NATIVE_SCHEME, POST_SCHEME])
def test_the_fit_gives_back_the_parameters_of_its_model(scheme):
    times_ms = scheme.inversion_ms(RR_MS)
    signal = 100 - 190 * np.exp(-times_ms / 850)
    assert fitted_t1_ms(times_ms, signal) == pytest.approx(850 * (190 / 100 - 1), rel=1e-9)


def test_molli_reads_low_by_the_known_bias():
    # quantification.md: 6-9 % low at 1000 ms; imperfect inversion adds to it (Kellman 2014).
    read = {}
    for efficiency in (1.0, 0.96):
        train = BlochMolli(T1_MS, T2_MS, Readout(), efficiency)
        signals = train.signals(NATIVE_SCHEME, RR_MS)
        read[efficiency] = fitted_t1_ms(NATIVE_SCHEME.inversion_ms(RR_MS), signals[:, 1])
    assert 0.91 * 1000 < read[1.0] < 0.94 * 1000
    assert read[0.96] < 0.97 * read[1.0]


def test_schemes_have_their_images_in_the_right_beats():
    assert NATIVE_SCHEME.beats() == ((0, 1, 2, 3, 4), (8, 9, 10))
    assert POST_SCHEME.beats() == ((0, 1, 2, 3), (5, 6, 7), (9, 10))
    expected = [100, 900, 1700, 2500, 180, 980, 1780, 260, 1060]
    assert list(POST_SCHEME.inversion_ms(800.0)) == expected


@pytest.mark.parametrize(
    ("readout", "rr_ms"), [(Readout(pulses=80), 900.0), (Readout(), 150.0)], ids=["TI", "RR"]
)
def test_a_readout_that_does_not_fit_is_refused(readout, rr_ms):
    with pytest.raises(ValueError, match="one a heart beat"):
        BlochMolli(T1_MS, T2_MS, readout, 1.0).signals(MolliScheme((2,), ()), rr_ms)
