"""Operators with stand-in ports: what they pass on, what they refuse."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from cmr.errors import GeometryError, ModelError, NoApplicableSeries, NothingReadable, NotInStudy
from cmr.labels import Label
from cmr.mapping.acquired import AcquiredMap, ScannerMap
from cmr.mapping.assemble import mapping_results
from cmr.mapping.fitting import Protocol
from cmr.mapping.terms import Contrast, MapKind, Method
from cmr.mapping.tissue_network import TissueNetwork
from cmr.records import Gate, Status
from cmr.resample import CropGrid
from cmr.results import Application as ApplicationRecord
from cmr.results import InputCount
from dicomio.acquired_map import ReadMap
from dicomio.haematocrit import SIDE_FILE
from dicomio.mapping_source import MappingStudy
from dicomio.source import FrameRef, ImageSource
from operators import map_writer, sr_writer
from operators.cine_painter import CinePainter
from operators.extracellular_volume import ExtracellularVolume
from operators.map_locator import MapLocator
from operators.map_measurement import MapMeasurement
from operators.map_painter import MapPainter
from operators.map_segmentation import MapSegmentation
from operators.mapping_quality import MappingQuality
from operators.mapping_reader import MappingReader
from operators.messages import JudgedCine, JudgedMaps, Maps, Refusal
from operators.motion_correction import MotionCorrection
from operators.relaxation_fit import RelaxationFit
from operators.results_assembler import ResultsAssembler
from operators.results_writer import ResultsWriter
from operators.sdk import Application
from operators.step import Step, Stopped
from tests.cine_picture_sample import sample as cine_sample
from tests.heart_masks import CLEANUP, QUALITY
from tests.mapped_heart import BODY, MODEL, PLANES, tissue_of
from tests.mapping_support import molli, stored
from tests.model_support import SETTINGS as PREPROCESSING
from tests.operator_support import tick
from tests.results_sample import cine_results, study_results
from tests.tissue_heart import MAPPING, masks
from tests.tissue_heart import SETTINGS as TISSUE
from texts import ENGLISH

pytestmark = pytest.mark.requirement("CINE-03")


class Adder(Step):
    inputs = ("left", "right")
    output = "sum"

    def run(self, left, right):
        if isinstance(right, Exception):
            raise right
        return left + right


class Counter(Adder):
    def on_refusal(self, refusal, received):
        return len(received)


@pytest.fixture(scope="module")
def fragment():
    return Application([])


def test_a_step_receives_calls_and_emits(fragment):
    assert tick(Adder(fragment, name="adder"), left=1, right=2) == {"sum": 3}


def test_a_refusal_passes_through_untouched(fragment):
    refusal = Refusal("cine", NoApplicableSeries("none"))
    assert tick(Adder(fragment, name="passing"), left=refusal, right=2)["sum"] is refusal


@pytest.mark.parametrize("kind", [NoApplicableSeries, GeometryError, NothingReadable])
def test_what_concerns_one_study_becomes_a_refusal(fragment, kind):
    adder = Adder(fragment, name=f"refusing_{kind.__name__}")
    refusal = tick(adder, left=1, right=kind("why"))["sum"]
    assert isinstance(refusal, Refusal)
    assert (refusal.part, str(refusal.error)) == ("cine", "why")


def test_what_concerns_the_run_is_raised(fragment):
    """By way of an error without words: Holoscan logs what an operator raises."""
    with pytest.raises(Stopped, match=r"^$") as raised:
        tick(Adder(fragment, name="raising"), left=1, right=ModelError("broken"))
    assert isinstance(raised.value.__cause__, ModelError)
    assert str(raised.value.__cause__) == "broken"


def test_a_step_may_answer_a_refusal_itself(fragment):
    refusal = Refusal("cine", NoApplicableSeries("none"))
    assert tick(Counter(fragment, name="counting"), left=refusal, right=2) == {"sum": 2}


# Tissue mapping: a native and a post-contrast map of the scanner, and a network that knows them.

GRID = CropGrid(
    native_shape=PLANES.shape,
    native_spacing_mm=PLANES.pixel_spacing_mm,
    shape=PREPROCESSING.matrix,
    spacing_mm=PREPROCESSING.spacing_mm,
    centre=((PLANES.shape[0] - 1) / 2, (PLANES.shape[1] - 1) / 2),
)
TRUTH = masks(BODY, PLANES)
NOT_THERE = Refusal("mapping", NotInStudy("The study holds no mapping series."))
NO_CINE = Refusal("cine", NoApplicableSeries("No short-axis cine."))
NO_SCAR = Refusal("scar", NotInStudy("The study holds no late-enhancement images."))


class KnowsTheHeart:
    """Scores of the heart's place, whatever it is shown."""

    input_channels = 1

    def __init__(self, labels=TRUTH.data[0]):
        planes = np.stack([labels == k for k in Label]).astype(np.float32)
        self.scores = np.moveaxis(20 * GRID.to_crop(planes), 0, 1)

    def run(self, images):
        assert len(images) == len(self.scores)
        return self.scores


