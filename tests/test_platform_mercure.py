"""mercure: its module and rule, and a run under its conditions: variables, names, side files."""

import json
from collections import Counter

import pytest

from app import outcome
from app.main import main
from app.publish import METADATA
from cmr.records import Status
from phantom.settings import PhantomSettings
from phantom.study import write_study
from tests.platform_support import files, read
from tests.results_sample import cine_results, study_results

pytestmark = pytest.mark.requirement("NBR-03")

# Fields of its Module and Rule; what it does not know it drops without a word.
MODULE = {"docker_tag", "additional_volumes", "environment", "docker_arguments", "settings",
          "contact", "comment", "constraints", "resources", "requires_root"}  # fmt: skip
RULE = {"rule": None, "target": None, "action": {"route", "both", "process", "notification"},
        "action_trigger": {"series", "study"},
        "study_trigger_condition": {"timeout", "received_series"},
        "study_force_completion_action": {"discard", "proceed", "ignore"},
        "priority": {"normal", "urgent", "offpeak"}, "processing_module": None,
        "processing_settings": None, "processing_retain_images": None, "dynamic_routing": None,
        "conditional_alternate_target": None, "notification_trigger_reception": None,
        "notification_trigger_completion": None, "notification_trigger_error": None,
        "notification_trigger_completion_on_request": None}  # fmt: skip
# Of the arguments to Docker, those that a mercure in its safe setting lets through.
SAFE_ARGUMENTS = {"runtime", "mem_limit", "cpu_quota", "pids_limit", "read_only"}


def test_the_module_is_one_that_mercure_knows():
    module = read("mercure/module.json")
    assert module.keys() <= MODULE
    assert json.loads(module["docker_arguments"]).keys() <= SAFE_ARGUMENTS
    # Its pages read both as JSON; some versions stumble over an empty text.
    assert json.loads(module["environment"]) == json.loads(module["additional_volumes"]) == {}
    assert module["requires_root"] is False


def test_the_rule_is_one_that_mercure_knows():
    rule = read("mercure/rule.json")
    assert rule.keys() <= RULE.keys()
    for key, allowed in RULE.items():
        assert allowed is None or rule[key] in allowed
    assert rule["processing_module"] == "cmr-map"
    assert rule["action_trigger"] == "study"  # a series alone is no stack


@pytest.mark.parametrize(
    ("description", "modality", "taken"),
    [("Cardiac MRI", "MR", True), ("MR Cardiac stress", "MR", True),
     ("Brain", "MR", False), ("Cardiac CT", "CT", False)],
)  # fmt: skip
def test_the_rule_takes_cardiac_mr(description, modality, taken):
    """mercure puts the tags in place of ``@Tag@`` and evaluates what stands there."""
    tags = {"StudyDescription": description, "Modality": modality}
    text = read("mercure/rule.json")["rule"]
    for tag in tags:
        text = text.replace(f"@{tag}@", f'tags["{tag}"]')
    assert "@" not in text
    assert eval(text, {"__builtins__": {}}, {"tags": tags}) is taken


@pytest.mark.parametrize("status", [Status.PASS, Status.REVIEW, Status.WITHHELD])
def test_what_is_doubtful_is_announced_and_sent_elsewhere(tmp_path, status):
    results = study_results(cine_results())
    gates = [gate.model_copy(update={"status": status}) for gate in results.quality]
    outcome.write_result_json([results.model_copy(update={"quality": gates})], tmp_path)
    told = json.loads((tmp_path / outcome.RESULT).read_text(encoding="utf-8"))
    doubtful = status is not Status.PASS
    assert told["__mercure_notification"]["requested"] is doubtful
    assert told.get("__mercure_routing") == ({"use_alternate_target": True} if doubtful else None)


@pytest.fixture(scope="module")
def received(tmp_path_factory):
    """A study as mercure hands it over: flat, series and file in each name, tags beside."""
    folder = tmp_path_factory.mktemp("mercure")
    truth = write_study(folder / "study", PhantomSettings(seed=3, phases=12, matrix=(144, 160),
                        pixel_spacing_mm=(1.8, 1.8), decoys=False))  # fmt: skip
    (folder / "in").mkdir()
    for number, path in enumerate(sorted((folder / "study").rglob("*.dcm"))):
        name = f"1.2.826.0.1.3680043.8.498.77#1.2.826.0.1.3680043.8.498.{number + 1}"
        path.rename(folder / "in" / f"{name}.dcm")
        (folder / "in" / f"{name}.tags").write_text('{"PatientName": "Quaxtermann"}')
        # MONAI's gateway lays such a file beside each image.
        (folder / "in" / f"{name}.dcm.json").write_text("{}")
    hand_over(folder / "in")
    return folder / "in", truth


def hand_over(folder):
    """The task file, which names the patient."""
    info = {"action": "both", "patient_name": "Quaxtermann^Zebulon", "mrn": "MRN4711"}
    process = {"module_name": "cmr-map", "settings": {}, "retain_input_images": False}
    text = json.dumps({"id": "t", "info": info, "process": process})
    (folder / "task.json").write_text(text)


@pytest.fixture
def under_mercure(monkeypatch, tmp_path):
    """Run the application with the variables that mercure sets, and no flag for a folder."""

    def run(source):
        output = tmp_path / "output"
        output.mkdir(mode=0o777)
        for name in ("MERCURE_IN_DIR", "MONAI_INPUTPATH", "HOLOSCAN_INPUT_PATH"):
            monkeypatch.setenv(name, str(source))
        for name in ("MERCURE_OUT_DIR", "MONAI_OUTPUTPATH", "HOLOSCAN_OUTPUT_PATH"):
            monkeypatch.setenv(name, str(output))
        return main(["-l", "ERROR"]), output

    return run


def test_a_study_from_mercure_is_measured(received, under_mercure):
    source, truth = received
    code, output = under_mercure(source)
    assert code == 0
    told = json.loads((output / outcome.RESULT).read_text(encoding="utf-8"))
    [study] = told["studies"]
    assert study["lv_edv_ml"] == pytest.approx(truth.discretised.lv.edv_ml, rel=0.15)
    assert told["__mercure_notification"]["text"].startswith(
        "Cardiac MR (research use only): LV EF"
    )
    kinds = Counter(name.split("-")[0] for name in files(output) if name.endswith(".dcm"))
    assert kinds.pop("capture") >= 1
    assert kinds == {"seg": 2, "sr": 1, "pdf": 1, "key": 1}
    results = json.loads((output / "results.json").read_text(encoding="utf-8"))
    beside = {skipped["reason"] for skipped in results["input"]["skipped"]}
    assert beside == {"side file, passed over"}
    assert len(results["input"]["skipped"]) == len(list(source.iterdir())) - len(
        list(source.glob("*.dcm"))
    )
    texts = "".join(p.read_text(encoding="utf-8") for p in output.glob("*.json"))
    assert "Quaxtermann" not in texts
    assert "MRN4711" not in texts


def test_a_failure_under_mercure_leaves_nothing_to_send(under_mercure, tmp_path, capfd):
    source = tmp_path / "in"
    source.mkdir()
    (source / "1.2#3.4.dcm").write_bytes(b"torn")
    (source / "1.2#3.4.tags").write_text("{}")
    hand_over(source)
    code, output = under_mercure(source)
    assert code == 3
    assert files(output) == [METADATA]
    assert "Quaxtermann" not in capfd.readouterr().err + (output / METADATA).read_text()
