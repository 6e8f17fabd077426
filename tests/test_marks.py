"""Which number gets which mark, from gates put together by hand."""

import re

import pytest

from app.marks import OF_THE_LV, OF_THE_RATES, OF_THE_WALL, Marks, concerned
from cmr.records import Gate, Status
from tests.conftest import ROOT
from tests.results_sample import cine_results, study_results
from tests.terminal_sample import mapping_sample

pytestmark = pytest.mark.requirement("REP-05")


def gate(name, status=Status.REVIEW, withholds=()):
    return Gate(
        name=name, status=status, figure=1, limit=2, unit="%", message="Why.", withholds=withholds
    )


def study(*gates):
    return study_results(cine_results()).model_copy(
        update={"quality": list(gates), "mapping": mapping_sample()}
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("variant_agreement", {"lv", "rv"}),
        ("rv_above_base", {"lv", "rv"}),
        ("base_step", {"lv"}),
        ("mass_difference", {"mass"}),
        ("rate_fit", {"per", "pft"}),
        ("native_t1_fit", {"native_t1"}),
        ("scar_slices", {"scar"}),
    ],
)
def test_a_look_is_asked_for_what_the_gate_speaks_of(name, expected):
    marks = Marks(study(gate(name), gate("slice_gaps", Status.PASS)))
    keys = {
        "lv": "cine.lv.edv_ml",
        "rv": "cine.rv.edv_ml",
        "mass": "cine.lv.mass_ed_g",
        "per": "cine.lv.peak_ejection_rate_ml_s",
        "pft": "cine.rv.time_to_peak_filling_ms",
        "native_t1": "mapping.native_t1.global.median_ms",
        "ecv": "mapping.ecv.global.median_pct",
        "scar": "scar.mass_g",
    }
    found = {short for short, key in keys.items() if marks.of(key) is Status.REVIEW}
    inside = {"lv": {"mass", "per"}, "rv": {"pft"}}
    assert found == expected.union(*(inside.get(part, set()) for part in expected))


def test_what_is_withheld_is_what_the_gate_says():
    keys = ("cine.lv.edv_ml", "mapping.native_t1")
    marks = Marks(study(gate("base_step"), gate("x", Status.WITHHELD, keys)))
    assert marks.signs("cine.lv.edv_ml") == "✕"
    assert marks.signs("cine.lv.edv_index_ml_m2") == "▲"
    assert marks.signs("mapping.native_t1.septal.median_ms") == "✕"
    assert marks.signs("mapping.native_t1-2.septal.median_ms") == " "
    assert marks.signs("cine.rv.edv_ml") == " "


def test_a_further_map_of_a_quantity_is_told_from_the_first():
    results = study()
    both = {"native_t1": None, "native_t1-2": None}
    two = results.model_construct(mapping=type("Two", (), {"maps": both})())
    assert concerned(gate("native_t1-2_fit"), two) == ("mapping.native_t1-2",)
    assert concerned(gate("native_t1_fit"), two) == ("mapping.native_t1",)


def test_every_gate_that_is_named_here_is_one():
    """A gate that was renamed would be taken for one of the whole cine."""
    sources = "".join(p.read_text("utf-8") for p in (ROOT / "cmr").glob("gates_*.py"))
    known = re.findall(r'Finding\(\s*f?"([^"]+)"', sources)
    for name in (*OF_THE_LV, *OF_THE_WALL, *OF_THE_RATES):
        assert any(found.startswith(name) for found in known), name
