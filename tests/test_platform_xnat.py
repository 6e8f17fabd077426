"""XNAT: the rules that its container service holds a command to, told again from its code."""

import re

import pytest

from tests.platform_support import read

pytestmark = pytest.mark.requirement("NBR-03")

# Keys of its Command; Jackson refuses any other.
COMMAND = {"name", "label", "description", "version", "schema-version", "type", "image",
           "command-line", "override-entrypoint", "environment-variables", "mounts", "inputs",
           "outputs", "reserve-memory", "limit-memory", "limit-cpu", "network", "xnat"}  # fmt: skip


def faults(command):
    """What ``Command.validate`` of the container service finds, for the parts used here."""
    mounts = [m["name"] for m in command["mounts"]]
    outputs = [o["name"] for o in command["outputs"]]
    found = [] if re.fullmatch(r".+:[a-zA-Z0-9_.-]+", command["image"]) else ["image without tag"]
    if command["type"] != "docker" or not command["name"]:
        found.append("type or name")
    found += [f"{n} twice" for names in (mounts, outputs) for n in set(names) if names.count(n) > 1]
    found += [f"mount {o['mount']}" for o in command["outputs"] if o["mount"] not in mounts]
    found += [f"name {o}" for o in outputs if re.search(r"[^A-Za-z0-9_-]", o)]
    for wrapper in command["xnat"]:
        inputs = {i["name"] for i in wrapper["external-inputs"]}
        handled = {h["accepts-command-output"] for h in wrapper["output-handlers"]}
        found += [f"output {name} is not handled" for name in set(outputs) - handled]
        found += [f"unknown output {name}" for name in handled - set(outputs)]
        found += [f"child of {h['as-a-child-of']}" for h in wrapper["output-handlers"]
                  if h["as-a-child-of"] not in inputs]  # fmt: skip
    return found


def test_the_command_would_be_accepted():
    command = read("xnat/command.json")
    assert command.keys() <= COMMAND
    assert faults(command) == []


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (lambda c: c.update(image="cmr-map"), "image without tag"),
        (lambda c: c["outputs"][0].update(mount="x"), "mount x"),
        (lambda c: c["xnat"][0].update({"output-handlers": []}), "output results is not handled"),
        (lambda c: c["xnat"][0]["output-handlers"][0].update({"as-a-child-of": "scan"}),
         "child of scan"),
    ],
)  # fmt: skip
def test_a_spoilt_command_would_not(spoil, fault):
    command = read("xnat/command.json")
    spoil(command)
    assert faults(command) == [fault]


def test_the_session_is_read_only_and_goes_where_the_application_looks():
    command = read("xnat/command.json")
    mounts = {m["name"]: m for m in command["mounts"]}
    [wrapper] = command["xnat"]
    [session] = wrapper["external-inputs"]
    source = mounts[session["provides-files-for-command-mount"]]
    target = mounts[command["outputs"][0]["mount"]]
    assert (source["writable"], target["writable"]) == (False, True)
    env = command["environment-variables"]
    assert env["HOLOSCAN_INPUT_PATH"] == source["path"]
    assert env["HOLOSCAN_OUTPUT_PATH"] == target["path"]