def network(labels=TRUTH.data[0]):
    return TissueNetwork(KnowsTheHeart(labels), 1, PREPROCESSING, CLEANUP, MAPPING.heart)


def image_source(name):
    ref = FrameRef(Path(f"/nowhere/{name}"), "1.2", f"1.2.{name}", f"1.3.{name}")
    return ImageSource("1.9", ((ref,) * 3,), PLANES)


def read_map(wall, blood, contrast, name="1", kind=MapKind.T1, flags=(), geometry=PLANES):
    how = Protocol(kind, Method.INVERSION, "MOLLI 5(3)3", contrast)
    values = tissue_of(geometry, wall, blood).values
    made = ScannerMap(values, None, geometry, np.full(3, np.nan), (f"1.3.{name}",), flags)
    acquired = AcquiredMap(how, "First.", 1.5, "Maker", None, made)
    return ReadMap(acquired, None, image_source(name))


def native_and_post(**changes):
    return Maps(
        (
            read_map(1000.0, 1550.0, Contrast.NATIVE, "1", **changes),
            read_map(450.0, 300.0, Contrast.POST, "2"),
        )
    )


class Chain:
    """The operators of the maps one after the other, each by its ports."""

    def __init__(self, fragment, folder, seen=None):
        name = f"chain_{id(self)}"
        seen = seen or network()
        self.steps = [
            MapLocator(fragment, network=seen, name=f"{name}_locator"),
            MotionCorrection(fragment, settings=MAPPING, name=f"{name}_motion"),
            RelaxationFit(fragment, settings=MAPPING, name=f"{name}_fit"),
            MapSegmentation(fragment, network=seen, name=f"{name}_segmentation"),
            MapMeasurement(fragment, settings=TISSUE, name=f"{name}_measurement"),
            ExtracellularVolume(
                fragment, input_folder=folder, settings=MAPPING, tissue=TISSUE, name=f"{name}_ecv"
            ),
            MappingQuality(
                fragment,
                limits=QUALITY.mapping,
                plausible=MAPPING.plausible,
                ranges=TISSUE.reference,
                model=MODEL,
                name=f"{name}_quality",
            ),
        ]

    def __call__(self, message, judged=NO_CINE):
        for step in self.steps:
            held = {step.inputs[0]: message, "judged": judged}
            message = tick(step, **{port: held[port] for port in step.inputs})[step.output]
        return message


def side_file(folder, text='{"haematocrit": 0.42}'):
    (folder / SIDE_FILE).write_text(text)
    return folder


