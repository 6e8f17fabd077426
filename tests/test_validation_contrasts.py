"""Synthesised mapping images of a painted heart, against tissue values and signals by hand."""

import numpy as np
import pytest

from cmr.labels import Label
from phantom.tissue import Tissue
from validation.contrasts import Anatomy, native_contrasts, post_contrasts, read_anatomy, scan

pytestmark = pytest.mark.requirement("TIS-12")

WALL, BLOOD = np.s_[0, 12:15, 24:40], np.s_[0, 26:38, 26:38]


def painted():
    """Cine of wall 0.3, blood 0.8, lung 0.1, fat 1.0 and air 0; one papillary pixel block."""
    labels = np.zeros((1, 64, 64), np.uint8)
    labels[0, 12:52, 12:52] = Label.MYOCARDIUM
    labels[0, 20:44, 20:44] = Label.LV
    images = np.choose(labels, [0.1, 0.8, 0.3, 0.8]).astype(np.float32)
    images[0, 20:24, 20:24] = 0.3
    images[0, :6], images[0, 58:] = 0.0, 1.0
    return images, labels


@pytest.fixture(scope="module")
def anatomy():
    return read_anatomy(*painted(), (1.5, 1.5))


@pytest.fixture(scope="module")
def native(anatomy):
    return native_contrasts(anatomy, 1.5, np.random.default_rng(0))


def test_tissues_go_by_label_and_grey_level(anatomy):
    at = anatomy.tissues[0]
    assert at[30, 30] == Tissue.BLOOD
    assert at[21, 21] == Tissue.MYOCARDIUM  # papillary muscle
    assert at[14, 30] == Tissue.MYOCARDIUM
    assert at[9, 30] == Tissue.LUNG
    assert at[2, 30] == Tissue.AIR
    assert at[60, 30] == Tissue.FAT


def test_maps_hold_the_literature_values(native, anatomy):
    """1.5 T: wall 1000 and 50 ms, blood 1600 and 250 ms (phantom.mapping_tissue); SNR 20."""
    assert np.median(native["T1 map"][WALL]) == pytest.approx(1000, rel=0.04)
    assert np.median(native["T1 map"][BLOOD]) == pytest.approx(1600, rel=0.04)
    assert np.median(native["T2 map"][WALL]) == pytest.approx(50, rel=0.06)
    assert np.median(native["T2 map"][BLOOD]) == pytest.approx(250, rel=0.25)
    # Extracellular volume 26 %, haematocrit 0.42, blood 320 ms: 1 / (1/1000 + 0.448 * 2.5/1000).
    post = post_contrasts(anatomy, 1.5, np.random.default_rng(0))
    assert np.median(post["T1 map"][WALL]) == pytest.approx(471.6, rel=0.04)


def test_air_in_a_map_is_noise(native):
    assert native["T1 map"][0, :4].std() > 300
    low, high = np.percentile(native["T1 map"][WALL], (10, 90))
    assert high - low < 300


def test_the_wall_is_dark_near_its_null(native):
    means = {name: images[WALL].mean() for name, images in native.items() if "IR" in name}
    assert min(means, key=means.get) == "IR 600 ms"
    assert means["IR 600 ms"] < 0.2 * means["IR 2500 ms"]


def test_a_dark_line_parts_tissues_of_opposite_sign():
    tissues = np.full((1, 40, 40), Tissue.BLOOD, np.uint8)
    tissues[:, :20] = Tissue.MYOCARDIUM
    signals = np.zeros(len(Tissue))
    signals[Tissue.MYOCARDIUM], signals[Tissue.BLOOD] = 1.0, -1.0
    image = scan(
        Anatomy(tissues, np.ones(tissues.shape), (1.0, 1.0)), signals, np.random.default_rng(0)
    )
    assert image[0, 19:21].mean() < 0.6 * image[0, 10:15].mean()
    assert image.min() >= 0


def test_same_seed_same_images_other_field_other_images(anatomy, native):
    again = native_contrasts(anatomy, 1.5, np.random.default_rng(0))
    assert all(np.array_equal(again[name], native[name]) for name in native)
    other = native_contrasts(anatomy, 3.0, np.random.default_rng(0))
    assert np.median(other["T1 map"][WALL]) == pytest.approx(1160, rel=0.05)
