"""What of late enhancement reaches the results: amounts, reasons, notes, JSON and back."""

from functools import cache

import numpy as np
import pytest

from cmr.labels import Label
from cmr.records import Gate, Status
from cmr.results_scar import METHOD_TITLES, Scar
from cmr.scar.amounts import NO_LV_WALL, NO_PITCH
from cmr.scar.assemble import ScarOrigin, mesh_name, scar_results
from cmr.scar.methods import NOTHING
from cmr.scar.remote import NO_REMOTE
from tests.late_case import BODY, PLANES, infarct_of, measured
from tests.late_rings import rng
from tests.mapped_heart import MODEL
from tests.scar_sample import scar_results as sample
from tests.tissue_heart import masks, stack

pytestmark = pytest.mark.requirement("SCAR-18")

ORIGIN = ScarOrigin(sample().stack, MODEL, MODEL)
WALL = masks(BODY, PLANES).data[0] == Label.MYOCARDIUM
INFARCT = infarct_of()
# Pixels of 1 mm2, slices 10 mm apart, 1.05 g/ml.
PIXEL_G = 10 * 1.05 / 1000


def results(found, *gates) -> Scar:
    return scar_results(found, gates, ORIGIN)


@cache
def plain() -> Scar:
    return results(measured())


@cache
def healthy() -> Scar:
    return results(measured(scarred=()))


@cache
def one_slice() -> Scar:
    return results(measured(stack(BODY, np.array([45.0]))))


def gate(*keys):
    return Gate(
        name="scar_contrast", status=Status.WITHHELD, figure=1, limit=3, unit="{SD}",
        message="Dark blood.", withholds=list(keys),
    )  # fmt: skip


def test_amounts_are_pixels_by_volume_and_density():
    """The network sees the truth; half maximum finds it again."""
    network, scar = plain().methods["network"], plain()
    assert scar.lv_mass_g == pytest.approx(WALL.sum() * PIXEL_G, abs=0.006)
    assert network.mass_g == pytest.approx(INFARCT.sum() * PIXEL_G, abs=0.006)
    assert network.pct_lv_mass == pytest.approx(100 * INFARCT.sum() / WALL.sum(), abs=0.06)
    assert scar.pct_lv_mass == pytest.approx(network.pct_lv_mass, abs=1)
    assert scar.withheld == {}


def test_the_headline_is_that_of_the_default_method_which_is_named():
    scar = plain()
    assert scar.method == "fwhm"
    assert scar.method_reason
    of_default = scar.methods["fwhm"]
    assert (scar.mass_g, scar.pct_lv_mass) == (of_default.mass_g, of_default.pct_lv_mass)
    assert set(scar.methods) == set(METHOD_TITLES)
    zone = scar.gray_zones[scar.gray_definition]
    assert (scar.core_pct, scar.gray_pct) == (zone.core_pct, zone.gray_pct)
    assert set(scar.gray_zones) == {"sd_2_3", "yan", "schmidt"}


def test_share_of_the_gray_zone():
    for zone in plain().gray_zones.values():
        expected = 100 * zone.gray_g / (zone.gray_g + zone.core_g)
        assert zone.gray_of_scar_pct == pytest.approx(expected, abs=0.1)


def test_segments_and_territories():
    """Inferior and inferolateral, basal and mid: full; nothing elsewhere."""
    scar = plain()
    for number, segment in scar.segments.items():
        full = number in (4, 5, 10, 11)
        assert segment.scar_pct == pytest.approx(100 if full else 0, abs=9)
    assert scar.segments[10].transmurality_class == "76-100"
    assert scar.segments[8].transmurality_class == "0"
    assert scar.segments_over_50 == 4
    total = sum(one.mass_g for one in scar.territories.values())
    assert total == pytest.approx(scar.mass_g, abs=0.5)
    assert scar.territories["LAD"].mass_g < 0.05 * total


def test_slices():
    slices = plain().slices
    assert [one.position_mm for one in slices] == [10.0 * z for z in range(9)]
    assert [one.wall_mm2 for one in slices] == WALL.sum((1, 2)).tolist()
    assert [one.scar_mm2 > 0 for one in slices] == INFARCT.any((1, 2)).tolist()