def test_two_maps_become_three_with_ecv(fragment, tmp_path):
    """The check value, 0.2637, through every operator between reading and writing."""
    found = Chain(fragment, side_file(tmp_path))(native_and_post())
    results = found.results
    assert [m.key for m in found.mapped] == [p.key for p in found.pages] == [
        "native_t1", "post_t1", "ecv",
    ]  # fmt: skip
    assert results.native_t1.global_.median_ms == 1000
    assert results.post_t1.blood.median_ms == 300
    assert results.ecv.global_.median_pct == 26.37
    assert {s.median_pct for s in results.ecv.segments.values() if s.pixels} == {26.37}
    # Maps without noise and SD: what is uncertain is haematocrit, 0.01 of 0.58.
    assert results.ecv.global_.uncertainty_pct == pytest.approx(0.45, abs=0.01)
    assert (results.ecv.haematocrit.source, results.ecv.haematocrit.origin) == (
        "measured", "haematocrit.json",
    )  # fmt: skip
    assert results.ecv.sequence == "MOLLI 5(3)3 / MOLLI 5(3)3"
    assert results.ecv.source_reason == "From native_t1 (scanner) and post_t1 (scanner)."
    assert results.not_measured == {}
    assert {g.name.rpartition("_")[0] for g in found.gates} >= {"native_t1", "post_t1", "ecv"}
    ecv = found.mapped[2]
    assert ecv.segmented_on == "native_t1"
    assert {f.series_uid for row in ecv.images.frames for f in row} == {"1.3.1", "1.3.2"}
    assert [m.values is None for m in found.mapped] == [True, True, False]


@pytest.mark.parametrize(
    ("side", "reason"),
    [
        ('{"haematocrit": 42}', "haematocrit.json: Haematocrit (measured) 42: expected a fraction"),
        ("{", "haematocrit.json cannot be used: not JSON."),
    ],
)
def test_why_there_is_no_ecv_stands_in_the_results(fragment, tmp_path, side, reason):
    found = Chain(fragment, side_file(tmp_path, side))(native_and_post())
    assert found.results.ecv is None
    assert found.results.not_measured["ecv"].startswith(reason)
    assert found.results.native_t1.global_.median_ms == 1000


def test_synthetic_haematocrit_is_labelled(fragment, tmp_path):
    """866.0 / 1550 - 0.1232 = 0.4355; 1 - 0.4355 in place of 0.58."""
    found = Chain(fragment, tmp_path)(native_and_post())
    ecv = found.results.ecv
    assert (ecv.haematocrit.fraction, ecv.haematocrit.source) == (0.4355, "synthetic")
    assert ecv.global_.median_pct == pytest.approx(26.37 * 0.5645 / 0.58, abs=0.01)


def test_a_study_without_t1_is_not_asked_for_ecv(fragment, tmp_path):
    t2 = Maps(
        (read_map(50.0, 180.0, Contrast.NATIVE, kind=MapKind.T2),), {"acquisition 1": "Lost."}
    )
    found = Chain(fragment, tmp_path)(t2)
    assert found.results.not_measured == {"acquisition 1": "Lost."}
    assert found.results.t2.global_.median_ms == 50


def test_ecv_of_the_scanner_is_not_computed_again(fragment, tmp_path):
    theirs = read_map(27.0, 58.0, Contrast.UNDECIDED, "3", kind=MapKind.ECV)
    maps = Maps((*native_and_post().each, theirs))
    found = Chain(fragment, side_file(tmp_path))(maps)
    assert found.results.ecv.global_.median_pct == 27
    assert found.results.ecv.haematocrit is None
    assert [m.key for m in found.mapped] == ["native_t1", "post_t1", "ecv"]


def test_a_map_of_doubtful_unit_is_withheld_and_the_others_are_not(fragment, tmp_path):
    found = Chain(fragment, side_file(tmp_path))(native_and_post(flags=("Ten times too long",)))
    assert found.results.native_t1.global_.median_ms is None
    assert "Ten times too long." in found.results.native_t1.segments[1].withheld["median_ms"]
    assert found.results.post_t1.global_.median_ms == 450


