"""Digital infarcts as arrays: lesions, truth and images against hand-worked formulas."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy import integrate, ndimage

from cmr.labels import Label
from cmr.scar.labels import ENHANCED, WALL, ScarLabel
from cmr.tissue.aha import find_segments
from phantom.scar import make_scar
from phantom.scar_lesion import Damage, WallPoints, damage_at
from phantom.scar_settings import SCAR_PRESETS, Lesion, LesionKind, ScarSettings
from phantom.scar_truth import transmurality_class
from phantom.settings import PhantomSettings
from phantom.subject import draw_subject
from tests.tissue_heart import SETTINGS

pytestmark = pytest.mark.requirement("SCAR-22")

INNER_MM, OUTER_MM, LENGTH_MM = 24.0, 34.0, 80.0
FINE = {
    "matrix": (104, 112),
    "pixel_spacing_mm": (1.0, 1.0),
    "thickness_mm": 4.0,
    "gap_mm": 0.0,
    "phases": 12,
}
USUAL = {"matrix": (104, 112), "pixel_spacing_mm": (1.4, 1.4), "phases": 12}


@cache
def made(scar: ScarSettings, seed: int = 1, fine: bool = False, **study):
    return make_scar(PhantomSettings(seed=seed, scar=scar, **(FINE if fine else USUAL) | study))


def preset(name: str, **changes) -> ScarSettings:
    return SCAR_PRESETS[name].model_copy(update=changes)


def lesion(kind="transmural", centre_deg=30.0, half_width_deg=30.0, **more) -> ScarSettings:
    options = {"kind": kind, "centre_deg": centre_deg, "half_width_deg": half_width_deg, **more}
    return ScarSettings(lesions=(Lesion(**options),))


@cache
def cylinder() -> tuple[WallPoints, float]:
    """Points of a hollow cylinder and the volume (mm3) that a point at unit radius stands for."""
    steps = (0.25, 2.0, 1.0)
    radius, angle, along = np.meshgrid(
        np.arange(INNER_MM, OUTER_MM, steps[0]) + steps[0] / 2,
        np.arange(0, 360, steps[1]) + steps[1] / 2,
        np.arange(0, LENGTH_MM, steps[2]) + steps[2] / 2,
        indexing="ij",
    )
    inner = np.full(radius.shape, INNER_MM)
    points = WallPoints(angle, radius, inner, OUTER_MM - inner, along, LENGTH_MM)
    return points, steps[0] * np.deg2rad(steps[1]) * steps[2]


def volumes_mm3(scar: ScarSettings) -> dict[Damage, float]:
    points, element = cylinder()
    found = damage_at(scar.lesions, points)
    return {kind: float(points.radius_mm[found == kind].sum() * element) for kind in Damage}


def sector_mm3(half_width_deg, inner_mm, outer_mm, length_mm) -> float:
    return np.deg2rad(half_width_deg) * (outer_mm**2 - inner_mm**2) * length_mm


@settings(deadline=None, max_examples=50)
@given(
    st.floats(-400, 400), st.floats(10, 180), st.floats(0, 0.6), st.floats(0.2, 0.4),
    st.floats(0, 0.5), st.floats(0.2, 0.5),
)  # fmt: skip
def test_a_sector_of_an_annulus_has_the_volume_of_the_formula(
    centre_deg, half_width_deg, low, thick, first, long
):
    span = {"depth": (low, low + thick), "along": (first, first + long)}
    found = volumes_mm3(lesion("midwall", centre_deg, half_width_deg, **span))
    inner, outer = (INNER_MM + 10 * share for share in span["depth"])
    # Points stand for 0.25 mm, 2 degrees and 1 mm: each border is right within half of that.
    least, most = (
        sector_mm3(
            min(half_width_deg + sign, 180),
            inner - sign * 0.13,
            outer + sign * 0.13,
            min(long * LENGTH_MM + sign, LENGTH_MM),
        )
        for sign in (-1, 1)
    )
    assert least <= found[Damage.CORE] <= most * (1 + 1e-9)
    assert found[Damage.GRAY] == found[Damage.NO_REFLOW] == 0


def test_no_reflow_lies_in_the_middle_and_within_its_rim():
    scar = lesion(half_width_deg=60, along=(0.2, 0.8), no_reflow=True, no_reflow_rim_mm=3.0)
    found = volumes_mm3(scar)
    dark = sector_mm3(30, INNER_MM + 3, OUTER_MM - 3, 0.3 * LENGTH_MM)
    whole = sector_mm3(60, INNER_MM, OUTER_MM, 0.6 * LENGTH_MM)
    assert found[Damage.NO_REFLOW] == pytest.approx(dark, rel=0.01)
    assert found[Damage.CORE] == pytest.approx(whole - dark, rel=0.01)


def test_the_gray_zone_is_a_rim_towards_healthy_wall_alone():
    scar = lesion("subendocardial", 0, 180, depth=(0, 0.6), along=(0.25, 0.75), gray_zone_mm=2.0)
    found = volumes_mm3(scar)
    whole = sector_mm3(180, INNER_MM, INNER_MM + 6, 0.5 * LENGTH_MM)
    # Not at the cavity, nor aside: the lesion goes all around.
    core = sector_mm3(180, INNER_MM, INNER_MM + 4, 0.5 * LENGTH_MM - 4)
    assert found[Damage.CORE] == pytest.approx(core, rel=0.01)
    assert found[Damage.GRAY] == pytest.approx(whole - core, rel=0.01)


def test_patches_are_foci_within_their_sector():
    points, _ = cylinder()
    scar = lesion("patchy", 100, 60)
    foci = damage_at(scar.lesions, points) > 0
    solid = damage_at(lesion("midwall", 100, 60, depth=(0.15, 0.85)).lesions, points) > 0
    assert not (foci & ~solid).any()
    assert ndimage.label(foci)[1] == 16


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("name", ["subendocardial", "transmural", "midwall"])
def test_mass_in_a_heart_is_the_integral_of_its_sections(name, seed):
    """Sections of the phantom's wall are rings, or have their area."""
    scar = SCAR_PRESETS[name]
    [known], truth = scar.lesions, made(scar, seed, fine=True).truth
    heart = draw_subject(PhantomSettings(seed=seed, **FINE)).scene.shape.at(0.75)
    low, high = known.depth_range

    def area_mm2(w: float) -> float:
        surfaces = (heart.endocardium, heart.epicardium)
        inner, outer = (float(s.section_radius_mm(np.array(w))) for s in surfaces)
        wall = outer - inner
        return sector_mm3(known.half_width_deg, inner + low * wall, inner + high * wall, 1)

    ends = (heart.base_mm + x * heart.epicardium.length_mm for x in known.along)
    expected_g = integrate.quad(area_mm2, *ends)[0] * 1.05 / 1000
    assert truth.scar_mass_g == pytest.approx(expected_g, rel=0.01)
    assert truth.lv_mass_g == pytest.approx(heart.shape.mass_g, rel=0.01)
    assert truth.scar_pct == pytest.approx(100 * truth.scar_mass_g / truth.lv_mass_g)
    assert truth.core_pct == pytest.approx(truth.scar_pct)


