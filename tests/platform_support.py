"""What the platform tests share: the shipped files, and what ``app.yaml`` says they have to say."""

import json
from pathlib import Path

import yaml

from app.settings import load_settings
from tests.conftest import ROOT

DEPLOY = ROOT / "deploy"
SETTINGS = load_settings(ROOT / "app.yaml")
VERSION = SETTINGS.application.version
IMAGE = f"cmr-map:{VERSION}"
# Where the image has its entry point, for platforms that have to be told a command.
ENTRY = "/var/holoscan/tools"
CLUSTER_FILES = (
    "kubernetes/job.yaml",
    "argo/cohort.yaml",
    "workflow_manager/cmr-map-template.yaml",
)
JSON_FILES = (
    "workflow_manager/cmr-map.json",
    "workflow_manager/cmr-map-docker.json",
    "aide/review-task.json",
    "mercure/module.json",
    "mercure/rule.json",
    "kaapana/processing-container.json",
    "xnat/command.json",
)


def read(relative: str) -> dict:
    """One shipped file, JSON or YAML."""
    text = (DEPLOY / relative).read_text(encoding="utf-8")
    return yaml.safe_load(text) if relative.endswith(".yaml") else json.loads(text)


def values(content: object, key: str) -> list:
    """Every value that stands under ``key``, at any depth."""
    if isinstance(content, list):
        return [found for item in content for found in values(item, key)]
    if not isinstance(content, dict):
        return []
    below = [found for item in content.values() for found in values(item, key)]
    return [content[key], *below] if key in content else below


def files(folder: Path) -> list[str]:
    """Names of all files below a folder."""
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
