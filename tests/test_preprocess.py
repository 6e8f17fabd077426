import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cmr.heart import CentreMethod, HeartCentre
from cmr.intensity import normalise
from cmr.labels import STRUCTURES
from cmr.preprocess import ModelInput, PreprocessSettings, Seen, to_crop, to_model
from cmr.resample import CropGrid
from tests.model_support import SETTINGS, acdc_patients, bivme_cine, volume
from tests.test_heart import beating_disc
from training.cases import read_acdc

pytestmark = pytest.mark.requirement("CINE-15")

TOLERANCE = 0.005  # of the volume, from the issue


def one_hot(labels):
    return np.stack([labels == value for value in range(4)], 2).astype(np.float32)


def volumes(labels):
    return np.array([(labels == label).sum(axis=(1, 2, 3)) for label in STRUCTURES])


def forth_and_back(prepared: ModelInput, labels):
    return prepared.to_native(prepared.grid.to_crop(one_hot(labels))).data


def heart_mask(shape, spacing, centre, radius_mm, squash):
    """LV disc, ring of 9 mm around it, RV crescent beside it: one slice, one phase."""
    rows, cols = np.indices(shape)
    y = (rows - centre[0]) * spacing[0]
    x = (cols - centre[1]) * spacing[1] * squash
    distance = np.hypot(y, x)
    beside = np.hypot(y, x - radius_mm - 5)
    labels = np.zeros(shape, np.uint8)
    labels[beside < radius_mm + 8] = 1
    labels[distance < radius_mm + 9] = 2
    labels[distance < radius_mm] = 3
    return labels[None, None]


@settings(deadline=None, max_examples=60)
@given(
    spacing=st.tuples(st.floats(0.8, 2.0), st.floats(0.8, 2.0)),
    centre=st.tuples(st.floats(70, 90), st.floats(70, 90)),
    offset=st.tuples(st.floats(-5, 5), st.floats(-5, 5)),
    radius_mm=st.floats(15, 35),
    squash=st.floats(0.8, 1.25),
)
def test_a_mask_carried_forth_and_back_keeps_its_volume(spacing, centre, offset, radius_mm, squash):
    labels = heart_mask((160, 160), spacing, centre, radius_mm, squash)
    at = HeartCentre(centre[0] + offset[0], centre[1] + offset[1], CentreMethod.MOTION)
    grid = CropGrid((160, 160), spacing, SETTINGS.matrix, SETTINGS.spacing_mm, (at.row, at.col))
    assume(grid.covered[labels[0, 0] > 0].all())
    source = volume(labels, spacing)
    prepared = ModelInput(np.zeros((1, 1, *SETTINGS.matrix), np.float32), at, grid, source)
    back = forth_and_back(prepared, labels)
    assert np.allclose(volumes(back), volumes(labels), rtol=TOLERANCE)


@pytest.mark.real_data
def test_acdc_labels_carried_forth_and_back_keep_their_volume(acdc):
    for patient in acdc_patients(acdc)[::8]:
        case = read_acdc(acdc, patient)
        back = forth_and_back(to_model(case.images, SETTINGS), case.labels.data)
        assert np.allclose(volumes(back), volumes(case.labels.data), rtol=TOLERANCE)


@pytest.mark.parametrize("shape", [(120, 170), (256, 96), (31, 33)])
@pytest.mark.parametrize("spacing", [(1.0, 2.0), (1.9, 1.9)])
@pytest.mark.parametrize("phases", [1, 2, 7])
def test_any_matrix_spacing_and_number_of_phases(shape, spacing, phases):
    data = np.random.default_rng(0).random((phases, 3, *shape)).astype(np.float32)
    prepared = to_model(volume(data, spacing), SETTINGS)
    assert prepared.images.shape == (phases, 3, *SETTINGS.matrix)
    assert prepared.images.dtype == np.float32
    assert prepared.images.min() >= 0
    assert prepared.images.max() <= 1
    back = prepared.to_native(np.zeros((phases, 3, 4, *SETTINGS.matrix), np.float32))
    assert back.data.shape == data.shape


def test_images_are_the_normalised_ones_around_the_heart():
    data = 700 * beating_disc((62, 121))
    prepared = to_model(volume(data, (1.5, 1.5)), SETTINGS)
    assert prepared.centre.method == CentreMethod.MOTION
    middle = np.array(SETTINGS.matrix) // 2
    native = normalise(data, SETTINGS.intensity)[:, :, 62, 121]
    found = prepared.images[:, :, middle[0] - 1 : middle[0] + 1, middle[1] - 1 : middle[1] + 1]
    # Inside the bright disc all is one grey value, noise apart.
    assert np.allclose(found.mean((2, 3)), native, atol=0.1)


def test_grey_scale_of_the_input_does_not_matter():
    data = beating_disc((80, 100))
    plain, scaled = (to_model(volume(x, (1.5, 1.5)), SETTINGS) for x in (data, 4095 * data + 12))
    assert np.allclose(plain.images, scaled.images, atol=1e-4)


