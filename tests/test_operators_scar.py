"""Operators of late enhancement with stand-in ports: what they pass on, what they refuse."""

from types import SimpleNamespace

import numpy as np
import pytest

from cmr.errors import NoApplicableSeries, NothingReadable, NotInStudy
from cmr.labels import Label
from cmr.records import Status
from cmr.results import Application as ApplicationRecord
from cmr.results import InputCount
from cmr.scar.heart import NO_WALL
from dicomio.late import LateChoice
from operators import scar_writer, sr_writer
from operators.late_reader import LateReader
from operators.messages import JudgedCine, Refusal
from operators.results_assembler import ResultsAssembler
from operators.scar_finder import ScarFinder
from operators.scar_measurement import ScarMeasurement
from operators.scar_painter import ScarPainter
from operators.scar_quality import ScarQuality
from operators.sdk import Application
from tests.heart_masks import QUALITY, VOLUMETRY
from tests.late_heart import (
    HEART,
    INFARCT,
    INFARCTED,
    NOTHING,
    PLANES,
    SCAR,
    WALL,
    late_images,
    networks,
    values,
)
from tests.late_support import late, stored
from tests.mapped_heart import BODY, MODEL
from tests.operator_support import tick
from tests.results_sample import cine_results
from tests.tissue_heart import SETTINGS as TISSUE
from tests.tissue_heart import masks
from texts import ENGLISH

pytestmark = pytest.mark.requirement("SCAR-02")

NOT_THERE = Refusal("scar", NotInStudy("The study holds no late-enhancement images."))
NO_CINE = Refusal("cine", NoApplicableSeries("No short-axis cine."))
NO_MAPS = Refusal("mapping", NotInStudy("The study holds no mapping series."))


@pytest.fixture(scope="module")
def fragment():
    return Application([])


class Chain:
    """The operators of the scar one after the other, each by its ports."""

    def __init__(self, fragment, seen=None):
        name = f"chain_{id(self)}"
        aha, density = TISSUE.aha, VOLUMETRY.myocardial_density_g_ml
        models = {"model": MODEL, "heart_model": MODEL}
        self.steps = [
            ScarFinder(fragment, networks=seen or networks(), settings=SCAR, name=f"{name}_finder"),
            ScarMeasurement(
                fragment, settings=SCAR, aha=aha, density_g_ml=density, name=f"{name}_measurement"
            ),
            ScarQuality(
                fragment, limits=QUALITY.scar, settings=SCAR, name=f"{name}_quality", **models
            ),
        ]

    def __call__(self, images, judged=NO_CINE):
        message = images
        for step in self.steps:
            held = {step.inputs[0]: message, "judged": judged}
            message = tick(step, **{port: held[port] for port in step.inputs})[step.output]
        return message


def gates(judged):
    return {g.name: g for g in judged.gates}


def judged_cine():
    """A cine of the same heart, and of the same places."""
    measurement = SimpleNamespace(base_first=bool(PLANES.normal @ BODY.apex > 0))
    measured = SimpleNamespace(
        cine=SimpleNamespace(labels=masks(BODY, PLANES)), measurement=measurement
    )
    return JudgedCine(measured, (), None)


@pytest.fixture(scope="module")
def judged(fragment):
    return Chain(fragment)(late_images())


def test_the_scar_of_a_known_heart_is_measured_without_a_cine(judged):
    """Segment 10 and nothing else, all through the wall; 1 mm pixels at a pitch of 10 mm."""
    results = judged.results
    assert results.pct_lv_mass == pytest.approx(100 * INFARCT.sum() / WALL.sum(), abs=0.5)
    assert results.mass_g == pytest.approx(INFARCT.sum() * 10 * 1.05e-3, rel=0.05)
    assert results.withheld == {}
    shares = {k: s.scar_pct for k, s in results.segments.items()}
    assert max(shares, key=shares.get) == INFARCTED
    assert results.segments[INFARCTED].transmurality_class == "76-100"
    assert results.segments_over_50 == 1
    assert {name: g.status for name, g in gates(judged).items()} == dict.fromkeys(
        ("scar_place", "scar_heart", "scar_remote", "scar_contrast", "scar_blood", "scar_slices",
         "scar_pitch", "scar_gaps", "scar_methods"), Status.PASS,
    )  # fmt: skip
    assert (results.stack.kind, results.stack.reason) == ("psir", "The only one.")
    assert results.model == MODEL


