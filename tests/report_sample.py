"""A study with every part, its pictures and its patient, and what others read of its report."""

import datetime
import re
import subprocess
from dataclasses import replace
from pathlib import Path

from PIL import Image

from cmr.records import Gate, Status
from cmr.results import SeriesDecision, StudyResults
from cmr.results_cine import CineRange, Wall, WallSegment
from cmr.results_mapping import Mapping
from dicomio.person import StudyIdentity
from report.settings import ReportSettings
from report.write import write_report
from tests.conftest import tool
from tests.mapping_sample import ecv, relaxation, results
from tests.results_sample import cine_results, study_results
from tests.scar_sample import NETWORK, scar_results

NOW = datetime.datetime(2026, 11, 23, 8, 30, tzinfo=datetime.timezone(datetime.timedelta(hours=1)))
NOBODY = StudyIdentity()
PATIENT = StudyIdentity(
    patient_name="Wang, XiaoDong (王, 小東)",
    patient_id="PAT-001234",
    birth_date="1961-05-17",
    sex="M",
    age="65 y",
    study_date="2026-11-20",
    study_time="09:41",
    study_description="Cardiac MRI",
    accession_number="A-2026-0815",
    institution="Universitätsklinikum",
    referring_physician="Müller-Lüdenscheidt, Anna",
    scanner="Maker Model",
    field_strength_t=1.5,
)
# Width and height as the painters make them.
PICTURES = {
    "cine-contours-ed.png": (900, 700),
    "cine-contours-es.png": (900, 700),
    "cine-curves.png": (900, 420),
    "cine-bullseyes.png": (1200, 460),
    "cine-worst-slice.png": (900, 480),
    "map-bullseyes.png": (1200, 480),
    "map-native-t1.png": (560, 980),
    "map-ecv.png": (560, 980),
    "scar-slices.png": (820, 1680),
    "scar-bullseyes.png": (1300, 890),
    "scar-surfaces.png": (1660, 834),
}
MOVING = "cine-loop.webp"


def whole_study(**changes) -> StudyResults:
    """Cine with ranges and wall, maps, scar, gates of every status, series used and not."""
    mapping = Mapping(
        native_t1=results(relaxation, range(1, 17)),
        ecv=results(ecv, range(1, 17), _ecv_kind(), quantity="ecv", post_shift=[]),
        not_measured={"t2": "No left ventricle with a closed wall was found on any slice."},
        model=NETWORK,
    )
    values = {
        "cine": cine_results().model_copy(
            update={"wall": wall(), "reference": {"lv.edv_ml": within(), "lv.ef_pct": above()}}
        ),
        "mapping": mapping,
        "scar": scar_results(),
        "quality": gates(),
        "series": [decision(1, True), decision(2, False)],
    }
    return study_results(None).model_copy(update={"refusals": {}} | values | changes)


def _ecv_kind():
    from cmr.results_mapping import EcvMapResults

    return EcvMapResults


def wall() -> Wall:
    """A value in every field of every segment."""

    def segment(n: int) -> WallSegment:
        return WallSegment(
            thickness_ed_mm=6 + n / 8,
            thickness_es_mm=9 + n / 8,
            thickening_pct=30 + n / 2,
            regional_ef_pct=40 + n / 2,
            chords_ed=20,
            chords_es=20,
        )

    return Wall(
        global_=segment(17),
        segments={n: segment(n) for n in range(1, 17)},
        slices=[],
        method="Centreline method: chords at right angles to the middle of the wall.",
        levels="thirds of the LV in the stack",
        not_measured="",
    )


def within() -> CineRange:
    return CineRange(
        kind="published", low=93, high=232, position="within", people="men", source="Somebody 2020"
    )


def above() -> CineRange:
    return CineRange(
        kind="published", low=48, high=58, position="above", people="men", source="Somebody 2020"
    )


def gates() -> list[Gate]:
    return [
        gate("slice_pitch", Status.REVIEW, 17.7, 12, "mm", "Time between neighbouring phases."),
        gate("lv_ef_range", Status.PASS, 60.3, 100, "%", "LV ejection fraction; fine."),
        gate("rv_present", Status.WITHHELD, None, 1, "{slices}", "Slices with a wall."),
    ]


def gate(name, status, figure, limit, unit, message) -> Gate:
    return Gate(name=name, status=status, figure=figure, limit=limit, unit=unit, message=message)


def decision(
    number: int, used: bool, reason="cine: 25 images over one heart beat"
) -> SeriesDecision:
    return SeriesDecision(
        series_uid=f"1.2.826.0.1.3680043.8.498.{10**12 + number}",
        kind="cine short axis",
        used=used,
        images=100,
        images_used=100 if used else 0,
        reason=reason,
    )


def paint(folder: Path, names=PICTURES, *, moving=True) -> Path:
    """Pictures of the right shape; each has a colour of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    for n, name in enumerate(names):
        Image.new("RGB", PICTURES[name], (40 + 15 * n, 90, 140)).save(folder / name)
    if moving:
        frames = [Image.new("RGB", (200, 200), (20 * k, 60, 60)) for k in range(4)]
        frames[0].save(folder / MOVING, save_all=True, append_images=frames[1:], duration=40)
    return folder


def write(folder: Path, study: StudyResults, identity=PATIENT, **settings) -> tuple[Path, Path]:
    """The document of the study, which names its patient, as a file, and the page."""
    asked = ReportSettings(**{"language": "en", "identity_in_files": False} | settings)
    folder.mkdir(parents=True, exist_ok=True)
    made = write_report(study, folder, identity, asked, NOW)
    document = folder / "document.pdf"
    document.write_bytes(made.document)
    return document, made.files[1]


def pdf_text(path: Path) -> str:
    """What pdftotext reads, each run of white space one space."""
    return squeezed(said_by("pdftotext", "-layout", path, "-"))


def said_by(name: str, *arguments: object) -> str:
    """What a tool prints."""
    done = subprocess.run(
        [tool(name), *map(str, arguments)], capture_output=True, timeout=120, check=True
    )
    return done.stdout.decode("utf-8")


def squeezed(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def hostile(text: str) -> StudyIdentity:
    """The same text wherever a header can put one."""
    names = ("patient_name", "patient_id", "study_description", "accession_number")
    more = ("institution", "referring_physician", "scanner")
    return replace(PATIENT, **dict.fromkeys((*names, *more), text))
