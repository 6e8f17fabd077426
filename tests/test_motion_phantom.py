"""Alignment of the digital phantom's breathing, and of a real phantom that lies still."""

from functools import cache

import numpy as np
import pytest
from scipy import ndimage

from cmr.labels import Label
from cmr.motion.series import align_series
from cmr.relaxometry.t1 import fit_molli
from cmr.relaxometry.t2 import fit_decay
from dicomio.index import index_input
from dicomio.mapping_pixels import read_mapping
from dicomio.selection import select
from phantom.mapping import make_mapping
from phantom.mapping_settings import MappingSettings, Protocol
from phantom.settings import PhantomSettings
from tests.conftest import shared_path
from tests.dicom_factory import READER, SELECTION
from tests.motion_heart import MOTION
from tests.relaxometry_support import FIT

pytestmark = pytest.mark.requirement("TIS-11")

# Three pixels of 1.6 mm.
LARGEST_MM = 4.8
# Share of truth that the median of a segment may be off. Coils stay while the phantom breathes, so
# that the true shifts leave up to 1.4 (MOLLI) and 4 % (T2).
LIMITS = {Protocol.NATIVE_MOLLI: 0.02, Protocol.POST_MOLLI: 0.02, Protocol.T2_PREP: 0.05}


@cache
def series(protocol):
    mapping = MappingSettings(protocols=(protocol,), snr=40.0, breathing_mm=LARGEST_MM)
    common = {"matrix": (128, 144), "pixel_spacing_mm": (1.6, 1.6)}
    made = make_mapping(PhantomSettings(seed=1, mapping=mapping, **common))
    return made.series[protocol], made.truth


def fit(protocol, images, times):
    if protocol is Protocol.T2_PREP:
        return fit_decay(images, times, FIT.t2_ms, FIT, with_offset=False)
    return fit_molli(images, times, FIT)


def model(protocol, times):
    def fitted(images):
        found = fit(protocol, images, times)
        decay = found.amplitude * np.exp(-times[:, None, None] / found.time_constant_ms)
        sign = 1 if protocol is Protocol.T2_PREP else -1
        return np.abs(found.plateau + sign * decay)

    return fitted


def region(labels, spacing_mm):
    heart = np.isin(labels, [Label.LV, Label.RV, Label.MYOCARDIUM])
    row, col = ndimage.center_of_mass(heart)
    rows, cols = np.indices(labels.shape)
    return np.hypot((rows - row) * spacing_mm[0], (cols - col) * spacing_mm[1]) <= 50


def true_ms(protocol, tissue):
    return {
        Protocol.NATIVE_MOLLI: tissue.read_native_t1_ms,
        Protocol.POST_MOLLI: tissue.read_post_t1_ms,
        Protocol.T2_PREP: tissue.t2_ms,
    }[protocol]


@pytest.mark.parametrize("protocol", LIMITS)
@pytest.mark.parametrize("z", range(3))
def test_breathing_is_found_and_segments_return_to_the_truth(protocol, z):
    one, truth = series(protocol)
    images, labels = one.images.data[:, z].astype(float), one.labels.data[0, z]
    spacing_mm, times = one.labels.geometry.pixel_spacing_mm, one.times_ms[:, z]
    found = align_series(
        images, one.reference, region(labels, spacing_mm), spacing_mm,
        model(protocol, times), MOTION,
    )  # fmt: skip
    assert found.applied
    errors_px = np.hypot(*(found.shifts_mm - one.shifts_mm[:, z]).T) / 1.6
    assert errors_px.max() <= 0.5
    assert np.median(errors_px) <= 0.25
    inner = ndimage.binary_erosion(labels == Label.MYOCARDIUM)
    values = fit(protocol, found.images, times).value_ms
    for number, tissue in truth.slices[z].segments.items():
        median = np.nanmedian(values[inner & (one.segments.data[0, z] == number)])
        assert median == pytest.approx(true_ms(protocol, tissue), rel=LIMITS[protocol])


@pytest.mark.real_data
def test_nothing_moves_in_the_shmolli_phantom():
    [study] = index_input(shared_path("data/relaxometry/shmolli_phantom"), READER).studies
    [source] = select(study, SELECTION).mapping.sources
    first = source.inversion[:, 0] == 1
    times = source.times_ms[:, 0][first]
    images = read_mapping(source).data[first, 0].astype(float)
    bright = images[-1] > 0.1 * images[-1].max()
    spacing_mm = source.geometry.pixel_spacing_mm
    found = align_series(images, 4, bright, spacing_mm, model(Protocol.NATIVE_MOLLI, times), MOTION)
    assert not found.applied
    assert found.images is images
    assert found.reason == "No image is seen to be displaced by 0.1 pixels or more."
    assert found.notes == ()
