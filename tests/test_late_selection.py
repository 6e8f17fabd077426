"""One late-enhancement stack is chosen with the reason; whatever is not taken is named."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from scipy.spatial.transform import Rotation

from cmr.errors import NoApplicableSeries, NotInStudy
from cmr.scar.terms import LateKind
from dicomio.index import index_input
from dicomio.late_source import late_record
from dicomio.selection import SeriesRule, select
from tests.dicom_factory import (
    AXIAL,
    READER,
    SELECTION,
    SHORT_AXIS,
    cine_slice,
    enhanced,
    header,
    study,
    uid,
    write,
)
from tests.late_support import HEIGHTS, MOCO, PHASE, REAL, choice, chosen, in_series, late, source
from tests.mapping_support import clock

pytestmark = pytest.mark.requirement("SCAR-01")

# Contains the short-axis normal and the short-axis row direction.
FOUR_CHAMBER = ((0.8, 0.6, 0.0), (0.48, -0.64, -0.6))


def tilted(degrees: float, about: Any = SHORT_AXIS[0]) -> Any:
    turn = Rotation.from_rotvec(np.radians(degrees) * np.array(about))
    return tuple(map(tuple, turn.apply(SHORT_AXIS)))


def cine(heights: Any = HEIGHTS, plane: Any = SHORT_AXIS) -> list[Dataset]:
    return [ds for h in heights for ds in cine_slice(plane, h, 12, f"cine{h}")]


def reason_of(selection: Any, name: str) -> str:
    [found] = [d.reason for d in selection.decisions if d.series_uid == uid(name)]
    return str(found)


def test_magnitude_only() -> None:
    selection = chosen(late("a"))
    found = selection.late.required()
    assert (found.kind, found.geometry.n_slices) == (LateKind.MAGNITUDE, 9)
    assert found.geometry.pitch_mm == pytest.approx(10)
    assert found.inversion_ms.tolist() == [300 + n for n in range(9)]
    assert found.cycle_phase == pytest.approx([0.6] * 9)
    assert np.isnan(found.minutes)
    assert (found.left_out, found.not_taken) == ((), ())
    assert found.images.frames == (found.frames,)
    [decision] = selection.decisions
    assert (decision.used, decision.images_used) == (True, 9)
    assert "magnitude stack of 9 slices, 10° off the usual short axis" in decision.reason


def test_slices_are_in_order_whatever_the_order_of_the_files() -> None:
    made = late("a")
    by_uid = {ds.SOPInstanceUID: n for n, ds in enumerate(made)}
    random.Random(2).shuffle(made)
    found = source(made)
    assert [by_uid[f.sop_instance_uid] for f in found.frames] == list(range(9))
    assert found.inversion_ms.tolist() == [300 + n for n in range(9)]


def test_one_series_a_slice() -> None:
    made = [late(f"s{h}", [h], start_s=900 + h) for h in HEIGHTS]
    assert source(*made).series_uids == tuple(uid(f"s{h}") for h in HEIGHTS)


def test_pair_of_series() -> None:
    selection = chosen(
        late("m", SeriesDescription="SAX_DE_2D_400_mBH_MAG"),
        late("p", SeriesDescription="SAX_DE_2D_400_mBH_PSIR"),
    )
    found = selection.late.required()
    assert (found.kind, found.series_uids) == (LateKind.PSIR, (uid("p"),))
    [line] = found.not_taken
    assert "magnitude stack of 9 slices: PSIR images of the same coverage" in line
    assert "PSIR does not depend on the exact inversion time" in found.reason
    assert "not used: 9 x magnitude stack of 9 slices" in reason_of(selection, "m")


def test_pair_that_only_the_image_type_tells_apart() -> None:
    found = source(late("m"), late("p", **REAL))
    assert (found.kind, found.series_uids) == (LateKind.PSIR, (uid("p"),))


def test_magnitude_by_name_though_its_image_type_says_psir() -> None:
    """A Siemens pair may carry the token of the sequence in both series."""
    both = {"ImageType": ["ORIGINAL", "PRIMARY", "M", "PSIR", "ND"]}
    found = source(
        late("m", **both, SeriesDescription="SAX_MAG", SeriesNumber=9),
        late("p", **both, SeriesDescription="SAX_PSIR", SeriesNumber=8),
    )
    assert (found.kind, found.series_uids) == (LateKind.PSIR, (uid("p"),))


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (["M_IR", "M", "IR"], ["R_IR", "R", "IR"]),  # Philips
        (["M", "ND"], ["M", "PSIR", "ND"]),
        (["M", "ND"], ["R", "ND"]),
    ],
)
@pytest.mark.parametrize("name", ["", "PSIR_SA_LGE", "SAX_PSIR"])
def test_both_parts_in_one_series(one: list[str], two: list[str], name: str) -> None:
    made = in_series(
        "both",
        late("p", ImageType=["ORIGINAL", "PRIMARY", *two], SeriesDescription=name),
        late("m", ImageType=["ORIGINAL", "PRIMARY", *one], SeriesDescription=name),
    )
    found = source(made)
    assert found.kind is LateKind.PSIR
    assert {f.sop_instance_uid for f in found.frames} == {uid(f"p-{n}") for n in range(9)}
    assert found.left_out == ()
    assert len(found.not_taken) == 1


def test_component_attribute_tells_parts_apart() -> None:
    plain = {"ImageType": ["ORIGINAL", "PRIMARY", "OTHER"]}
    made = in_series(
        "both",
        late("m", **plain, ComplexImageComponent="MAGNITUDE"),
        late("p", **plain, ComplexImageComponent="REAL"),
    )
    assert {f.sop_instance_uid for f in source(made).frames} == {uid(f"p-{n}") for n in range(9)}


def test_real_images_alone_are_psir() -> None:
    assert source(late("r", ImageType=["ORIGINAL", "PRIMARY", "R"])).kind is LateKind.PSIR


def test_corrected_real_before_raw_real_images() -> None:
    made = in_series(
        "ph",
        late("cr", ImageType=["ORIGINAL", "PRIMARY", "CR_IR", "CR", "IR"]),
        late("r", ImageType=["ORIGINAL", "PRIMARY", "R_IR", "R", "IR"], start_s=901),
    )
    found = source(made)
    assert {f.sop_instance_uid for f in found.frames} == {uid(f"cr-{n}") for n in range(9)}
    assert len(found.left_out) == 9
    assert "phase-corrected copy is used" in found.left_out[0]


def test_phase_images_are_no_psir() -> None:
    selection = chosen(late("m"), late("p", **PHASE))
    assert selection.late.required().series_uids == (uid("m"),)
    assert "not used: 9 x phase image" in reason_of(selection, "p")
    alone = choice(late("p", **PHASE))
    assert alone.source is None
    assert "9 x phase image, which shows no enhancement" in alone.refusal
    with pytest.raises(NoApplicableSeries, match="phase image"):
        alone.required()


def test_phase_token_of_a_series_named_psir() -> None:
    """Older Siemens PSIR, beside its magnitude images in the same series or another."""
    name = {"SeriesDescription": "SAX_DE_PSIR"}
    assert source(late("m"), late("p", **PHASE, **name)).kind is LateKind.PSIR
    found = source(in_series("both", late("m", **name), late("p", **PHASE, **name)))
    assert {f.sop_instance_uid for f in found.frames} == {uid(f"p-{n}") for n in range(9)}


def test_phase_map_of_a_series_named_psir_stays_a_phase_map() -> None:
    mapped = {"ImageType": ["ORIGINAL", "PRIMARY", "PHASE MAP", "P", "IR"]}
    made = in_series("a", late("m"), late("p", **mapped))
    for ds in made:
        ds.SeriesDescription = "PSIR"
    found = source(made)
    assert {f.sop_instance_uid for f in found.frames} == {uid(f"m-{n}") for n in range(9)}


def test_images_of_one_moment_that_nothing_tells_apart_are_refused() -> None:
    """Magnitude and real images of GE whose own tag was taken out."""
    plain = {"ImageType": ["ORIGINAL", "PRIMARY", "OTHER"], "SeriesDescription": "SA PSMDE"}
    found = choice(in_series("ge", late("m", **plain), late("r", **plain)))
    assert found.source is None
    assert "18 x one of several images of one acquisition" in found.refusal


def test_psir_before_magnitude_before_motion_correction() -> None:
    corrected = {"ImageType": ["DERIVED", "PRIMARY", "M", *MOCO]}
    found = source(late("m", **corrected, start_s=1200), late("p", **REAL))
    assert found.series_uids == (uid("p"),)


@pytest.mark.parametrize("start_s", [600.0, 1200.0])
def test_motion_corrected_before_breath_holds(start_s: float) -> None:
    found = source(
        late("bh", **REAL, start_s=start_s),
        late("moco", ImageType=["DERIVED", "PRIMARY", "R", *MOCO]),
    )
    assert found.motion_corrected
    assert found.series_uids == (uid("moco"),)
    assert "corrected for motion" in found.reason
    assert "PSIR stack of 9 slices: images that the scanner corrected" in found.not_taken[0]


def test_averaged_before_single_motion_corrected_images() -> None:
    name = "DE_FB_MOCO{}_PSIR"
    found = source(
        late("single", SeriesDescription=name.format(""), SeriesNumber=3),
        late("mean", SeriesDescription=name.format("_AVG"), SeriesNumber=2),
    )
    assert found.series_uids == (uid("mean"),)
    assert found.kind is LateKind.PSIR


def test_more_of_the_ventricle_before_everything_else() -> None:
    found = source(late("m"), late("p", HEIGHTS[:3], **REAL, start_s=1500))
    assert (found.kind, found.geometry.n_slices) == (LateKind.MAGNITUDE, 9)
    assert "it covers most of the left ventricle" in found.reason
    assert "another covers more of the left ventricle" in found.not_taken[0]


def test_three_slices_far_apart_do_not_cover_what_lies_between() -> None:
    assert source(late("m"), late("p", (0.0, 40.0, 80.0), **REAL)).series_uids == (uid("m"),)


def test_slices_beyond_the_cine_do_not_count() -> None:
    more = [*HEIGHTS, 90.0, 100.0, 110.0]
    stacks = late("m", more, **REAL), late("p", HEIGHTS, **REAL, start_s=1500)
    assert source(*stacks).series_uids == (uid("m"),)
    assert source(cine(), *stacks).series_uids == (uid("p"),)


def test_thin_slices_cover_no_more_than_thick_ones() -> None:
    thin = late("3d", np.arange(-3.5, 84.5, 2.0).tolist(), SliceThickness=2, PixelSpacing=[1, 1])
    found = source(thin, late("p", **REAL))
    assert found.series_uids == (uid("p"),)
    assert source(thin).geometry.n_slices == 44


def test_later_of_two_alike() -> None:
    selection = chosen(late("early", start_s=120, **REAL), late("late", start_s=900, **REAL))
    found = selection.late.required()
    assert found.series_uids == (uid("late"),)
    assert "acquired last" in found.reason
    assert found.left_out == ()
    assert "another was acquired later" in reason_of(selection, "early")


def test_early_enhancement_gives_way_whatever_its_kind() -> None:
    start = {"ContrastBolusAgent": "Gadobutrol", "ContrastBolusStartTime": clock(0)}
    found = source(late("early", start_s=120, **REAL, **start), late("late", **start))
    assert (found.kind, found.series_uids) == (LateKind.MAGNITUDE, (uid("late"),))
    assert found.minutes == pytest.approx(15)
    assert "15 min after contrast; others show early enhancement" in found.reason
    named = source(late("early", start_s=120, **REAL, SeriesDescription="EGE"), late("late"))
    assert named.series_uids == (uid("late"),)


def test_early_enhancement_alone_is_said_so() -> None:
    start = {"ContrastBolusAgent": "Gadobutrol", "ContrastBolusStartTime": clock(0)}
    assert (
        "2 min after contrast, sooner than 5 min"
        in source(late("early", start_s=120, **start)).reason
    )


@pytest.mark.parametrize("start_s", [1100.0, 2400.0])  # soon after the stack, and much later
def test_repeated_slice_is_taken_from_the_later_image(start_s: float) -> None:
    again = late("again", [40.0], start_s=start_s)
    selection = chosen(late("a"), again)
    found = selection.late.required()
    assert found.geometry.n_slices == 9
    assert [f.series_uid for f in found.frames].index(uid("again")) == 4
    [line] = found.left_out
    assert line.startswith(f"Slice at {found.geometry.slice_positions_mm[4]:.1f} mm: ")
    assert "taken again later" in line
    assert "1 x the image was taken again later" in reason_of(selection, "a")


def test_repeated_slice_in_the_same_series() -> None:
    found = source(in_series("a", late("x"), late("y", [0.0], start_s=1100)))
    assert found.frames[0].sop_instance_uid == uid("y-0")
    assert len(found.left_out) == 1


def test_stack_finished_after_a_pause() -> None:
    found = source(late("a", HEIGHTS[:5]), late("b", HEIGHTS[5:], start_s=1500))
    assert found.geometry.n_slices == 9


def test_the_original_before_a_copy_that_was_processed_later() -> None:
    copy = late("copy", ImageType=["DERIVED", "PRIMARY", "M", "ND"], start_s=901)
    found = source(late("a"), copy)
    assert found.series_uids == (uid("a"),)
    assert "a processed copy" in found.left_out[0]


def test_one_slice() -> None:
    found = source(late("a", [0.0]))
    assert found.geometry.n_slices == 1
    record = late_record(found, "")
    assert (record.pitch_mm, record.slices, record.slice_thickness_mm) == (None, 1, 8)
    assert "stack of 1 slice," in record.reason


def test_slices_without_positions_of_their_own_are_refused() -> None:
    found = choice(late("a", [0.0] * 9, InversionTime=300))
    assert found.source is None
    assert "9 x images of one position" in found.refusal


def test_other_matrix_sizes_are_left_out() -> None:
    made = late("a")
    for n in (2, 6):
        made[n].Rows = 48
    selection = chosen(made)
    found = selection.late.required()
    assert found.geometry.n_slices == 7
    assert found.geometry.gaps_mm == pytest.approx([10, 20, 10, 10, 20, 10])
    assert len(found.left_out) == 2
    assert "48 x 36 pixels where the stack has 40 x 36" in found.left_out[0]
    assert found.not_taken == ()
    assert selection.decisions[0].images_used == 7
    assert "2 x 48 x 36 pixels" in selection.decisions[0].reason


def test_other_pixel_spacing_is_left_out() -> None:
    made = late("a")
    made[8].PixelSpacing = [1.25, 1.5]
    [line] = source(made).left_out
    assert "pixels of 1.25 x 1.5 mm where the stack has 1.5 x 1.5 mm" in line


def test_long_axis_only() -> None:
    views = late("4ch", [0.0], plane=FOUR_CHAMBER, SeriesDescription="4CH_DE_PSIR", **REAL)
    selection = chosen(views)
    assert selection.late.source is None
    assert selection.late.refusal.startswith("No short-axis stack of late enhancement.")
    [decision] = selection.decisions
    assert not decision.used
    assert "not short axis: along the long axis, 82° off" in decision.reason
    assert "its name says 4CH" in decision.reason
    with pytest.raises(NoApplicableSeries, match="No short-axis stack"):
        selection.late.required()


def test_short_axis_among_long_axis_views_in_one_series() -> None:
    mixed = in_series("a", late("s"), late("l", [0.0, 5.0], plane=FOUR_CHAMBER))
    found = source(mixed)
    assert found.geometry.n_slices == 9
    [line] = found.not_taken
    assert "2 x not short axis" in line


def test_direction_is_that_of_the_cine_where_there_is_one() -> None:
    """48 degrees off the usual axis, 38 off the cine of this heart, and the other way round."""
    usual = np.array(SELECTION.short_axis.long_axis_lps)
    normal = np.cross(*SHORT_AXIS)
    about = np.cross(normal, usual)  # the two point opposite ways, 170 degrees apart
    far = tilted(38, about / np.linalg.norm(about))
    assert choice(late("a", plane=far)).source is None
    found = source(cine(), late("a", plane=far))
    assert "38° off the short axis of the cine" in found.reason
    across = tilted(50)
    assert choice(cine(), late("a", plane=across)).source is None


def test_axial_volume_is_refused() -> None:
    volume = late("3d", np.arange(0, 90, 2.0).tolist(), plane=AXIAL, SliceThickness=2)
    found = choice(volume)
    assert found.source is None
    assert "45 x not short axis: axial" in found.refusal


def test_axial_stack_near_the_axis_of_a_cine_is_refused() -> None:
    steep = Rotation.from_rotvec(np.radians(-40) * np.array([1.0, 0, 0]))
    plane = tuple(map(tuple, steep.apply(AXIAL)))
    made = cine(plane=plane)
    assert chosen(made).cine is not None
    assert choice(made, late("a", plane=AXIAL)).source is None
    assert choice(made, late("a", plane=plane)).source is not None


def test_stack_of_another_view_in_the_cone_gives_way() -> None:
    plane = tilted(12)
    other = late("ao", plane=plane, start_s=1500, SeriesDescription="AORTIC VALVE LGE", **REAL)
    found = source(late("a"), other)
    assert found.series_uids == (uid("a"),)
    assert "its name speaks of another view" in found.not_taken[0]


def test_no_late_enhancement() -> None:
    found = choice([header()])
    assert (found.source, found.uses) == (None, {})
    with pytest.raises(NotInStudy, match="holds no late-enhancement images"):
        found.required()


def test_forbidden_series() -> None:
    rule = SeriesRule(series_uid=uid("p"), series_number=None, description=None)
    settings = SELECTION.model_copy(update={"forbid": (rule,)})
    selection = select(study(late("m"), late("p", **REAL)), settings)
    assert selection.late.required().series_uids == (uid("m"),)
    assert "forbidden by a rule" in reason_of(selection, "p")


def test_every_image_is_used_or_counted() -> None:
    """Used, left out and not taken add up, series by series."""
    selection = chosen(
        late("m", SeriesDescription="SAX_MAG"),
        late("p", SeriesDescription="SAX_PSIR"),
        late("again", [40.0], start_s=1100, SeriesDescription="SAX_PSIR"),
        late("ph", **PHASE),
        late("l", [0.0, 5.0], plane=FOUR_CHAMBER),
    )
    for decision in selection.decisions:
        counted = sum(
            int(text.split("not used: ")[1].split(" x ")[0])
            for text in decision.reason.split("; ")
            if text.startswith("not used: ")
        )
        assert counted + decision.images_used == decision.images


def test_cine_stays_what_it_was() -> None:
    assert chosen(cine()).cine is not None
    both = chosen(cine(), late("a"))
    assert both.cine is not None
    assert both.cine.frames == chosen(cine()).cine.frames  # type: ignore[union-attr]
    assert choice(cine()).uses == {}


def test_reasons_hold_no_description() -> None:
    selection = chosen(
        late("m", SeriesDescription="LGE of Jane Doe"),
        late("l", [0.0], plane=FOUR_CHAMBER, SeriesDescription="LGE of Jane Doe"),
    )
    found = selection.late.required()
    said = [found.reason, *found.left_out, *found.not_taken]
    assert not any("Jane" in text for text in [*said, *(d.reason for d in selection.decisions)])


def test_record() -> None:
    made = late("a", **REAL)
    made[1].InversionTime = None
    record = late_record(source(made), "signed stored values")
    assert (record.kind, record.zero) == ("psir", "signed stored values")
    assert record.inversion_ms == [300, None, *(300.0 + n for n in range(2, 9))]
    assert record.pixel_spacing_mm == (1.5, 1.5)
    assert record.pitch_mm == pytest.approx(10, abs=1e-3)


def test_slices_can_be_kept() -> None:
    kept = source(late("a")).keep_slices([0, 2], ["One is gone."])
    assert kept.geometry.gaps_mm == pytest.approx([20])
    assert kept.inversion_ms.tolist() == [300, 302]
    assert len(kept.frames) == len(kept.trigger_ms) == len(kept.rr_ms) == 2
    assert kept.left_out == ("One is gone.",)


def test_enhanced_multi_frame(tmp_path: Path) -> None:
    """Two frames a slice: magnitude, then real."""
    ds = enhanced(SHORT_AXIS, list(HEIGHTS), 2)
    for n, group in enumerate(ds.PerFrameFunctionalGroupsSequence):
        real = n >= len(HEIGHTS)
        group.MRImageFrameTypeSequence[0].ComplexImageComponent = "REAL" if real else "MAGNITUDE"
        group.CardiacSynchronizationSequence[0].NominalCardiacTriggerDelayTime = 600.0
        modifier = Dataset()
        modifier.InversionRecovery, modifier.InversionTimes = "YES", 310.0
        group.MRModifierSequence = Sequence([modifier])
    write(ds, tmp_path / "e.dcm", np.zeros((18, 40, 36), np.uint16))
    [read] = index_input(tmp_path, READER).studies
    found = select(read, SELECTION).late.required()
    assert found.kind is LateKind.PSIR
    assert [f.frame_number for f in found.frames] == list(range(10, 19))
    assert found.inversion_ms.tolist() == [310] * 9
    assert found.cycle_phase == pytest.approx([0.75] * 9)
