"""Names against the labels of a public list, and the traps among them."""

import csv

import pytest

from dicomio.kinds import SeriesKind
from dicomio.names import (
    View,
    kind_hint,
    names_average,
    names_early,
    names_magnitude,
    view_hint,
)
from tests.conftest import shared_path

pytestmark = pytest.mark.requirement("CINE-11")


@pytest.mark.real_data
def test_views_agree_with_the_labelled_names() -> None:
    with shared_path("reference/series_names.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["cleaned_series_names"]]
    agree = [
        row["cleaned_series_names"] == view_hint(row["series_description"])
        and kind_hint(row["series_description"]) is None
        for row in rows
    ]
    assert len(rows) == 105
    # The two that differ: a right-ventricular two-chamber view, and InlineVF with its overlays.
    assert sum(agree) >= 103


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("TI-Scout_10_MIN_POST", SeriesKind.TI_SCOUT),
        ("4CH_CINE_IR", SeriesKind.TI_SCOUT),
        ("LOOKLOCKER", SeriesKind.TI_SCOUT),
        ("SAX_Tags_Grid_T2_FGRE_BH", SeriesKind.TAGGING),
        ("2_chamber_cine_fl2d_grid", SeriesKind.TAGGING),
        ("aortic_flow_150_tp_retro_bh_MAG", SeriesKind.FLOW),
        ("Ao_FastPC_V=250_BH", SeriesKind.FLOW),
        ("PERF_SHORT_AXIS_3_SLICES_TPAT_STRESS", SeriesKind.PERFUSION),
        ("first_pass_perf_sax_rest", SeriesKind.PERFUSION),
        ("Axial_Cine_Stack_InlineVF", SeriesKind.DERIVED),
        ("2CH_DE_2D_TI400_BH_PSIR", SeriesKind.LGE_PSIR),
        ("DE_TRUFI_SAX_FB_PSIR_MOCO_AVG", SeriesKind.LGE_PSIR),
        ("2CH_DE_2D_TI400_BH_MAG", SeriesKind.LGE_MAGNITUDE),
        ("PS:DE_SA_2D_MDE", SeriesKind.LGE_PSIR),
        ("SAX_IrP-FGRE_TI=240", SeriesKind.LGE_MAGNITUDE),
        ("SA_LGE", SeriesKind.LGE_MAGNITUDE),
        ("T1Map_LongT1_SA_MOCO", SeriesKind.T1_SOURCE),
        ("T1Map_LongT1_SA_MOCO_T1", SeriesKind.T1_MAP),
        ("T2Map_TrueFISP_mid_SA", SeriesKind.T2_SOURCE),
        ("T2Map_TrueFISP_mid_SA_MOCO_T2", SeriesKind.T2_MAP),
        ("SAX_ME_T2*_TE_8", SeriesKind.T2_STAR_SOURCE),
        ("ShMOLLI_192i_e11_FITPARAMS", SeriesKind.MAP_PARAMETERS),
        ("ShMOLLI_192i_e11_T1MAP", SeriesKind.T1_MAP),
        ("3-pl_Loc_Fiesta", SeriesKind.SCOUT),
        ("GATED_AX_SURV", SeriesKind.SCOUT),
        ("SAX_REAL_TIME", SeriesKind.REAL_TIME),
        ("SAX_AI_RESULT", SeriesKind.AI_RESULT),
        ("LV contours", SeriesKind.AI_RESULT),
        ("CINE_segmented_SAX", None),
        ("cine_trufi_retro", None),
        ("SAX_FIESTA_BH", None),
        ("tfisp_cine_RT_SIDE_STACK", None),
        ("", None),
    ],
)
def test_kinds(name: str, kind: SeriesKind | None) -> None:
    assert kind_hint(name) == kind


@pytest.mark.parametrize(
    ("name", "view"),
    [
        ("short_axis_stack_cine_trufi_retro", View.SHORT_AXIS),
        ("aortic_valve_short_axis_stack_cine_trufi_retro", View.NONE),
        ("RV3CH_FIESTA_BH", View.NONE),
        ("AXIAL_FIESTA_BH", View.NONE),
        ("VLA_(2CH)_MP", View.TWO_CHAMBER),
        ("", View.NONE),
    ],
)
def test_views(name: str, view: View) -> None:
    assert view_hint(name) == view


@pytest.mark.parametrize(
    ("name", "magnitude", "average", "early"),
    [
        ("SAX_DE_2D_400_mBH_MAG", True, False, False),
        ("MAG:LGE_SA_stack", True, False, False),
        ("SAX_DE_2D_400_mBH_PSIR", False, False, False),
        ("DE_TRUFI_SAX_FB_MOCO_AVG_PSIR", False, True, False),
        ("SAX EGE psir", False, False, True),
        ("early enhancement SAX", False, False, True),
        ("SAX_avenue_magnet", False, False, False),
    ],
)
def test_versions_of_late_enhancement(
    name: str, magnitude: bool, average: bool, early: bool
) -> None:
    assert names_magnitude(name) is magnitude
    assert names_average(name) is average
    assert names_early(name) is early