def test_maps_without_a_heart_are_kept_without_values(fragment, tmp_path):
    found = Chain(fragment, side_file(tmp_path), network(0 * TRUTH.data[0]))(native_and_post())
    assert [m.key for m in found.mapped] == ["native_t1", "post_t1"]
    assert "No left ventricle" in found.results.native_t1.global_.withheld["median_ms"]
    assert "Blood: T1 is unknown" in found.results.not_measured["ecv"]
    assert not found.mapped[0].segments.any()


def judged_cine(labels=TRUTH):
    measurement = SimpleNamespace(base_first=bool(PLANES.normal @ BODY.apex > 0))
    measured = SimpleNamespace(cine=SimpleNamespace(labels=labels), measurement=measurement)
    return JudgedCine(measured, (), None)


def test_the_cine_is_laid_beside_the_map(fragment, tmp_path):
    found = Chain(fragment, tmp_path)(native_and_post(), judged_cine())
    [gate] = [g for g in found.gates if g.name == "native_t1_cine_contours"]
    assert gate.status is Status.PASS
    assert gate.figure > 95
    without = Chain(fragment, tmp_path)(native_and_post())
    assert not [g for g in without.gates if g.name.endswith("cine_contours")]
    # The ends of the LV that the cine shows: 90 mm in thirds.
    assert set(found.results.native_t1.segments) == set(range(1, 17))
    assert found.results.native_t1.level_method != ""


@pytest.mark.parametrize("step", range(7))
def test_a_refusal_of_the_maps_passes_every_operator(fragment, tmp_path, step):
    one = Chain(fragment, tmp_path).steps[step]
    messages = {one.inputs[0]: NOT_THERE} | ({"judged": judged_cine()} if step == 4 else {})
    assert tick(one, **messages)[one.output] is NOT_THERE


def mapping_reader(fragment, study):
    reader = MappingReader(fragment, settings=MAPPING.plausible, name=f"reader_{id(study)}")
    selected = SimpleNamespace(selection=SimpleNamespace(mapping=study))
    return tick(reader, selected=selected)["acquired"]


def test_a_study_without_mapping_is_told_from_one_that_cannot_be_read(fragment, tmp_path):
    absent = mapping_reader(fragment, MappingStudy((), (), (), {}))
    assert (absent.part, type(absent.error)) == ("mapping", NotInStudy)
    study = stored(tmp_path, molli("a"))
    for path in tmp_path.glob("*.dcm"):
        path.write_bytes(b"broken")
    unreadable = mapping_reader(fragment, study)
    assert (unreadable.part, type(unreadable.error)) == ("mapping", NothingReadable)
    assert "none of 3 slices can be read" in str(unreadable.error)


def assembled(fragment, judged, maps):
    application = ApplicationRecord(name="a", version="1", settings_sha256="0", notice="n")
    step = ResultsAssembler(fragment, application=application, name=f"a_{id(judged)}_{id(maps)}")
    count = InputCount(files=1, images=1, duplicates=0, skipped=[])
    job = SimpleNamespace(study=SimpleNamespace(uid="1.9"), input_count=count)
    selected = SimpleNamespace(job=job, selection=SimpleNamespace(decisions=()))
    parts = {"judged": judged, "judged_maps": maps, "judged_scar": NO_SCAR}
    return tick(step, selected=selected, **parts)["results"]


def gate(name):
    return Gate(name=name, status=Status.PASS, unit="1", message="Good.")


def measured_maps():
    results = mapping_results([], {"ecv": "None."}, MODEL)
    return JudgedMaps((), (), (gate("t2_heart"),), results)


def test_the_assembler_joins_cine_and_maps(fragment):
    cine = JudgedCine(None, (gate("pitch"),), cine_results())
    found = assembled(fragment, cine, measured_maps())
    assert found.cine == cine_results()
    assert found.mapping.not_measured == {"ecv": "None."}
    assert [g.name for g in found.quality] == ["pitch", "t2_heart"]
    assert found.refusals == {}


