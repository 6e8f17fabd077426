"""Inputs that are large or odd as a whole: counts, names, paths, pipes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from pydicom import dcmread

from app.main import main
from dicomio.haematocrit import SIDE_FILE, stated_haematocrit
from dicomio.index import index_input
from dicomio.patient import PatientIdentity, count_patients
from dicomio.patient_study import read_patient_study
from tests.conftest import ROOT
from tests.dicom_factory import READER, header, uid, write

pytestmark = pytest.mark.requirement("TRU-06")

COUNT = """
import json, resource, sys
from pathlib import Path
from dicomio.index import index_input
from dicomio.selection import select
from tests.dicom_factory import READER, SELECTION
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
before = peak()
index = index_input(Path(sys.argv[1]), READER)
decisions = [d for study in index.studies for d in select(study, SELECTION).decisions]
count = index.count
print(json.dumps({"files": count.files, "images": count.images, "copies": count.duplicates,
                  "skipped": len(count.skipped), "peak": peak() - before,
                  "decided": sum(d.images for d in decisions)}))
"""


@pytest.mark.slow
def test_twenty_thousand_files_are_all_counted(tmp_path: Path) -> None:
    """18,000 images in 18 series, 1,000 copies, 1,000 other files; killed if it takes minutes."""
    template = write(header(), tmp_path / "template").read_bytes()
    (tmp_path / "template").unlink()
    instance, series = uid("instance").encode(), uid("series").encode()
    for number in range(18000):
        folder = tmp_path / f"SE{number // 1000}"
        folder.mkdir(exist_ok=True)
        own = instance[:-5] + b"%05d" % number
        content = template.replace(instance, own).replace(
            series, series[:-2] + b"%02d" % (number // 1000)
        )
        (folder / f"IM{number}").write_bytes(content)
        if number < 1000:
            (tmp_path / f"COPY{number}").write_bytes(content)
            (tmp_path / f"{number}.txt").write_text("text")
    done = subprocess.run(
        [sys.executable, "-c", COUNT, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=590,
        check=True,
    )
    told = json.loads(done.stdout)
    peak = told.pop("peak")
    assert told == {
        "files": 20000,
        "images": 18000,
        "copies": 1000,
        "skipped": 1000,
        "decided": 18000,
    }
    assert peak < 400


@pytest.mark.parametrize(
    ("character_set", "name"),
    [
        ("ISO_IR 192", "Müller^Jürgen=王^小東=おう"),
        ("ISO_IR 100", "Ångström^Zoë"),
        ("ISO_IR 144", "Люкceмбypг"),
        (["", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎=やまだ^たろう"),
        (["", "ISO 2022 IR 149"], "Hong^Gildong=洪^吉洞=홍^길동"),
        ("GB18030", "Wang^XiaoDong=王^小东"),
    ],
)
def test_names_of_every_script_come_back_and_stay_out_of_paths(
    tmp_path: Path, character_set: object, name: str
) -> None:
    ds = header(SpecificCharacterSet=character_set, PatientName=name)
    path = write(ds, tmp_path / name.replace("^", " ") / "IM1")
    (path.parent / f"{name[:4]}.bin").write_text("x")
    (tmp_path / os.fsdecode(b"\xff\xfe\x80.bin")).write_text("x")
    count = index_input(tmp_path, READER).count
    assert (count.images, count.files) == (1, 3)
    shown = json.dumps([s.model_dump() for s in count.skipped])
    assert not any(part in shown for part in name.replace("=", "^").split("^"))
    study = read_patient_study(path)
    assert str(study.attributes.PatientName) == str(dcmread(path).PatientName) == name


@pytest.mark.parametrize("keyword", ["StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"])
@pytest.mark.parametrize("text", ["../../escaped", "/etc/passwd", "1.2/../3", "1.2\n3", "1" * 65])
def test_what_is_no_uid_is_no_image(tmp_path: Path, keyword: str, text: str) -> None:
    write(header(**{keyword: text}), tmp_path / "in" / "IM1")
    write(header(SOPInstanceUID=uid("good")), tmp_path / "in" / "IM2")
    count = index_input(tmp_path / "in", READER).count
    assert count.images == 1
    [skipped] = count.skipped
    assert skipped.reason.startswith("missing or unusable: S")
    assert "escaped" not in skipped.reason


def test_a_run_on_paths_for_uids_writes_nothing_but_its_report(tmp_path: Path) -> None:
    study = tmp_path / "a" / "b" / "in"
    for number in range(3):
        ds = header(StudyInstanceUID="../../../escaped", SOPInstanceUID=uid(str(number)))
        write(ds, study / f"..{number}")
    before = sorted(tmp_path.rglob("*"))
    assert main(["-i", str(study), "-o", str(tmp_path / "a" / "out"), "-l", "ERROR"]) == 3
    new = set(tmp_path.rglob("*")) - set(before)
    assert new == {tmp_path / "a" / "out", tmp_path / "a" / "out" / "metadata.json"}


@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_the_side_file_is_a_file(tmp_path: Path, kind: str) -> None:
    secret = tmp_path / "elsewhere.json"
    secret.write_text('{"haematocrit": 0.42}')
    folder = tmp_path / "in"
    folder.mkdir()
    if kind == "link":
        (folder / SIDE_FILE).symlink_to(secret)
    else:
        os.mkfifo(folder / SIDE_FILE)
    assert stated_haematocrit(folder, "1.2.3", (), None).fraction is None


def test_devices_are_counted_and_not_read(tmp_path: Path) -> None:
    write(header(), tmp_path / "IM1")
    try:
        os.mknod(tmp_path / "IM2", 0o600 | 0o020000, os.makedev(1, 5))  # /dev/zero has no end
    except PermissionError:
        pytest.skip("the right to make a device is not given here")
    count = index_input(tmp_path, READER).count
    assert (count.files, count.images) == (2, 1)
    assert [s.reason for s in count.skipped] == ["not a regular file"]


def test_more_spellings_than_a_patient_has_are_several_patients() -> None:
    """Each would be compared with each: 20,000 of them made 200 million comparisons."""
    known = [PatientIdentity("id", "", ("doe", f"{n}"), "19600102") for n in range(201)]
    assert count_patients(known[:200]) == 1
    assert count_patients(known) == 2
