"""Kaapana: the container's self-description, by the fields of its task API, and the classic loop.

The fields are told again from Kaapana's models, whose licence keeps them out of here.
"""

import os
import re
import subprocess

import pytest

from tests.platform_support import DEPLOY, ENTRY, SETTINGS, files, read

pytestmark = pytest.mark.requirement("NBR-03")

CONTAINER = {"name", "description", "api_version", "templates"}
TEMPLATE = {"identifier", "description", "inputs", "outputs", "env", "resources"}
CHANNEL = {"name", "mounted_path", "description"}


def test_the_fields_are_those_of_the_task_api():
    content = read("kaapana/processing-container.json")
    assert content.keys() == CONTAINER
    assert content["api_version"] == 1
    [template] = content["templates"]
    assert template.keys() == TEMPLATE
    for channel in (*template["inputs"], *template["outputs"]):
        assert channel.keys() == CHANNEL
        # It becomes the name of a volume: vol-NAME.
        assert re.fullmatch(r"[a-z0-9-]{1,50}", channel["name"])
    for variable in template["env"]:
        assert variable.keys() == {"name", "value", "description"}
        assert isinstance(variable["value"], str)


def test_what_is_mounted_is_what_the_application_is_told():
    [template] = read("kaapana/processing-container.json")["templates"]
    env = {v["name"]: v["value"] for v in template["env"]}
    [source], [target] = template["inputs"], template["outputs"]
    assert env["HOLOSCAN_INPUT_PATH"] == source["mounted_path"]
    assert env["HOLOSCAN_OUTPUT_PATH"] == target["mounted_path"]


def test_memory_is_written_as_kaapana_reads_it():
    """It reads both, and multiplies them: a number and a unit."""
    [template] = read("kaapana/processing-container.json")["templates"]
    for kind in ("requests", "limits"):
        memory = template["resources"][kind]["memory"]
        assert re.fullmatch(r"-?\d+(?:\.\d+)?(Ki|Mi|Gi|Ti)", memory)
        assert memory == SETTINGS.resources.memory


@pytest.fixture
def batch(tmp_path):
    """The classic loop over a batch, with a stand-in that refuses what holds no ``good``."""
    tools = tmp_path / "tools"
    tools.write_text(
        "#!/bin/sh\n"
        '[ "$1" = -i ] && [ "$3" = -o ] && [ $# -eq 4 ] || exit 2\n'
        'mkdir -p "$4"\n'
        'if [ -e "$2/good" ]; then touch "$4/results.json"; else exit 5; fi\n'
    )
    tools.chmod(0o755)
    text = (DEPLOY / "kaapana" / "operator.sh").read_text(encoding="utf-8")
    assert text.count(ENTRY) == 1
    (tmp_path / "operator.sh").write_text(text.replace(ENTRY, str(tools)))
    folder = tmp_path / "data" / "batch"

    def run(**items):
        for name, names in items.items():
            (folder / name / "get-input").mkdir(parents=True)
            for one in names:
                (folder / name / "get-input" / one).touch()
        env = {"PATH": os.environ["PATH"], "WORKFLOW_DIR": str(tmp_path / "data"),
               "BATCH_NAME": "batch", "OPERATOR_IN_DIR": "get-input",
               "OPERATOR_OUT_DIR": "cmr-map"}  # fmt: skip
        done = subprocess.run(["sh", str(tmp_path / "operator.sh")], env=env, timeout=60,
                              capture_output=True, text=True, check=False)  # fmt: skip
        return done, folder

    return run


def test_the_loop_takes_every_item(batch):
    done, folder = batch(a=["good"], b=["good"])
    assert (done.returncode, done.stderr) == (0, "")
    assert [n for n in files(folder) if "cmr-map" in n] == [
        "a/cmr-map/results.json",
        "b/cmr-map/results.json",
    ]


def test_the_loop_goes_on_after_a_refusal_and_says_so_at_the_end(batch):
    done, folder = batch(a=["bad"], b=["good"])
    assert done.returncode == 5
    assert (folder / "b" / "cmr-map" / "results.json").exists()


def test_a_batch_without_items_is_no_success(batch):
    done, _ = batch()
    assert done.returncode == 3
