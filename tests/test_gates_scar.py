"""Every gate on late enhancement on both sides of its limit; what it withholds."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from cmr.gates_scar import scar_gates
from cmr.mapping.cine_contours import CineCheck
from cmr.records import Status
from cmr.scar.amounts import Amount
from cmr.scar.remote import NO_REMOTE
from cmr.scar.terms import LateKind
from tests.heart_masks import QUALITY
from tests.late_case import BODY, SCARRED, measured
from tests.late_rings import REMOTE, SD, SETTINGS, rng
from tests.tissue_heart import stack

pytestmark = pytest.mark.requirement("SCAR-09")

LIMITS = QUALITY.scar


@cache
def plain():
    return measured()


def gates(found=None, settings=SETTINGS):
    judged = scar_gates(plain() if found is None else found, LIMITS, settings)
    assert len({g.name for g in judged}) == len(judged)
    return {g.name.removeprefix("scar_"): g for g in judged}


def with_cine(*dice, reason="", found=None):
    return replace(found or plain(), cine=CineCheck(np.array(dice), reason))


def with_agreement(share):
    found = plain().found
    return replace(plain(), found=replace(found, heart=replace(found.heart, agreement=share)))


def test_a_sound_stack_passes_what_can_be_asked():
    found = gates()
    assert list(found) == [
        "place",
        "heart",
        "remote",
        "contrast",
        "blood",
        "slices",
        "pitch",
        "gaps",
        "methods",
    ]
    assert {g.status for g in found.values()} == {Status.PASS}
    assert not any(g.withholds for g in found.values())


@pytest.mark.parametrize(
    ("network", "cine", "figure", "good"),
    [
        (0.5, None, 50, True),
        (0.49, None, 49, False),
        (0.1, 0.6, 60, True),
        (0.6, 0.1, 60, True),
        (np.nan, 0.6, 60, True),
        (0.4, 0.45, 45, False),
        (np.nan, np.nan, 0, False),
        (np.nan, None, 0, False),
    ],
)
def test_where_no_other_look_agrees_nothing_is_told(network, cine, figure, good):
    """The better of cine and other network; neither is no agreement."""
    found = with_agreement(network)
    found = found if cine is None else with_cine(cine, cine, found=found)
    place = gates(found)["place"]
    assert place.figure == pytest.approx(figure)
    assert place.status is (Status.PASS if good else Status.WITHHELD)
    assert place.withholds == ([] if good else ["scar"])


@pytest.mark.parametrize(("share", "good"), [(0.7, True), (0.69, False), (np.nan, False)])
def test_networks_that_disagree_about_the_wall(share, good):
    heart = gates(with_agreement(share))["heart"]
    assert heart.status is (Status.PASS if good else Status.REVIEW)
    assert heart.withholds == []


@pytest.mark.parametrize("kind", LateKind)
@pytest.mark.parametrize(
    ("scar", "scarred", "gate"),
    [
        (220.0, SCARRED, "blood"),
        (160.0, SCARRED, "contrast"),
        (220.0, (), "contrast"),
    ],
)
def test_inverted_images_withhold_the_scar_and_say_why(scar, scarred, gate, kind):
    """Blood is darker than healthy wall. Of scar darker still, taken for remote, it is not."""
    upside_down = measured(
        kind=kind,
        scar=scar,
        scarred=scarred,
        change=lambda grey: -grey if kind is LateKind.PSIR else 300 - grey,
    )
    found = gates(upside_down)[gate]
    assert found.status is Status.WITHHELD
    assert "inverted phase-sensitive images" in found.message
    keys = {"mass_g", "pct_lv_mass", "methods", "gray_zones", "segments", "layers", "territories"}
    assert {f"scar.{key}" for key in keys} <= set(found.withholds)
    assert "scar" not in found.withholds
    assert "scar.lv_mass_g" not in found.withholds


def test_blood_beside_scar():
    """160 and 200 above remote."""
    blood = gates()["blood"]
    assert blood.figure == pytest.approx(80, abs=3)
    assert blood.status is Status.PASS
    assert "blood" not in gates(measured(scarred=()))


@pytest.mark.parametrize(("blood", "good"), [(90.0, False), (115.0, True)])
def test_the_limit_of_blood_beside_scar(blood, good):
    """70 and 95 of 200 above remote; 40 % is the limit."""
    assert (gates(measured(blood=blood))["blood"].status is Status.PASS) == good


@pytest.mark.parametrize(("above", "good"), [(2.0, False), (4.5, True)])
def test_blood_above_remote_in_its_sd(above, good):
    """The darkest sector is up to half an SD darker than all."""
    contrast = gates(measured(blood=REMOTE + above * SD, scarred=()))["contrast"]
    assert contrast.figure == pytest.approx(above, abs=0.9)
    assert (contrast.status is Status.PASS) == good


def test_scar_all_round_leaves_no_remote_and_is_not_called_healthy():
    """As bright as blood in every segment: what is taken for remote is scar."""
    found = measured(scarred=tuple(range(1, 17)), scar=180.0)
    assert found.headline.pct_lv_mass == 0
    assert gates(found)["contrast"].status is Status.WITHHELD


def uneven(*slices):
    def change(values):
        for z in slices:
            values[z] += rng(z).normal(0, 60, values[z].shape)
        return values

    return change


@pytest.mark.parametrize(("slices", "good"), [((2, 4), True), ((0, 2, 4, 6), True)])
def test_slices_without_remote_of_their_own(slices, good):
    """Two or four of nine; half of them is the limit."""
    remote = gates(measured(change=uneven(*slices)))["remote"]
    assert remote.figure == pytest.approx(100 * len(slices) / 9, abs=0.01)
    assert (remote.status is Status.PASS) == good


def test_most_slices_refused_goes_to_review():
    found = plain().found
    refused = dict.fromkeys(range(5), "Uneven.")
    more = replace(plain(), found=replace(found, remote=replace(found.remote, refused=refused)))
    assert gates(more)["remote"].status is Status.REVIEW
    assert gates(more)["remote"].figure == pytest.approx(100 * 5 / 9, abs=0.01)


def test_without_remote_it_says_so_and_contrast_is_not_asked():
    found = plain().found
    nan = np.full(9, np.nan)
    none = replace(found.remote, mean=nan, sd=nan, reason=NO_REMOTE, refused={})
    judged = gates(replace(plain(), found=replace(found, remote=none)))
    assert "contrast" not in judged
    assert judged["remote"].status is Status.REVIEW
    assert judged["remote"].message == NO_REMOTE


@pytest.mark.parametrize(
    ("along", "good"), [((5, 15, 25, 35, 45), False), ((5, 15, 25, 35, 45, 55), True)]
)
def test_fewer_than_six_slices_go_to_review(along, good):
    slices = gates(measured(stack(BODY, np.array(along, float))))["slices"]
    assert slices.figure == len(along)
    assert (slices.status is Status.PASS) == good


def test_slices_beside_the_heart_do_not_count():
    """Nine images, five of them with wall."""
    far = stack(BODY, np.arange(5.0, 90, 10) + 45)
    assert gates(measured(far))["slices"].figure == 5


def test_a_missing_slice_is_a_gap_twice_the_pitch():
    gap = gates(measured(stack(BODY, np.array([5.0, 15, 25, 45, 55, 65]))))["gaps"]
    assert (gap.figure, gap.status) == (2, Status.REVIEW)


def test_every_second_slice_is_too_far_from_the_next():
    """The gaps are even all the same."""
    found = gates(measured(stack(BODY, np.arange(5.0, 70, 20))))
    assert (found["pitch"].figure, found["pitch"].status) == (20, Status.REVIEW)
    assert found["gaps"].status is Status.PASS


def test_one_slice_has_no_gaps_and_is_too_few():
    one = gates(measured(stack(BODY, np.array([45.0]))))
    assert {"gaps", "pitch"}.isdisjoint(one)
    assert one["slices"].status is Status.REVIEW


def with_shares(**shares):
    known = {name: Amount(1.0, share) for name, share in shares.items()}
    return replace(
        plain(), methods={**dict.fromkeys(SETTINGS.compared, Amount(1.0, np.nan)), **known}
    )


@pytest.mark.parametrize(("fwhm", "good"), [(25.0, True), (25.5, False)])
def test_methods_that_differ_by_more_than_10_points(fwhm, good):
    """n-SD, which differ by nature, are not asked."""
    found = gates(with_shares(network=15.0, ewa=20.0, fwhm=fwhm, sd2=70.0))["methods"]
    assert found.figure == pytest.approx(fwhm - 15)
    assert found.status is (Status.PASS if good else Status.REVIEW)
    assert "Network 15.0 %" in found.message
    assert f"half maximum {fwhm:.1f} %" in found.message
    assert "2 SD" not in found.message


def test_a_single_known_method_cannot_be_compared():
    found = gates(with_shares(network=15.0))["methods"]
    assert (found.figure, found.status) == (None, Status.REVIEW)


def test_without_wall_there_is_no_share_of_refused_slices():
    away = stack(BODY, np.arange(200.0, 260, 10))
    found = gates(measured(away))
    assert found["remote"].status is Status.REVIEW
    assert found["slices"].figure == 0


@pytest.mark.parametrize(("worst", "good"), [(0.8, True), (0.79, False)])
def test_contours_of_the_cine(worst, good):
    """The worst slice counts."""
    found = gates(with_cine(0.95, worst, np.nan))["cine_contours"]
    assert found.figure == pytest.approx(100 * worst)
    assert found.status is (Status.PASS if good else Status.REVIEW)


def test_a_cine_elsewhere_is_reviewed_with_its_reason():
    found = gates(with_cine(np.nan, reason="Far away."))["cine_contours"]
    assert (found.figure, found.status) == (None, Status.REVIEW)
    assert found.message.startswith("Far away.")
