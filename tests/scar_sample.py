"""Late enhancement with a value in every measured field, and what the writers make of it."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cmr.labels import Label
from cmr.records import Model
from cmr.results_scar import (
    GrayZone,
    LateStack,
    Layers,
    MethodResult,
    Remote,
    Scar,
    ScarSegment,
    ScarSlice,
    TerritoryScar,
)
from cmr.wall.left_ventricle import LeftVentricle
from dicomio.late_scar import LateScar
from dicomio.scar_seg import WrittenScar, write_scar
from dicomio.source import ImageSource
from dicomio.sr import WrittenObjects, write_report
from tests.dicom_source import stack, write_cine
from tests.mapping_sample import THREE, masks
from tests.results_sample import study_results
from tests.writer_case import IDENTITY, SETTINGS

CLASSES = ("0", "1-25", "26-50", "51-75", "76-100")
NETWORK = Model(name="net", version="1", sha256="b" * 64, provider="CPU", precision="fp32")


def scar_results(**changes) -> Scar:
    """Rounding shows in every number; no two numbers of one code are alike."""
    values = {
        "mass_g": 21.046,
        "pct_lv_mass": 18.549,
        "lv_mass_g": 113.456,
        "core_pct": 11.251,
        "gray_pct": 6.249,
        "mvo_g": 2.344,
        "mvo_pct": 2.066,
        "segments_over_50": 3,
        "method": "sd5",
        "method_reason": "Nearest to the truth on the phantom.",
        "gray_definition": "schmidt",
        "methods": {
            "sd5": MethodResult(
                mass_g=21.046, pct_lv_mass=18.549, thresholds=[100.5, None, 90], note="Auto-remote."
            ),
            "sd2": MethodResult(
                mass_g=31.126, pct_lv_mass=27.434, thresholds=[60, 61, 62], note=""
            ),
            "network": MethodResult(
                mass_g=20.118, pct_lv_mass=17.732, thresholds=[None] * 3, note="By the network."
            ),
            "otsu": MethodResult(
                thresholds=[None] * 3,
                note="",
                withheld=dict.fromkeys(("mass_g", "pct_lv_mass"), "Two classes are not seen."),
            ),
        },
        "gray_zones": {
            "schmidt": zone(12.765),
            "sd_2_3": zone(14.765),
            "yan": zone(16.765),
        },
        "remote": Remote(mean=12.346, sd=4.568, pixels=321, slices_refused={2: "Too noisy."}),
        "layers": Layers(endocardial_pct=61.24, midwall_pct=28.51, epicardial_pct=10.25),
        "territories": {
            "LAD": territory(11.111, [1, 2, 7, 8, 13, 14]),
            "RCA": territory(5.555, [3, 4, 9, 10, 15]),
            "LCX": territory(0.0, [5, 6, 11, 12, 16]),
        },
        "segments": {
            n: ScarSegment(
                scar_pct=n + 0.26,
                transmurality_pct=2 * n + 0.34,
                transmurality_class=CLASSES[n % 5],
                chords=20 + n,
            )
            for n in range(1, 17)
        },
        "slices": [
            ScarSlice(position_mm=20.0 * z, reason="", wall_mm2=600, scar_mm2=50) for z in range(3)
        ],
        "stack": LateStack(
            kind="psir",
            reason="The only short axis.",
            zero="The intercept.",
            series_uids=[],
            slices=3,
            pitch_mm=20,
            slice_thickness_mm=8,
            pixel_spacing_mm=(1.5, 1.25),
            inversion_ms=[280, None, 300],
            left_out=["Position 4: no image."],
            not_taken=["Magnitude: PSIR is there."],
        ),
        "notes": ["Read with care."],
        "model": NETWORK,
        "heart_model": NETWORK,
    }
    return Scar(**values | changes)


def zone(mass_g: float) -> GrayZone:
    return GrayZone(
        core_g=mass_g,
        core_pct=11.251 if mass_g == 12.765 else mass_g - 1.5,
        gray_g=mass_g / 2,
        gray_pct=6.249 if mass_g == 12.765 else mass_g / 3,
        gray_of_scar_pct=mass_g * 2,
    )


def territory(mass_g: float, segments: list[int]) -> TerritoryScar:
    return TerritoryScar(
        mass_g=mass_g, pct_lv_mass=mass_g / 1.13, segments=segments, segments_with_scar=int(mass_g)
    )


def late_scar(images: ImageSource, **changes) -> LateScar:
    """Scar in three segments; core its inner part, gray zone at its rim and beyond."""
    labels, segments = masks(images.geometry)
    wall = labels == Label.MYOCARDIUM
    scar = wall & np.isin(segments, (1, 7, 13))
    columns = np.arange(labels.shape[-1])
    core = scar & (columns < 29)
    gray = (scar & (columns >= 28)) | (wall & np.isin(segments, (2, 8)))
    no_reflow = core & (columns < 27)
    own = {
        "images": images,
        "results": scar_results(),
        "ventricle": LeftVentricle(labels == Label.LV, wall, segments, images.geometry),
        "scar": scar,
        "core": core,
        "gray": gray,
        "no_reflow": no_reflow,
    }
    return LateScar(**own | changes)


def without_scar(images: ImageSource) -> LateScar:
    """A healthy heart: zeros, not gaps."""
    none = np.zeros((images.geometry.n_slices, *images.geometry.shape), bool)
    results = scar_results(
        mass_g=0.0, pct_lv_mass=0.0, core_pct=0.0, gray_pct=0.0, mvo_g=0.0, mvo_pct=0.0,
        segments_over_50=0, gray_zones={"schmidt": GrayZone(core_g=0.0, core_pct=0.0, gray_g=0.0,
        gray_pct=0.0, withheld={"gray_of_scar_pct": "There is no scar."})},
    )  # fmt: skip
    return late_scar(images, results=results, scar=none, core=none, gray=none, no_reflow=none)


@dataclass(frozen=True)
class ScarCase:
    images: ImageSource
    written: WrittenScar
    report: Path

    @property
    def files(self) -> list[Path]:
        return [*(o.path for o in self.written.objects), self.report]


def write_scar_case(
    folder: Path, *, series="one", gaps_mm=THREE, geometry=None, late=late_scar
) -> ScarCase:
    """Write one image a slice, the objects of the scar, and the report."""
    cine = write_cine(folder / "source", geometry or stack(gaps_mm), 1, series=series)
    out = folder / "results"
    out.mkdir()
    written = write_scar(late(cine.images), IDENTITY, SETTINGS, out)
    objects = WrittenObjects(scar=written)
    report = write_report(study_results(None), objects, None, IDENTITY, SETTINGS, out)
    return ScarCase(cine.images, written, report)
