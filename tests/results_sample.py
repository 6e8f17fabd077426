"""Results with a value in every measured field, each one different."""

from cmr.records import Gate, Model, Status
from cmr.results import (
    Application,
    Cine,
    Curve,
    Heart,
    InputCount,
    LeftVentricle,
    Phases,
    Stack,
    StudyResults,
    Ventricle,
)
from tests.dicom_source import STUDY_UID

# Chosen so that rounding shows; the text is what a report has to hold.
LV = {
    "edv_ml": (151.264, "151.26"),
    "esv_ml": (60.042, "60.04"),
    "sv_ml": (91.222, "91.22"),
    "ef_pct": (60.306, "60.3"),
    "co_l_min": (6.476, "6.48"),
    "ci_l_min_m2": (3.2384, "3.24"),
    "edv_index_ml_m2": (75.63, "75.6"),
    "esv_index_ml_m2": (30.02, "30.0"),
    "sv_index_ml_m2": (45.61, "45.6"),
    "peak_ejection_rate_ml_s": (412.34, "412.3"),
    "peak_filling_rate_ml_s": (467.87, "467.9"),
    "time_to_peak_ejection_ms": (151.6, "152"),
    "time_to_peak_filling_ms": (168.4, "168"),
    "mass_ed_g": (120.554, "120.55"),
    "mass_es_g": (124.956, "124.96"),
    "mass_ed_index_g_m2": (60.27, "60.3"),
    "edv_area_length_ml": (148.881, "148.88"),
    "esv_area_length_ml": (58.816, "58.82"),
    "ef_area_length_pct": (60.49, "60.5"),
}
RV = {
    "edv_ml": (160.172, "160.17"),
    "esv_ml": (70.716, "70.72"),
    "sv_ml": (89.456, "89.46"),
    "ef_pct": (55.85, "55.9"),
    "co_l_min": (6.3517, "6.35"),
    "ci_l_min_m2": (3.1758, "3.18"),
    "edv_index_ml_m2": (80.08, "80.1"),
    "esv_index_ml_m2": (35.36, "35.4"),
    "sv_index_ml_m2": (44.73, "44.7"),
    "peak_ejection_rate_ml_s": (388.12, "388.1"),
    "peak_filling_rate_ml_s": (401.55, "401.6"),
    "time_to_peak_ejection_ms": (161.3, "161"),
    "time_to_peak_filling_ms": (182.7, "183"),
}
HEART = {
    "heart_rate_bpm": (71.4, "71"),
    "height_cm": (180.2, "180"),
    "weight_kg": (80.04, "80.0"),
    "bsa_m2": (2.0017, "2.00"),
}


def _values(table):
    return {key: value for key, (value, _) in table.items()}


def cine_results(lv=None, rv=None, heart=None) -> Cine:
    """The sample, with fields replaced; a field set to None goes with its reason."""
    return Cine(
        lv=LeftVentricle(**_values(LV) | (lv or {})),
        rv=Ventricle(**_values(RV) | (rv or {})),
        heart=Heart(**_values(HEART) | {"bsa_formula": "Mosteller"} | (heart or {})),
        phases=Phases(count=4, ed=0, es=2),
        curve=Curve(time_ms=[], lv_ml=[], rv_ml=[], myocardium_ml=[]),
        slices=[],
        basal_slice=None,
        papillary_muscles="in cavity",
        volume_method="sum of segmented areas x slice extent",
        stack=Stack(
            series_uids=[],
            slices=8,
            images=32,
            pitch_mm=10,
            slice_thickness_mm=8,
            pixel_spacing_mm=(1.5, 1.25),
            regular=True,
            field_strength_t=1.5,
            manufacturer="Test",
        ),
        model=Model(name="net", version="1", sha256="b" * 64, provider="CPU", precision="fp32"),
        agreement=None,
        clean_up=[],
    )


def study_results(cine: Cine | None) -> StudyResults:
    gate = Gate(
        name="pitch",
        status=Status.REVIEW,
        figure=17.7,
        limit=12,
        unit="mm",
        message="Slices lie ≥ 12 mm apart.",
    )
    return StudyResults(
        application=Application(
            name="cmr-map", version="0.1.0", settings_sha256="a" * 64, notice="For research only."
        ),
        study_instance_uid=STUDY_UID,
        input=InputCount(files=32, images=32, duplicates=0, skipped=[]),
        series=[],
        cine=cine,
        refusals={} if cine else {"cine": "No short-axis cine."},
        quality=[gate],
    )