def test_surfaces_are_named():
    meshes = plain().meshes
    assert [m.file for m in meshes] == [mesh_name(m.structure) for m in meshes]
    assert {m.structure for m in meshes} == {"epicardium", "endocardium", "scar"}


def test_a_withheld_number_is_absent_with_its_reason():
    keys = (
        "scar.pct_lv_mass",
        "scar.methods",
        "scar.gray_zones.yan",
        "scar.segments",
        "scar.layers",
    )
    scar = results(measured(), gate(*keys))
    reason = "scar_contrast: Dark blood. Found 1, limit 3 ({SD})."
    assert scar.pct_lv_mass is None
    assert scar.withheld == {"pct_lv_mass": reason}
    assert {m.pct_lv_mass for m in scar.methods.values()} == {None}
    assert scar.methods["sd2"].withheld["mass_g"] == reason
    assert scar.gray_zones["yan"].core_pct is None
    assert scar.gray_zones["schmidt"].core_pct is not None
    assert {s.transmurality_class for s in scar.segments.values()} == {None}
    assert scar.layers.withheld["midwall_pct"] == reason
    assert scar.lv_mass_g is not None


def test_without_enhancement_it_is_0_not_absent():
    scar = healthy()
    assert (scar.mass_g, scar.pct_lv_mass, scar.mvo_g, scar.segments_over_50) == (0, 0, 0, 0)
    assert scar.methods["fwhm"].note == NOTHING
    assert scar.methods["fwhm"].thresholds == [None] * 9
    assert None not in scar.methods["sd2"].thresholds
    zone = scar.gray_zones["schmidt"]
    assert zone.core_pct == zone.gray_pct == 0
    assert zone.withheld == {"gray_of_scar_pct": "there is neither core nor gray zone"}
    assert scar.layers.midwall_pct is None
    assert scar.layers.withheld["midwall_pct"]
    assert {s.transmurality_class for s in scar.segments.values()} == {"0"}


def test_one_slice_has_shares_but_no_grams():
    scar = one_slice()
    wall, infarct = (m[4].sum() for m in (WALL, INFARCT))
    assert scar.methods["network"].pct_lv_mass == pytest.approx(100 * infarct / wall, abs=0.06)
    assert scar.pct_lv_mass == pytest.approx(100 * infarct / wall, abs=1)
    assert (scar.mass_g, scar.lv_mass_g, scar.mvo_g) == (None, None, None)
    assert {scar.withheld[key] for key in ("mass_g", "lv_mass_g", "mvo_g")} == {NO_PITCH}
    assert scar.methods["sd3"].withheld == {"mass_g": NO_PITCH}
    assert scar.meshes == []
    assert any("slice" in note for note in scar.notes)


def test_no_heart_at_all():
    scar = results(measured(stack(BODY, np.arange(200.0, 250, 10))))
    assert (scar.pct_lv_mass, scar.lv_mass_g) == (None, None)
    assert scar.withheld["lv_mass_g"] == NO_LV_WALL
    assert scar.withheld["pct_lv_mass"] == NO_REMOTE
    assert scar.remote.withheld == {"mean": NO_REMOTE, "sd": NO_REMOTE}
    assert scar.remote.slices_refused == {}


def test_an_uneven_end_is_not_judged_and_says_so():
    def noisy(values):
        values[0] += rng(4).normal(0, 60, values[0].shape)
        return values

    scar = results(measured(change=noisy))
    assert list(scar.remote.slices_refused) == [0]
    assert scar.remote.slices_refused[0].endswith("an end of the ventricle, not judged")
    assert scar.slices[0].scar_mm2 == 0
    assert scar.methods["fwhm"].thresholds[0] is None
    assert scar.slices[1].scar_mm2 > 0


def test_remote():
    remote = plain().remote
    assert remote.mean == pytest.approx(20, abs=1.5)
    assert remote.sd == pytest.approx(4, rel=0.2)
    assert remote.pixels > 9 * 15


@pytest.mark.parametrize("made", [plain, healthy, one_slice])
def test_json_and_back(made):
    assert Scar.model_validate_json(made().model_dump_json()) == made()