def test_the_cine_is_laid_beside_the_scar(fragment, judged):
    found = Chain(fragment)(late_images(), judged_cine())
    check = gates(found)["scar_cine_contours"]
    assert check.status is Status.PASS
    assert check.figure > 95
    assert found.results.pct_lv_mass == pytest.approx(judged.results.pct_lv_mass, abs=0.5)


def test_the_cine_alone_may_tell_the_place(fragment):
    found = Chain(fragment, networks(NOTHING, known=False))(late_images())
    assert gates(found)["scar_place"].status is Status.WITHHELD
    assert set(found.results.withheld) >= {"mass_g", "pct_lv_mass", "lv_mass_g"}
    assert (found.results.meshes, dict(found.surfaces)) == ([], {})
    with_cine = Chain(fragment, networks(NOTHING))(late_images(), judged_cine())
    assert gates(with_cine)["scar_place"].status is Status.PASS
    assert with_cine.results.withheld == {}


def told_of(judged):
    """Every number of scar in the results, and what gates say of methods."""
    r = judged.results
    parts = [r, r.layers, *r.methods.values(), *r.gray_zones.values(), *r.territories.values()]
    parts += r.segments.values()
    told = [value for part in parts for q, value in part.values() if q.key != "lv_mass_g"]
    told += [s.transmurality_class for s in r.segments.values()]
    told += [t.segments_with_scar for t in r.territories.values()]
    told += [s.scar_mm2 for s in r.slices]
    told += [m.structure for m in r.meshes if m.structure == "scar"]
    told += [g for g in judged.gates if g.name == "scar_methods"]
    return [one for one in told if one is not None]


def test_inverted_phase_sensitive_images_tell_no_scar(fragment, judged):
    """The network is right about the wall; grey values are not what they should be."""
    found = Chain(fragment)(late_images(values(sign=-1)))
    check = gates(found)["scar_contrast"]
    assert check.status is Status.WITHHELD
    assert "inverted" in found.results.withheld["pct_lv_mass"]
    assert told_of(found) == []
    assert found.results.lv_mass_g is not None
    assert "scar" not in found.surfaces
    assert len(told_of(judged)) > 100


def test_an_end_that_is_not_judged_does_not_undo_the_contrast(fragment):
    shown = values()
    shown[-1] += np.random.default_rng(0).normal(0, 200, shown[-1].shape).astype(np.float32)
    found = Chain(fragment)(late_images(shown))
    assert "not judged" in found.results.remote.slices_refused[PLANES.n_slices - 1]
    assert gates(found)["scar_contrast"].status is Status.PASS
    assert found.results.pct_lv_mass is not None


def test_a_heart_without_scar(fragment):
    healthy = np.zeros_like(INFARCT)
    seen = np.select([WALL, HEART == Label.LV], [2, 1], 0)
    found = Chain(fragment, networks(scar=seen))(late_images(values(healthy)))
    assert found.results.pct_lv_mass == pytest.approx(0, abs=0.1)
    assert found.results.segments_over_50 == 0
    assert {m.structure for m in found.results.meshes} == {"epicardium", "endocardium"}


def test_late_enhancement_without_a_heart_is_refused(fragment):
    refusal = Chain(fragment, networks(NOTHING, NOTHING, known=False))(late_images())
    assert isinstance(refusal, Refusal)
    assert (refusal.part, str(refusal.error)) == ("scar", NO_WALL)


@pytest.mark.parametrize("step", range(3))
def test_a_refusal_of_the_scar_passes_every_operator(fragment, step):
    one = Chain(fragment).steps[step]
    messages = {port: judged_cine() for port in one.inputs} | {one.inputs[0]: NOT_THERE}
    assert tick(one, **messages)[one.output] is NOT_THERE


def read(fragment, choice):
    reader = LateReader(fragment, name=f"reader_{id(choice)}")
    selected = SimpleNamespace(selection=SimpleNamespace(late=choice))
    return tick(reader, selected=selected)["late_images"]


def test_what_the_study_lacks_is_told_from_what_cannot_be_read(fragment, tmp_path):
    absent = read(fragment, LateChoice(None, "None.", {}))
    assert (absent.part, type(absent.error)) == ("scar", NotInStudy)
    unfit = read(fragment, LateChoice(None, "Long axis.", {"1.3": None}))
    assert (unfit.part, type(unfit.error)) == ("scar", NoApplicableSeries)

    def plane(ds):
        return np.full((ds.Rows, ds.Columns), 5, np.uint16)

    source = stored(tmp_path, late("a"), values=plane)
    images = read(fragment, LateChoice(source, "", {"1.3": None}))
    assert images.values.shape == (9, *source.geometry.shape)
    for path in tmp_path.glob("*.dcm"):
        path.write_bytes(b"broken")
    broken = read(fragment, LateChoice(source, "", {"1.3": None}))
    assert (broken.part, isinstance(broken.error, NothingReadable)) == ("scar", True)
    assert "none of 9 slices can be read" in str(broken.error)


