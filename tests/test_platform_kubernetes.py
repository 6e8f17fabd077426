"""Kubernetes' own schemas, strict: an unknown key is an error. No cluster is needed."""

import copy

import kubernetes_validate
import pytest

from tests.platform_support import read

pytestmark = pytest.mark.requirement("NBR-02")

# Pod failure policies are stable since 1.31.
VERSIONS = ("1.31", "1.37")


def valid(manifest, version):
    kubernetes_validate.validate(manifest, version, strict=True)


def pod(spec, template):
    """The pod that Argo makes of a template: its container, its volumes, its user."""
    container = {"name": "main", **(template.get("container") or template["script"])}
    container.pop("source", None)
    for mount in container["volumeMounts"]:
        assert mount["name"] in {v["name"] for v in [*spec, *template.get("volumes", [])]}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": template["name"]},
        "spec": {
            "containers": [container],
            "volumes": [*spec, *template.get("volumes", [])],
            "securityContext": template["securityContext"],
        },
    }


def pods(name):
    """Every pod of one shipped file."""
    content = read(name)
    if content["kind"] == "Job":
        made = content["spec"]["template"]
        return [{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "job"}, **made}]
    spec = content["spec"]
    shared = {"securityContext": spec.get("securityContext")}
    return [
        pod(spec.get("volumes", []), {**shared, **template})
        for template in spec["templates"]
        if "container" in template or "script" in template
    ]


PODS = [
    (name, made)
    for name in (
        "kubernetes/job.yaml",
        "argo/cohort.yaml",
        "workflow_manager/cmr-map-template.yaml",
    )
    for made in pods(name)
]


@pytest.mark.parametrize("version", VERSIONS)
def test_the_job_is_valid(version):
    valid(read("kubernetes/job.yaml"), version)


def test_a_misspelt_key_is_found():
    """Else the tests around this one would prove nothing."""
    job = copy.deepcopy(read("kubernetes/job.yaml"))
    context = job["spec"]["template"]["spec"]["securityContext"]
    context["runAsNonroot"] = context.pop("runAsNonRoot")
    with pytest.raises(kubernetes_validate.ValidationError, match="runAsNonroot"):
        valid(job, VERSIONS[-1])


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(("name", "made"), PODS, ids=lambda x: x if isinstance(x, str) else "")
def test_every_pod_is_valid(name, made, version):
    valid(made, version)


@pytest.mark.parametrize(("name", "made"), PODS, ids=lambda x: x if isinstance(x, str) else "")
def test_every_pod_keeps_the_restricted_standard(name, made):
    """The restricted Pod Security Standard, and a root file system that nobody writes."""
    user, [container] = made["spec"]["securityContext"], made["spec"]["containers"]
    assert user["runAsNonRoot"] is True
    assert user["runAsUser"] > 0
    assert user["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    kinds = {key for v in made["spec"]["volumes"] for key in v if key != "name"}
    assert kinds <= {"emptyDir", "persistentVolumeClaim"}


def test_the_job_writes_only_to_its_volumes_and_reads_the_studies_only():
    [made] = pods("kubernetes/job.yaml")
    [container] = made["spec"]["containers"]
    mounts = {m["name"]: m for m in container["volumeMounts"]}
    assert mounts["studies"]["readOnly"] is True
    env = {e["name"]: e["value"].replace("$(STUDY)", "s") for e in container["env"]}
    assert env["HOLOSCAN_INPUT_PATH"] == f"{mounts['studies']['mountPath']}/s"
    assert env["HOLOSCAN_OUTPUT_PATH"] == f"{mounts['results']['mountPath']}/s"
    assert mounts["tmp"]["mountPath"] == "/tmp"


def test_refusals_of_the_application_are_final():
    """Exit codes 2 to 6 come again with the same input; 1 and 7 may pass."""
    rules = read("kubernetes/job.yaml")["spec"]["podFailurePolicy"]["rules"]
    [final] = [r["onExitCodes"]["values"] for r in rules if r["action"] == "FailJob"]
    assert final == [2, 3, 4, 5, 6]