def test_maps_are_reported_without_a_cine(fragment):
    found = assembled(fragment, NO_CINE, measured_maps())
    assert found.cine is None
    assert found.mapping is not None
    assert found.refusals == {"cine": "No short-axis cine."}
    assert [g.name for g in found.quality] == ["t2_heart"]


def test_maps_that_the_study_does_not_hold_are_no_refusal(fragment):
    cine = JudgedCine(None, (), cine_results())
    assert assembled(fragment, cine, NOT_THERE).refusals == {}
    broken = Refusal("mapping", NothingReadable("Broken."))
    assert assembled(fragment, cine, broken).refusals == {"mapping": "Broken."}


def test_everything_refused(fragment):
    broken = Refusal("mapping", NothingReadable("Broken."))
    found = assembled(fragment, NO_CINE, broken)
    assert found.refusals == {"cine": "No short-axis cine.", "mapping": "Broken."}
    assert (found.cine, found.mapping) == (None, None)


def report(fragment, judged, maps, monkeypatch):
    """What the SR writer gives, and what it asks to be written."""
    asked = []
    monkeypatch.setattr(sr_writer, "write_report", lambda *args: asked.append(args) or "report")
    step = sr_writer.SrWriter(
        fragment, settings=None, identity=None, name=f"sr_{id(judged)}_{id(maps)}_{len(asked)}"
    )
    messages = {"study": SimpleNamespace(folder="here"), "results": "results"}
    messages |= {"judged": judged, "segs": judged, "maps": maps, "scar_objects": NO_SCAR}
    if not isinstance(judged, Refusal):
        messages["segs"] = ("seg",)
    return tick(step, **messages)["report"], asked


def test_a_report_of_what_was_measured(fragment, monkeypatch):
    """The cine's images are referred to where there is a cine."""
    images = SimpleNamespace(source="images")
    cine = JudgedCine(SimpleNamespace(cine=SimpleNamespace(images=images)), (), None)
    for judged, maps, source, held in (
        (cine, ("map",), "images", (("seg",), ("map",))),
        (cine, NOT_THERE, "images", (("seg",), ())),
        (NO_CINE, ("map",), None, ((), ("map",))),
    ):
        given, [asked] = report(fragment, judged, maps, monkeypatch)
        assert (given.path, given.objects, given.cine) == ("report", asked[1], source)
        assert asked[0] == "results"
        assert (asked[1].segs, asked[1].maps, asked[1].scar) == (*held, None)
        assert asked[2] == source


def test_no_report_where_everything_was_refused(fragment, monkeypatch):
    given, asked = report(fragment, NO_CINE, NOT_THERE, monkeypatch)
    assert given is NO_CINE
    assert asked == []


def test_the_results_are_written_whatever_was_refused(fragment, tmp_path):
    for n, (given, refusal) in enumerate(((NO_CINE, NO_CINE), (tmp_path / "sr.dcm", None))):
        folder = tmp_path / str(n)
        folder.mkdir()
        outbox = []
        writer = ResultsWriter(fragment, outbox=outbox, name=f"writer_{n}")
        job = SimpleNamespace(folder=folder)
        painted = {"pictures": NOT_THERE, "scar_pictures": NO_SCAR, "report_files": ()}
        painted |= {"key_object": NO_CINE, "cine_pictures": NO_CINE}
        tick(writer, study=job, results=study_results(None), report=given, **painted)
        assert (folder / "results.json").is_file()
        assert [o.refusal for o in outbox] == [refusal]


