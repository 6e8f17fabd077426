"""MONAI Deploy Workflow Manager: its rules for workflows, and what its Docker plug-in would run.

The rules are those of its ``WorkflowValidator``, ``DockerPlugin`` and ``ArgoPlugin``, told again.
"""

import json
import os
import re
import subprocess
import sys
from collections import Counter

import pytest

from app import outcome
from app.publish import METADATA
from cmr.errors import NoApplicableSeries
from tests.conftest import ROOT
from tests.platform_support import ENTRY, files, read
from tests.results_sample import cine_results, study_results

pytestmark = pytest.mark.requirement("NBR-01")

WORKFLOWS = ("workflow_manager/cmr-map.json", "workflow_manager/cmr-map-docker.json")
TYPES = {"argo", "aide_clinical_review", "router", "export", "docker", "email",
         "remote_app_execution", "export_hl7"}  # fmt: skip
# What older and newer versions of the validator accept alike; the newer one takes more.
ARGO_ARGUMENTS = {"workflow_template_name", "priority", "cpu", "gpu_required"}
DOCKER_ARGUMENTS = {"server_url", "entrypoint", "command", "container_image",
                    "temp_storage_container_path"}  # fmt: skip
REVIEW_ARGUMENTS = {"reviewed_task_id", "application_name", "application_version", "mode",
                    "workflow_name", "notifications"}  # fmt: skip


def faults(workflow):
    """What the Workflow Manager would refuse, in its order."""
    tasks = workflow["tasks"]
    ids = [t["id"] for t in tasks]
    gateway = workflow["informatics_gateway"]
    found = []
    if not workflow["name"] or len(workflow["name"]) > 15 or not workflow["version"]:
        found.append("name or version")
    if not gateway["ae_title"] or len(gateway["ae_title"]) > 15:
        found.append("AE title")
    found += [f"id {i}" for i in ids if not re.fullmatch(r"[a-zA-Z0-9_-]{1,50}", i)]
    goals = Counter(d["name"] for t in tasks for d in t["task_destinations"])
    found += [f"converging on {name}" for name, times in goals.items() if times > 1]
    if goals[ids[0]] or len(set(ids)) < len(ids):
        found.append("root or ids")
    found += [f"nothing leads to {i}" for i in ids[1:] if not goals[i]]
    found += [f"{name} is nowhere" for name in goals.keys() - set(ids)]
    for task in tasks:
        found += task_faults(task, {t["id"]: t for t in tasks}, gateway)
    return found


def task_faults(task, tasks, gateway):
    """Of one task, by its type."""
    name, args = task["id"], task["args"]
    if task["type"] not in TYPES:
        return [f"{name}: type"]
    found = [f"{name}: {d['name']} is no destination" for d in task["export_destinations"]
             if d["name"] not in gateway["export_destinations"]]  # fmt: skip
    inputs = task.get("artifacts", {}).get("input", [])
    if task["type"] != "router" and not (inputs and all(i["name"] and i["value"] for i in inputs)):
        found.append(f"{name}: input")
    if task["type"] == "export" and not task["export_destinations"]:
        found.append(f"{name}: no destination")
    if task["type"] == "argo" and not (
        "workflow_template_name" in args and args.keys() <= ARGO_ARGUMENTS
    ):
        found.append(f"{name}: argo arguments")
    if task["type"] == "docker":
        artifacts = [*inputs, *task["artifacts"]["output"]]
        missing = (DOCKER_ARGUMENTS | {a["name"] for a in artifacts}) - args.keys()
        found += [f"{name}: {key}" for key in sorted(missing)]
    if task["type"] == "aide_clinical_review":
        found += review_faults(task, tasks)
    return found


def review_faults(task, tasks):
    """A review concerns one Argo task, and takes artifacts of no other."""
    args = task["args"]
    found = [f"{task['id']}: {key}" for key in sorted(REVIEW_ARGUMENTS - args.keys())]
    if args.get("mode") not in {"QA", "Research", "Clinical"}:
        found.append(f"{task['id']}: what mode")
    if args.get("notifications") not in {"true", "false"}:
        found.append(f"{task['id']}: what notifications")
    if tasks[args["reviewed_task_id"]]["type"] not in {"argo", "remote_app_execution"}:
        found.append(f"{task['id']}: what it reviews")
    for artifact in task["artifacts"]["input"]:
        value = artifact["value"]
        if "context.input.dicom" not in value and value.split(".")[2] != args["reviewed_task_id"]:
            found.append(f"{task['id']}: input {artifact['name']}")
    return found


@pytest.mark.parametrize("name", WORKFLOWS)
def test_the_workflow_would_be_accepted(name):
    assert faults(read(name)) == []


