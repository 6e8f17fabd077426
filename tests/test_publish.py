import errno
import json
import os
from contextlib import nullcontext
from pathlib import Path

import pytest

from app.publish import METADATA, publish, staging_folder, withdraw
from cmr.errors import OutputError

pytestmark = pytest.mark.requirement("CINE-32")

OWN = {"application": "cmr-map"}


def tree(folder):
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def fill(folder, names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)


def test_nothing_stays_when_the_block_fails(tmp_path):
    def failing():
        with staging_folder(tmp_path / "o") as folder:
            fill(folder, ["half.dcm"])
            raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        failing()
    assert list((tmp_path / "o").iterdir()) == []


def test_leftovers_of_a_killed_run_are_removed(tmp_path):
    fill(tmp_path, [".cmr-map-partial-1/x.dcm"])
    with staging_folder(tmp_path) as folder:
        assert [p.name for p in tmp_path.iterdir()] == [folder.name]


def test_an_output_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "o").write_text("")
    with pytest.raises(OutputError, match="cannot be written"), staging_folder(tmp_path / "o"):
        pass


def test_published_files_are_listed(tmp_path):
    with staging_folder(tmp_path) as folder:
        fill(folder, ["results.json", "1.2/a.dcm"])
        publish(folder, tmp_path, OWN)
    assert tree(tmp_path) == ["1.2/a.dcm", METADATA, "results.json"]
    assert json.loads((tmp_path / METADATA).read_text())["files"] == ["1.2/a.dcm", "results.json"]


def test_a_second_run_replaces_the_first_and_leaves_other_files(tmp_path):
    fill(tmp_path, ["mine.txt"])
    for names in (["results.json", "1.2/a.dcm"], ["results.json", "b.dcm"]):
        with staging_folder(tmp_path) as folder:
            fill(folder, names)
            publish(folder, tmp_path, OWN)
    assert tree(tmp_path) == ["b.dcm", METADATA, "mine.txt", "results.json"]


def test_files_and_names_are_on_the_disk_before_they_are_listed(tmp_path, monkeypatch):
    """Else a power cut leaves metadata.json beside files of no length."""
    done = []
    fsync, replace = os.fsync, Path.replace

    def synced(descriptor):
        done.append(("disk", Path(f"/proc/self/fd/{descriptor}").readlink().name))
        fsync(descriptor)

    def moved(path, target):
        done.append(("move", target.name))
        return replace(path, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "replace", moved)
    with staging_folder(tmp_path) as folder:
        fill(folder, ["results.json", "1.2/a.dcm"])
        publish(folder, tmp_path, OWN)
    order = {step: n for n, step in enumerate(done)}
    listed = order["move", METADATA]
    for name, parent in (("results.json", tmp_path.name), ("a.dcm", "1.2")):
        assert order["disk", name] < order["move", name] < order["disk", parent] < listed
    assert order["disk", f"{METADATA}.partial"] < listed


@pytest.mark.parametrize(("number", "told"), [(errno.EINVAL, False), (errno.EIO, True)])
def test_a_disk_that_cannot_wait_is_no_fault_and_one_that_fails_is(
    number, told, tmp_path, monkeypatch
):
    def fsync(_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fsync)
    fails = pytest.raises(OutputError, match="Input/output error") if told else nullcontext()
    with staging_folder(tmp_path) as folder:
        fill(folder, ["results.json"])
        with fails:
            publish(folder, tmp_path, OWN)
    assert (METADATA in tree(tmp_path)) is not told


@pytest.mark.parametrize(
    "content",
    [
        {"application": "cmr-map", "files": ["../outside.txt", "/etc/hostname", 3]},
        {"application": "other", "files": ["keep.txt"]},
        {"application": "cmr-map", "files": "keep.txt"},
        [],
    ],
)
def test_a_forged_list_removes_nothing(tmp_path, content):
    output = tmp_path / "o"
    output.mkdir()
    fill(output, ["keep.txt"])
    fill(tmp_path, ["outside.txt"])
    (output / METADATA).write_text(json.dumps(content))
    withdraw(output)
    assert tree(tmp_path) == ["o/keep.txt", "outside.txt"]