@pytest.mark.parametrize("depth", [0.2, 0.4, 0.6, 0.9])
def test_a_lesion_all_around_is_as_transmural_as_it_is_deep(depth):
    truth = made(lesion("subendocardial", 0, 180, depth=(0, depth), along=(0, 1))).truth
    names = {0.2: "1-25", 0.4: "26-50", 0.6: "51-75", 0.9: "76-100"}
    assert sorted(truth.segments) == list(range(1, 17))
    for segment in truth.segments.values():
        assert segment.transmurality_pct == pytest.approx(100 * depth, abs=1)
        assert segment.transmurality_class == names[depth]
    assert truth.segments_over_50 == (16 if depth > 0.5 else 0)


def test_a_sector_as_wide_as_a_segment_fills_it():
    truth = made(lesion(centre_deg=150, along=(0, 1))).truth
    # The inferior segments; RV insertions of the slices differ by some degrees from that at the
    # middle of the heart, each worth 1/60.
    for number in (4, 10):
        assert truth.segments[number].transmurality_pct > 85
        assert truth.segments[number].scar_pct > 85
    assert max(truth.segments[n].transmurality_pct for n in (1, 2, 6, 7, 8, 12)) == 0
    half = made(lesion(centre_deg=150, half_width_deg=15, along=(0, 1))).truth.segments[10]
    # Sections are ellipses, up to 5 % from circles: angles differ by up to 3 degrees.
    assert half.transmurality_pct == pytest.approx(50, abs=5)


def test_layers_of_a_transmural_lesion_are_thirds_of_a_ring():
    """A thin basal slice of the wall: rings of equal depth, areas as the squares of radii."""
    layers = made(lesion("transmural", 0, 180, along=(0.3, 0.4)), fine=True).truth.layers
    heart = draw_subject(PhantomSettings(seed=1, **FINE)).scene.shape.at(0.75)
    w = np.array(heart.base_mm + 0.35 * heart.epicardium.length_mm)
    inner, outer = (float(s.section_radius_mm(w)) for s in (heart.endocardium, heart.epicardium))
    rings = np.diff(np.linspace(inner, outer, 4) ** 2) / (outer**2 - inner**2) * 100
    found = (layers.endocardial_pct, layers.midwall_pct, layers.epicardial_pct)
    assert found == pytest.approx(rings, abs=0.5)


