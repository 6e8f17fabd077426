"""Argo's object model, as its Python client has it, and what the cohort template does."""

import json
import os
import subprocess
import sys

import pytest
from hera.workflows import models

from tests.platform_support import IMAGE, read

pytestmark = pytest.mark.requirement("NBR-02")

TEMPLATES = ("argo/cohort.yaml", "workflow_manager/cmr-map-template.yaml")


def lost(given, kept, path=""):
    """Paths of what the model did not take over: keys that Argo does not know."""
    if isinstance(given, dict) and isinstance(kept, dict):
        gone = [f"{path}.{key}" for key in given.keys() - kept.keys()]
        both = given.keys() & kept.keys()
        return gone + [f for key in both for f in lost(given[key], kept[key], f"{path}.{key}")]
    if isinstance(given, list) and isinstance(kept, list):
        assert len(given) == len(kept), path
        pairs = enumerate(zip(given, kept, strict=True))
        return [f for i, (a, b) in pairs for f in lost(a, b, f"{path}[{i}]")]
    return [] if str(given) == str(kept) else [f"{path}: {given} is {kept}"]


def taken_over(content):
    """What Argo's model makes of a template."""
    made = models.WorkflowTemplate.model_validate(content)
    return json.loads(made.model_dump_json(exclude_none=True, by_alias=True))


@pytest.mark.parametrize("name", TEMPLATES)
def test_argo_knows_every_key(name):
    content = read(name)
    assert (content["apiVersion"], content["kind"]) == (
        "argoproj.io/v1alpha1",
        "WorkflowTemplate",
    )
    assert lost(content, taken_over(content)) == []


def test_an_unknown_key_is_found():
    content = read(TEMPLATES[0])
    content["spec"]["paralelism"] = 3
    assert lost(content, taken_over(content)) == [".spec.paralelism"]


@pytest.mark.parametrize("name", TEMPLATES)
def test_names_lead_somewhere(name):
    spec = read(name)["spec"]
    there = {t["name"] for t in spec["templates"]}
    used = {t["template"] for d in spec["templates"] for t in d.get("dag", {}).get("tasks", [])}
    assert {spec["entrypoint"], *used} == there


def test_the_number_at_once_is_bounded_and_one_refusal_stops_no_other():
    spec = read("argo/cohort.yaml")["spec"]
    assert 1 <= spec["parallelism"] <= 16
    [dag] = [t["dag"] for t in spec["templates"] if "dag" in t]
    assert dag["failFast"] is False
    [measure] = [t for t in dag["tasks"] if t["name"] == "measure"]
    assert measure["withParam"] == "{{tasks.list.outputs.result}}"


@pytest.fixture
def listed(tmp_path):
    """The list step of the template, run on folders of the test."""
    studies, results = tmp_path / "studies", tmp_path / "results"
    studies.mkdir()
    results.mkdir()
    [script] = [t["script"] for t in read("argo/cohort.yaml")["spec"]["templates"] if "script" in t]
    assert (script["image"], script["command"]) == (IMAGE, ["python3"])

    def run(batch=500):
        values = {"STUDIES": str(studies), "RESULTS": str(results), "BATCH": str(batch)}
        assert {e["name"] for e in script["env"]} == values.keys()
        done = subprocess.run(
            [sys.executable, "-c", script["source"]],
            env={**os.environ, **values},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        return json.loads(done.stdout)

    return studies, results, run


def test_studies_are_listed_and_what_is_done_is_left_out(listed):
    studies, results, run = listed
    assert run() == []
    for name in ("b", "a", "done", "failed", "torn", ".snapshot"):
        (studies / name).mkdir()
    (studies / "notes.txt").write_text("no study")
    for name, text in (
        ("done", '{"inference_status": true}'),
        ("failed", '{"inference_status": false}'),
        ("torn", '{"inference_st'),
    ):
        (results / name).mkdir()
        (results / name / "metadata.json").write_text(text)
    assert run() == ["a", "b", "failed", "torn"]
    assert run(batch=2) == ["a", "b"]


def test_a_whole_batch_fits_into_argos_parameter(listed):
    """256 kB is the most that Argo takes from a step."""
    studies, _, run = listed
    [batch] = read("argo/cohort.yaml")["spec"]["arguments"]["parameters"]
    for number in range(int(batch["value"])):
        (studies / f"{number:0200d}").mkdir()
    assert len(json.dumps(run(int(batch["value"])))) < 256 * 1024