def test_the_painter_of_the_cine_writes_what_the_cine_has(fragment, tmp_path):
    """Without compared variants there is no worst slice, without a wall no bullseye."""
    page = cine_sample()
    stack = SimpleNamespace(data=page.images)
    masks = SimpleNamespace(
        data=page.labels, geometry=SimpleNamespace(pixel_spacing_mm=page.pixel_spacing_mm)
    )
    measurement = SimpleNamespace(
        base_first=True, volumes_ml=page.volumes_ml, phases=SimpleNamespace(excluded={})
    )
    painter = CinePainter(fragment, notice="Research only.", words=ENGLISH, name="cine_painter")
    job = SimpleNamespace(folder=tmp_path)
    all_names = ["bullseyes.png", "contours-ed.png", "contours-es.png", "curves.png", "loop.webp"]
    for agreement, wall, expected in (
        (page.slice_agreement, page.results.wall, [*all_names, "worst-slice.png"]),
        (None, None, all_names[1:]),
    ):
        cine = SimpleNamespace(
            images=SimpleNamespace(volume=stack), labels=masks, slice_agreement=agreement
        )
        measured = SimpleNamespace(cine=cine, measurement=measurement)
        results = page.results.model_copy(update={"wall": wall})
        judged = SimpleNamespace(measured=measured, results=results)
        written = tick(painter, study=job, judged=judged)["cine_pictures"]
        assert sorted(path.name for path in written) == [f"cine-{name}" for name in expected]
        for path in written:
            assert path.read_bytes()[:4] in (b"\x89PNG", b"RIFF")
            path.unlink()
    assert tick(painter, study=job, judged=NO_CINE)["cine_pictures"] is NO_CINE
    assert list(tmp_path.iterdir()) == []


def test_the_painter_writes_a_picture_of_each_map_and_the_bullseyes(fragment, tmp_path):
    """Without segments there is nothing for a bullseye."""
    job = SimpleNamespace(folder=tmp_path)
    for n, (seen, expected) in enumerate(
        (
            (network(), ["map-bullseyes.png", "map-native-t1.png"]),
            (network(0 * TRUTH.data[0]), ["map-native-t1.png"]),
        )
    ):
        judged = Chain(fragment, tmp_path, seen)(Maps(native_and_post().each[:1]))
        painter = MapPainter(fragment, notice="Research only.", words=ENGLISH, name=f"painter_{n}")
        written = tick(painter, study=job, judged_maps=judged)["pictures"]
        assert sorted(path.name for path in written) == expected
        for path in written:
            assert path.read_bytes().startswith(b"\x89PNG")
            path.unlink()
    assert list(tmp_path.iterdir()) == []


def test_the_map_writer_writes_what_was_measured(fragment, tmp_path, monkeypatch):
    judged = Chain(fragment, side_file(tmp_path))(native_and_post())
    monkeypatch.setattr(map_writer, "write_maps", lambda *args: args)
    writer = map_writer.MapWriter(fragment, settings="settings", identity="who", name="map_writer")
    given = tick(writer, study=SimpleNamespace(folder="here"), judged_maps=judged)["maps"]
    assert given == (judged.mapped, "who", "settings", "here")
    assert tick(writer, study=None, judged_maps=NOT_THERE)["maps"] is NOT_THERE


def test_ecv_names_the_post_contrast_images_of_the_slices_it_was_made_from(fragment, tmp_path):
    """Post-contrast slices on two of three places: no image is named that has no slice."""
    short = PLANES.take_slices([0, 1])
    maps = native_and_post().each
    post = read_map(450.0, 300.0, Contrast.POST, "2", geometry=short)
    scanner = replace(post.acquired.scanner, cycle_phase=np.full(2, np.nan))
    acquired = replace(post.acquired, scanner=scanner)
    images = replace(image_source("2"), geometry=short)
    images = replace(images, frames=tuple(row[:2] for row in images.frames))
    seen = network()
    whole = seen.network.scores

    def run(shown):
        return whole[: len(shown)]

    seen.network.run = run
    both = Maps((maps[0], ReadMap(acquired, None, images)))
    found = Chain(fragment, side_file(tmp_path), seen)(both)
    ecv = found.mapped[2]
    assert {f.series_uid for row in ecv.images.frames for f in row} == {"1.3.1"}
    assert np.isnan(ecv.values[2]).all()
    assert np.isfinite(ecv.values[0]).any()
    assert "30.0 mm away" in found.results.ecv.post_shift[2].reason