def test_no_scar_is_none():
    study = made(SCAR_PRESETS["none"])
    truth = study.truth
    assert (truth.scar_mass_g, truth.scar_pct, truth.no_reflow_pct, truth.layers) == (0, 0, 0, None)
    assert {s.transmurality_class for s in truth.segments.values()} == {"0"}
    assert not study.share.any()
    assert not np.isin(study.labels.data, ENHANCED).any()


@pytest.mark.parametrize(
    ("pct", "name"),
    [(0, "0"), (0.4, "0"), (0.6, "1-25"), (25.4, "1-25"), (25.6, "26-50"), (50.6, "51-75"),
     (76, "76-100"), (100, "76-100")],
)  # fmt: skip
def test_classes_are_those_of_whole_percents(pct, name):
    assert transmurality_class(pct) == name


@pytest.mark.parametrize("name", ["transmural", "no-reflow", "patchy"])
def test_labels_segments_and_shares_belong_together(name):
    study = made(SCAR_PRESETS[name])
    wall = study.wall_labels.data == Label.MYOCARDIUM
    assert np.array_equal(np.isin(study.labels.data, WALL), wall)
    assert np.array_equal(study.labels.data == ScarLabel.LV, study.wall_labels.data == Label.LV)
    scarred = np.isin(study.labels.data, ENHANCED)
    assert np.array_equal(scarred[0], (study.share > 0.5) & wall[0])
    assert not study.segments.data[~wall].any()
    dark = np.count_nonzero(study.labels.data == ScarLabel.NO_REFLOW)
    assert (dark > 0) == (name == "no-reflow") == (study.truth.no_reflow_pct > 0)
    # Masks are the truth but for the pixels at the borders.
    extents = study.labels.geometry.slice_extents_mm
    mask_g = scarred[0].sum(axis=(1, 2)) @ extents * 1.4**2 * 1.05 / 1000
    assert mask_g == pytest.approx(study.truth.scar_mass_g, rel=0.2 if name == "patchy" else 0.1)


@pytest.mark.parametrize("seed", range(3))
def test_segments_are_those_that_an_observer_of_the_labels_finds(seed):
    study = made(SCAR_PRESETS["none"], seed)
    found = find_segments(study.wall_labels, SETTINGS.aha)
    assert [s.level for s in study.truth.slices] == [s.level and str(s.level) for s in found.slices]
    held = study.segments.data[0] > 0
    assert np.array_equal(held, found.segments > 0)
    assert np.mean(study.segments.data[0][held] == found.segments[held]) > 0.95


@pytest.mark.parametrize(
    "options", [{"quarter_turns": 1}, {"quarter_turns": 2}, {"mirrored": True}]
)
def test_truth_stays_however_the_image_is_turned(options):
    scar = SCAR_PRESETS["subendocardial"]
    plain, turned = made(scar).truth, made(scar, **options).truth
    # Other points of the same heart are sampled.
    assert turned.scar_mass_g == pytest.approx(plain.scar_mass_g, rel=0.01)
    for number, segment in plain.segments.items():
        assert turned.segments[number].scar_pct == pytest.approx(segment.scar_pct, abs=1)
        there = turned.segments[number].transmurality_pct
        assert there == pytest.approx(segment.transmurality_pct, abs=1)


def test_a_single_slice_has_shares_and_no_mass():
    truth = made(SCAR_PRESETS["transmural"], missing_slices=(*range(5), *range(6, 30))).truth
    [slice_truth] = truth.slices
    assert np.isnan(truth.scar_mass_g)
    assert truth.scar_pct == pytest.approx(100 * slice_truth.scar_mm2 / slice_truth.wall_mm2)
    assert slice_truth.level == "mid"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"depth": (0.5, 0.5)}, "depth 0.5 to 0.5: expected the lower bound first"),
        ({"along": (0.7, 0.2)}, "along 0.7 to 0.2: expected the lower bound first"),
        ({"kind": "patchy", "no_reflow": True}, "neither no-reflow nor a gray zone"),
        ({"half_width_deg": 181}, "less than or equal to 180"),
        ({"along": (0, 1.2)}, "less than or equal to 1"),
    ],
)
def test_impossible_lesions_are_refused(options, message):
    with pytest.raises(ValidationError, match=message):
        Lesion(**{"kind": LesionKind.MIDWALL, "centre_deg": 0, "half_width_deg": 30} | options)


def test_settings_without_scar_are_refused():
    with pytest.raises(ValueError, match="expected a scar part"):
        make_scar(PhantomSettings())