def task(workflow, name):
    [found] = [t for t in workflow["tasks"] if t["id"] == name]
    return found


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (lambda w: w.update(name="a-name-that-is-too-long"), "name or version"),
        (lambda w: w["informatics_gateway"].update(ae_title="SIXTEEN-LETTERS-"), "AE title"),
        (lambda w: task(w, "cmr").update(type="argos"), "cmr: type"),
        (lambda w: task(w, "cmr")["args"].update(memory_gb="4"), "cmr: argo arguments"),
        (lambda w: task(w, "cmr")["artifacts"].update(input=[]), "cmr: input"),
        (lambda w: task(w, "cmr").update(task_destinations=[]), "nothing leads to review"),
        (
            lambda w: task(w, "cmr")["task_destinations"].append({"name": "export"}),
            "converging on export",
        ),
        (lambda w: task(w, "review")["args"].update(reviewed_task_id="router"),
         "review: what it reviews"),
        (lambda w: task(w, "review")["args"].update(notifications="on"),
         "review: what notifications"),
        (lambda w: task(w, "export")["export_destinations"][0].update(name="X"),
         "export: X is no destination"),
    ],
)  # fmt: skip
def test_a_spoilt_workflow_would_not(spoil, fault):
    workflow = read(WORKFLOWS[0])
    spoil(workflow)
    assert fault in faults(workflow)


def test_the_task_and_the_template_name_the_same_artifacts():
    """The manager replaces the storage of artifacts of the same name; each becomes a secret."""
    argo = task(read(WORKFLOWS[0]), "cmr")
    content = read("workflow_manager/cmr-map-template.yaml")
    assert argo["args"]["workflow_template_name"] == content["metadata"]["name"]
    [template] = content["spec"]["templates"]
    for way in ("input", "output"):
        names = [a["name"] for a in argo["artifacts"][way]]
        assert names == [a["name"] for a in template[f"{way}s"]["artifacts"]]
        assert all(re.fullmatch(r"[a-z0-9-]+", name) for name in names)


def test_every_result_is_mandatory():
    for name in WORKFLOWS:
        for one in read(name)["tasks"]:
            for artifacts in one.get("artifacts", {}).values():
                assert all(a["mandatory"] is True for a in artifacts)


def test_the_review_of_aide_is_the_one_in_the_workflow():
    assert read("aide/review-task.json") == task(read(WORKFLOWS[0]), "review")


def test_conditions_ask_for_what_the_application_writes():
    """The manager makes text of a value: ``True``, compared without regard to case."""
    conditions = [c for d in task(read(WORKFLOWS[0]), "cmr")["task_destinations"]
                  for c in d["conditions"]]  # fmt: skip
    [(key, value)] = [
        re.fullmatch(r"\{\{ context\.executions\.cmr\.result\.(\w+) \}\} == '(\w+)'", c).groups()
        for c in conditions
    ]
    good = json.loads(json.dumps(outcome.success([study_results(cine_results())])))
    bad = json.loads(json.dumps(outcome.failure(NoApplicableSeries("No cine."))))
    assert str(good[key]).lower() == value
    assert str(bad[key]).lower() != value


@pytest.fixture
def docker_run(tmp_path):
    """What the Docker plug-in makes of the task, with another entry point in place of ours."""
    args = task(read(WORKFLOWS[1]), "cmr")["args"]
    source, output = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    output.mkdir()
    folders = {"HOLOSCAN_INPUT_PATH": str(source), "HOLOSCAN_OUTPUT_PATH": str(output)}
    assert {f"env_{name}" for name in folders} == {a for a in args if a.startswith("env_")}

    def run(entry):
        # The plug-in splits at commas, whatever stands between them.
        call = [*args["entrypoint"].split(","), *args["command"].split(",")]
        done = subprocess.run(
            [part.replace(ENTRY, entry) for part in call],
            cwd=ROOT,
            env=os.environ | folders,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        return done, output

    return run


def test_the_docker_plug_in_finds_nothing_after_a_failure(docker_run, tmp_path):
    """It takes any end for success; an empty mandatory output is what stops it."""
    (tmp_path / "in" / "1.dcm.json").write_text("{}")
    done, output = docker_run(f"{sys.executable} -m app -l ERROR")
    assert done.returncode == 3
    assert done.stderr.startswith("error: NothingReadable: ")
    assert list(output.iterdir()) == []


def test_the_docker_plug_in_finds_the_results_of_a_good_run(docker_run):
    written = "touch out/metadata.json out/sr.dcm"
    done, output = docker_run(written.replace("out/", '"$HOLOSCAN_OUTPUT_PATH"/'))
    assert (done.returncode, done.stderr) == (0, "")
    assert files(output) == [METADATA, "sr.dcm"]