def assembled(fragment, judged, scar):
    application = ApplicationRecord(name="a", version="1", settings_sha256="0", notice="n")
    step = ResultsAssembler(fragment, application=application, name=f"a_{id(judged)}_{id(scar)}")
    count = InputCount(files=1, images=1, duplicates=0, skipped=[])
    job = SimpleNamespace(study=SimpleNamespace(uid="1.9"), input_count=count)
    selected = SimpleNamespace(job=job, selection=SimpleNamespace(decisions=()))
    parts = {"judged": judged, "judged_maps": NO_MAPS, "judged_scar": scar}
    return tick(step, selected=selected, **parts)["results"]


def test_cine_and_scar_do_not_stop_each_other(fragment, judged):
    cine = JudgedCine(None, (), cine_results())
    lost = Refusal("scar", NoApplicableSeries(NO_WALL))
    for one, other, refusals in (
        (cine, judged, {}),
        (NO_CINE, judged, {"cine": "No short-axis cine."}),
        (cine, lost, {"scar": NO_WALL}),
        (cine, NOT_THERE, {}),
        (NO_CINE, lost, {"cine": "No short-axis cine.", "scar": NO_WALL}),
    ):
        found = assembled(fragment, one, other)
        assert found.refusals == refusals
        assert (found.cine is None) == (one is NO_CINE)
        assert found.scar == (None if isinstance(other, Refusal) else judged.results)
        assert [g.name for g in found.quality] == (list(gates(judged)) if other is judged else [])


def test_a_report_of_scar_alone(fragment, monkeypatch):
    asked = []
    monkeypatch.setattr(sr_writer, "write_report", lambda *args: asked.append(args) or "report")
    step = sr_writer.SrWriter(fragment, settings=None, identity=None, name="sr_of_scar")
    messages = {"study": SimpleNamespace(folder="here"), "results": "results"}
    messages |= {"judged": NO_CINE, "segs": NO_CINE, "maps": NO_MAPS}
    given = tick(step, scar_objects="written", **messages)["report"]
    assert (given.path, given.objects.scar, given.cine) == ("report", "written", None)
    [(_, written, source, *_)] = asked
    assert (written.segs, written.maps, written.scar, source) == ((), (), "written", None)
    assert tick(step, scar_objects=NOT_THERE, **messages)["report"] is NO_CINE
    assert len(asked) == 1


def test_the_scar_writer_writes_what_was_found(fragment, judged, monkeypatch):
    monkeypatch.setattr(scar_writer, "write_scar", lambda *args: args)
    writer = scar_writer.ScarWriter(fragment, settings="settings", identity="who", name="writer")
    given = tick(writer, study=SimpleNamespace(folder="here"), judged_scar=judged)["scar_objects"]
    assert given == (judged.scar, "who", "settings", "here")
    assert tick(writer, study=None, judged_scar=NOT_THERE)["scar_objects"] is NOT_THERE


def test_the_painter_writes_the_files_that_the_results_name(fragment, judged, tmp_path):
    painter = ScarPainter(fragment, notice="Research only.", words=ENGLISH, name="scar_painter")
    job = SimpleNamespace(folder=tmp_path)
    written = tick(painter, study=job, judged_scar=judged)["scar_pictures"]
    assert sorted(written) == sorted(tmp_path.iterdir())
    kinds = {
        kind: sorted(p for p in written if p.suffix == kind) for kind in (".png", ".stl", ".glb")
    }
    assert [p.name for p in kinds[".stl"]] == sorted(m.file for m in judged.results.meshes)
    assert len(kinds[".stl"]) == len(kinds[".png"]) == 3
    assert [p.read_bytes()[:4] for p in kinds[".png"]] == [b"\x89PNG"] * 3
    assert [p.read_bytes()[:4] for p in kinds[".glb"]] == [b"glTF"]
    assert len(written) == 7
    assert tick(painter, study=job, judged_scar=NOT_THERE)["scar_pictures"] is NOT_THERE
