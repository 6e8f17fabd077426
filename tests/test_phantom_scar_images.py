"""Late-enhancement images of the phantom: signals, noise of remote wall, partial volume."""

import numpy as np
import pytest
from scipy import ndimage

from cmr.labels import Label
from cmr.scar.labels import ScarLabel
from phantom.appearance import load_appearance
from phantom.scar_lesion import Damage
from phantom.scar_settings import SCAR_PRESETS
from phantom.settings import PhantomSettings
from phantom.subject import draw_subject
from tests.test_phantom_scar import lesion, made, preset

pytestmark = pytest.mark.requirement("SCAR-22")

NOISE = 0.05
BLOOD = 1000.0


def noise_free(name: str, **changes):
    """A stack of 1 mm pixels without noise and shading."""
    return made(preset(name, shading=False, noise=0.0, **changes), fine=True)


def inner(mask):
    return ndimage.binary_erosion(mask, np.ones((1, 1, 3, 3)), 2)


def dark(clean):
    """Remote wall without anything of blood, scar or trabeculae in its pixels."""
    found = inner(clean.labels.data == ScarLabel.MYOCARDIUM) & (np.abs(clean.psir.data) <= 2)
    assert found.sum() > 2000
    return found


def test_nulled_remote_is_rayleigh_in_magnitude_and_gaussian_about_zero_in_psir():
    noisy = made(preset("no-reflow", shading=False, noise=NOISE), fine=True)
    remote = dark(noise_free("no-reflow"))
    magnitude, psir = noisy.magnitude.data[remote], noisy.psir.data[remote]
    sd = NOISE * BLOOD
    assert magnitude.mean() == pytest.approx(sd * np.sqrt(np.pi / 2), rel=0.03)
    assert magnitude.std() == pytest.approx(sd * np.sqrt(2 - np.pi / 2), rel=0.05)
    assert psir.mean() == pytest.approx(0, abs=0.05 * sd)
    assert psir.std() == pytest.approx(sd, rel=0.03)


def test_magnitude_is_that_of_the_real_part_without_noise():
    clean = noise_free("no-reflow")
    # PSIR is stored in steps of two.
    assert np.abs(clean.magnitude.data - np.abs(clean.psir.data)).max() <= 1.5
    assert clean.psir.data.min() < 0


def recovered(t1_native_ms: float, uptake: float, inversion_ms: float) -> float:
    rate_per_ms = 1 / t1_native_ms + uptake * 2.0 / 1000
    return 1 - 2 * np.exp(-inversion_ms * rate_per_ms)


@pytest.mark.parametrize("offset", [0.0, 0.15])
def test_signals_are_those_of_inversion_recovery(offset):
    study = noise_free("no-reflow", ti_offset=offset)
    contrast = draw_subject(PhantomSettings(seed=1)).contrast
    native = load_appearance().tissues
    field = (1.5, 3.0).index(contrast.field_strength_t)
    wall_ms, blood_ms = native["myocardium"].t1_ms[field], native["blood"].t1_ms[field]
    inversion_ms = (1 + offset) * np.log(2) / (1 / wall_ms + 0.45 * 0.002)
    assert study.truth.inversion_ms == pytest.approx(inversion_ms)
    blood = native["blood"].density * recovered(blood_ms, 1.0, inversion_ms)
    for label, uptake in ((ScarLabel.MYOCARDIUM, 0.45), (ScarLabel.INFARCT, 0.95)):
        expected = native["myocardium"].density * recovered(wall_ms, uptake, inversion_ms) / blood
        pixels = study.psir.data[inner(study.labels.data == label)]
        assert np.median(pixels) == pytest.approx(expected * BLOOD, abs=3)


@pytest.mark.parametrize("seed", range(4))
def test_scar_is_about_as_bright_as_blood_gray_half_and_no_reflow_dark(seed):
    contrast = made(SCAR_PRESETS["gray-zone"], seed).contrast
    assert contrast.of(Damage.HEALTHY) == pytest.approx(0, abs=1e-9)
    assert 1 < contrast.of(Damage.CORE) < 1.2
    # Below half of the core, so that it is gray to those who call half of the maximum core.
    assert 0.35 < contrast.of(Damage.GRAY) / contrast.of(Damage.CORE) < 0.5
    assert -0.2 < contrast.of(Damage.NO_REFLOW) < 0


def test_pixels_at_the_border_share_their_signal():
    scar = lesion("midwall", 60, 60, along=(0.1, 0.8), depth=(0.3, 0.7))
    clean = made(scar.model_copy(update={"shading": False, "noise": 0.0}))
    full = clean.contrast.of(Damage.CORE) * BLOOD
    wall = ndimage.binary_erosion(clean.wall_labels.data[0] == Label.MYOCARDIUM, np.ones((1, 3, 3)))
    middle = [
        np.median(clean.psir.data[0][wall & (np.abs(clean.share - share) < 0.1)]) / full
        for share in (0.0, 0.25, 0.5, 0.75)
    ]
    assert np.all(np.diff(middle) > 0.05)
    assert 0.2 < middle[2] < 0.8


def test_no_reflow_is_a_dark_core_within_the_scar():
    clean = noise_free("no-reflow")
    core = clean.labels.data == ScarLabel.NO_REFLOW
    in_plane = ndimage.generate_binary_structure(2, 1)[None, None]
    around = ndimage.binary_dilation(core, in_plane) & ~core
    assert set(np.unique(clean.labels.data[around])) == {ScarLabel.INFARCT}
    bright = np.median(clean.psir.data[clean.labels.data == ScarLabel.INFARCT])
    assert np.median(clean.psir.data[core]) < 0.4 * bright


def test_shading_and_noise_can_be_switched_off():
    blood = {}
    for shading in (True, False):
        study = made(preset("none", shading=shading, noise=0.0))
        cavity = inner(study.labels.data == ScarLabel.LV) & (study.psir.data > 0.9 * BLOOD)
        blood[shading] = np.ptp(np.percentile(study.magnitude.data[cavity], [5, 95]))
    # What is left comes from the muscles in the cavity.
    assert blood[False] < 10
    assert blood[True] > 100


def test_leaving_out_a_slice_leaves_the_others_as_they_are():
    full = made(SCAR_PRESETS["transmural"])
    part = made(SCAR_PRESETS["transmural"], missing_slices=(0, 1))
    # The noise level follows the coil sensitivity of the wall, which the two hardly held.
    assert np.abs(part.magnitude.data - full.magnitude.data[:, 2:]).max() <= 1
    assert np.array_equal(part.labels.data, full.labels.data[:, 2:])
