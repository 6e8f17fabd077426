"""The shipped files say what ``app.yaml`` and the image say: name, version, resources, command."""

import json
import re
import shlex
from pathlib import Path

import pytest

from app.environment import INPUT, OUTPUT
from tests.conftest import ROOT, require
from tests.platform_support import (
    CLUSTER_FILES,
    DEPLOY,
    ENTRY,
    IMAGE,
    JSON_FILES,
    SETTINGS,
    VERSION,
    read,
    values,
)

pytestmark = pytest.mark.requirement("NBR-01", "NBR-02", "NBR-03")

FOLDERS = ("aide", "argo", "kaapana", "kubernetes", "mercure", "workflow_manager", "xnat")
WITH_IMAGE = (
    *CLUSTER_FILES,
    "workflow_manager/cmr-map-docker.json",
    "mercure/module.json",
    "xnat/command.json",
)


def test_every_shipped_file_is_tested():
    there = {
        p.relative_to(DEPLOY).as_posix()
        for folder in FOLDERS
        for p in (DEPLOY / folder).iterdir()
        if p.suffix in {".json", ".yaml"}
    }
    assert there == {*CLUSTER_FILES, *JSON_FILES}


@pytest.mark.parametrize("name", WITH_IMAGE)
def test_the_image_is_that_of_app_yaml(name):
    content = read(name)
    named = [found for key in ("image", "container_image", "docker_tag")
             for found in values(content, key)]  # fmt: skip
    assert named
    assert set(named) == {IMAGE}


@pytest.mark.parametrize("name", [*CLUSTER_FILES, *JSON_FILES])
def test_no_other_version_is_named(name):
    content = read(name)
    labels = values(content, "app.kubernetes.io/version")
    said = {*values(content, "application_version"), *labels}
    if "workflow_manager" in name or "xnat" in name:
        said |= {v for v in values(content, "version") if v}
    assert said <= {VERSION}


@pytest.mark.parametrize("name", CLUSTER_FILES)
def test_resources_in_the_cluster_are_those_of_app_yaml(name):
    wanted = SETTINGS.resources
    containers = [c for c in values(read(name), "container") if isinstance(c, dict)]
    containers += [c for group in values(read(name), "containers") for c in group]
    assert containers
    for container in containers:
        same = {"cpu": str(wanted.cpu), "memory": wanted.memory}
        assert container["resources"] == {"requests": same, "limits": same}
    memory = [v for v in values(read(name), "emptyDir") if v.get("medium") == "Memory"]
    assert [v["sizeLimit"] for v in memory] == [wanted.shared_memory]


def test_resources_elsewhere_are_those_of_app_yaml():
    wanted = SETTINGS.resources
    assert wanted.memory == "4Gi"
    kaapana = read("kaapana/processing-container.json")["templates"][0]["resources"]
    assert kaapana["limits"] == {"cpu": str(wanted.cpu), "memory": wanted.memory}
    xnat = read("xnat/command.json")
    assert (xnat["limit-memory"], xnat["limit-cpu"]) == (4 * 1024, wanted.cpu)  # in MB
    docker = json.loads(read("mercure/module.json")["docker_arguments"])
    # Docker's period is 100 ms.
    assert docker == {"mem_limit": "4g", "cpu_quota": wanted.cpu * 100_000}


def test_commands_name_the_entry_point_of_the_image():
    commands = [
        command
        for name in CLUSTER_FILES
        for command in values(read(name), "command")
        if command != ["python3"]
    ]
    assert commands == [[ENTRY], [ENTRY]]
    assert read("xnat/command.json")["command-line"] == ENTRY
    [docker] = values(read("workflow_manager/cmr-map-docker.json"), "command")
    assert shlex.split(docker)[0] == ENTRY


def test_the_image_has_that_entry_point():
    dockerfile = ROOT / "Dockerfile"
    require(dockerfile.exists(), "the Dockerfile")
    lines = re.findall(r"^ENTRYPOINT (.*)$", dockerfile.read_text(encoding="utf-8"), re.M)
    assert json.loads(lines[-1]) == [ENTRY]


@pytest.mark.parametrize("folder", [INPUT, OUTPUT])
def test_the_image_sets_the_folders_that_count_last(folder):
    dockerfile = ROOT / "Dockerfile"
    require(dockerfile.exists(), "the Dockerfile")
    text = dockerfile.read_text(encoding="utf-8")
    [value] = re.findall(rf"\b{folder.packaged}=(\S+)", text)
    assert Path(value) == folder.packaged_value


def test_the_page_names_every_variable():
    page = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
    for folder in (INPUT, OUTPUT):
        for name in (folder.packaged, *folder.platforms, str(folder.packaged_value)):
            assert f"`{name}`" in page
    assert f"`{IMAGE}`" in page


@pytest.mark.parametrize("name", FOLDERS)
def test_every_platform_has_a_page_that_says_what_this_is_not(name):
    page = (DEPLOY / name / "README.md").read_text(encoding="utf-8")
    assert "research use only" in page.lower()
    for shipped in (p for p in (DEPLOY / name).iterdir() if p.suffix in {".json", ".yaml", ".sh"}):
        assert shipped.name in page