def test_what_lies_outside_the_crop_is_background():
    data = np.zeros((1, 1, 300, 300), np.float32)
    prepared = to_model(volume(data, (1.5, 1.5)), SETTINGS)
    scores = np.zeros((1, 1, 4, *SETTINGS.matrix), np.float32)
    scores[:, :, 3] = 1
    labels = prepared.to_native(scores).data[0, 0]
    rows = np.flatnonzero(labels.any(1))
    side = SETTINGS.matrix[0] * SETTINGS.spacing_mm / 1.5
    assert len(rows) == pytest.approx(side, abs=1)
    assert set(np.unique(labels)) == {0, 3}
    assert not labels[0].any()


def test_times_and_geometry_stay_with_the_labels():
    source = volume(beating_disc((80, 100), phases=4), (1.5, 1.5))
    prepared = to_model(source, SETTINGS)
    labels = prepared.to_native(np.zeros((4, 3, 4, *SETTINGS.matrix), np.float32))
    assert labels.geometry is source.geometry
    assert labels.data.dtype == np.uint8


def test_scores_of_other_images_are_refused():
    prepared = to_model(volume(beating_disc((80, 100), phases=4), (1.5, 1.5)), SETTINGS)
    for shape, reason in (
        ((3, 3, 4, 192, 192), "Scores of 3 phases, expected 4"),
        ((5, 3, 4, 192, 192), r"of phase 5, expected \(3, C, 192, 192\) of 4 phases"),
        ((4, 2, 4, 192, 192), r"Scores \(2, 4, 192, 192\) of phase 1, expected \(3, C, 192, 192\)"),
        ((4, 3, 4, 192, 190), r"expected \(3, C, 192, 192\)"),
    ):
        with pytest.raises(ValueError, match=reason):
            prepared.to_native(np.zeros(shape, np.float32))


def test_an_unknown_setting_is_refused():
    with pytest.raises(ValueError, match="Extra inputs"):
        PreprocessSettings(**SETTINGS.model_dump(), margin_mm=3)


SMALL = Seen(matrix=(40, 40), spacing_mm=1.5, intensity=SETTINGS.intensity)


def ramp_with_fat():
    """Grey values 0 to 60 along the columns of the crop, 5000 outside it."""
    image = np.full((1, 2, 100, 120), 5000.0)
    image[..., 30:70, 40:80] = np.arange(40)
    return image


def test_grey_values_of_a_crop_are_its_own_where_a_fraction_is_asked_for():
    """Fat outside the crop takes half of the scale, unless percentiles are the crop's."""
    centre = HeartCentre(49.5, 59.5, CentreMethod.FIRST_LOOK)
    source = volume(ramp_with_fat(), (1.5, 1.5))
    of_crop = SMALL.model_copy(update={"central_fraction": 1.0})
    alone = to_crop(source, of_crop, centre).images[0, 0]
    low, high = np.percentile(np.tile(np.arange(40.0), (40, 1)), [1, 99])
    expected = np.clip((np.arange(40) - low) / (high - low), 0, 1)
    assert np.allclose(alone, expected, atol=1e-5)
    of_image = to_crop(source, SMALL, centre).images[0, 0]
    assert of_image.max() < 0.01


def test_the_fraction_is_that_of_the_crop():
    """Columns 10 to 29 of 40: 10 becomes 0, 29 becomes 1."""
    centre = HeartCentre(49.5, 59.5, CentreMethod.FIRST_LOOK)
    half = SMALL.model_copy(update={"central_fraction": 0.5})
    found = to_crop(volume(ramp_with_fat(), (1.5, 1.5)), half, centre).images[0, 1, 20]
    assert np.allclose(found, np.clip((np.arange(40) - 10) / 19, 0, 1), atol=1e-5)


def test_values_that_are_no_numbers_do_not_spread_into_the_crop():
    centre = HeartCentre(49.5, 59.5, CentreMethod.FIRST_LOOK)
    broken = ramp_with_fat()
    broken[0, 0, 50, 60], broken[0, 0, 52, 60], broken[0, 0, 54, 60] = np.nan, np.inf, -np.inf
    half = SMALL.model_copy(update={"central_fraction": 0.5})
    found = to_crop(volume(broken, (1.5, 1.5)), half, centre).images
    assert np.isfinite(found).all()
    assert np.allclose(
        found[0, 1], to_crop(volume(ramp_with_fat(), (1.5, 1.5)), half, centre).images[0, 1]
    )


def test_what_a_network_sees_is_part_of_how_a_cine_is_prepared():
    """Without how the heart is found; a fraction of 0 shows nothing."""
    assert SETTINGS.seen == Seen(**{k: getattr(SETTINGS, k) for k in Seen.model_fields})
    assert SETTINGS.seen.central_fraction is None
    assert SMALL.seen == SMALL
    for fraction in (0, 1.01):
        with pytest.raises(ValueError, match="central_fraction"):
            Seen(
                matrix=(4, 4), spacing_mm=1, intensity=SETTINGS.intensity, central_fraction=fraction
            )


@pytest.mark.real_data
def test_real_cine(bivme):
    prepared = to_model(bivme_cine(bivme), SETTINGS)
    assert prepared.images.shape == (25, 6, *SETTINGS.matrix)
    assert prepared.centre.method == CentreMethod.MOTION
