"""The built image, run as a platform would. `make image image-test`; docs/image.md.

R1, R9, R10, R11: one OCI image that runs by itself. R4, R29: nothing to test (text; no fragments).
"""

import json
import os
import re
import resource
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import numpy as np
import pydicom
import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from PIL import Image

from app.parts import IMAGE_VERSION
from app.settings import load_settings
from deploy.manifests import ENVIRONMENT, app_manifest, pkg_manifest
from phantom.mapping_settings import MappingSettings, Protocol
from phantom.scar_settings import SCAR_PRESETS
from phantom.settings import PhantomSettings
from phantom.study import write_study
from tests.application_run import Run, run_app
from tests.conftest import ROOT, tool

IMAGE = os.environ.get("CMR_MAP_IMAGE", "")
ENGINE = os.environ.get("ENGINE") or "docker"
pytestmark = pytest.mark.skipif(not IMAGE, reason="`make image-test` names the image to test")

UID = "12345:12345"
LOCKED = [
    *("--network", "none", "--read-only", "--tmpfs", "/tmp:rw,nosuid,nodev,size=512m,mode=1777"),
    *("--user", UID, "--cap-drop", "all", "--security-opt", "no-new-privileges"),
    *("--memory", "4g", "--pids-limit", "512", "--env", "HOME="),
]
WHEN = (
    *("InstanceCreationDate", "InstanceCreationTime", "SeriesDate", "SeriesTime"),
    *("ContentDate", "ContentTime", "ContributionDateTime"),
)
# Runs the entry point as it stands, then tells the processor time of all that it started.
TIMED = "/var/holoscan/tools; code=$?; times; exit $code"
# One mapping acquisition keeps it short; every package of the image is used all the same.
STUDY = PhantomSettings(
    seed=3,
    phases=10,
    slices=6,
    matrix=(144, 160),
    pixel_spacing_mm=(1.8, 1.8),
    decoys=False,
    mapping=MappingSettings(protocols=(Protocol.T2_PREP,)),
    scar=SCAR_PRESETS["transmural"],
)


def engine(*words: object, limit_s: int = 900) -> subprocess.CompletedProcess[str]:
    command = [tool(ENGINE), *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=limit_s, check=False)


def container(*options: object, words: tuple[object, ...] = ()):
    """Run the image, locked in, and remove the container."""
    only_podman = ["--read-only-tmpfs=false"] if ENGINE == "podman" else []
    return engine("run", "--rm", "--pull", "never", *only_podman, *LOCKED, *options, IMAGE, *words)


def measure(source: Path, output: Path, *options: object, words: tuple[object, ...] = ()) -> Run:
    """Run it on a study; the input is mounted for reading alone."""
    output.mkdir(exist_ok=True)
    output.chmod(0o777)
    mounts = ["-v", f"{source}:/var/holoscan/input:ro"]
    if not any("/var/holoscan/output" in str(option) for option in options):
        mounts += ["-v", f"{output}:/var/holoscan/output"]
    done = container(*mounts, *options, words=words)
    return Run(done.returncode, done.stdout, done.stderr, output)


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("image") / "study"
    write_study(folder, STUDY)
    return folder


@dataclass(frozen=True)
class Both:
    """The same study inside and outside."""

    inside: Run
    outside: Run


@pytest.fixture(scope="module")
def both(study, tmp_path_factory) -> Both:
    """Inside first: then the files of the study are not read into the cache for its sake."""
    folder = tmp_path_factory.mktemp("runs")
    began = time.monotonic()
    inside = measure(study, folder / "in", "--entrypoint", "/bin/sh", words=("-c", TIMED))
    middle, before = time.monotonic(), processor_s()
    # The one thing that a run outside cannot know by itself.
    with mock.patch.dict(os.environ, {IMAGE_VERSION: IMAGE.rpartition(":")[2]}):
        outside = run_app(study, folder / "out")
    ended, after = time.monotonic(), processor_s()
    for run in (inside, outside):
        assert run.code == 0, run.stdout + run.stderr
    minutes = re.findall(r"(\d+)m([\d.]+)s", inside.stdout)[-2:]
    spent = sum(60 * int(m) + float(s) for m, s in minutes)
    print(
        f"\nstart to result: {middle - began:.1f} s in the image, {ended - middle:.1f} s outside, "
        f"ratio {(middle - began) / (ended - middle):.2f}; processor time {spent:.1f} s and "
        f"{after - before:.1f} s, ratio {spent / (after - before):.2f}"
    )
    return Both(inside, outside)


def processor_s() -> float:
    """Processor time of all ended children of this process."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@pytest.mark.requirement("PKG-03")
def test_everything_is_measured_in_the_image(both):
    """R6: without arguments it runs the application, on its standard folders."""
    results = both.inside.results
    assert results.cine
    assert results.mapping
    assert results.scar


@pytest.mark.requirement("PKG-04")
def test_numbers_and_files_are_those_of_a_run_outside(both):
    assert both.inside.files() == both.outside.files()
    for name in ("results.json", "result.json", "metadata.json"):
        found, expected = [
            json.loads((run.output / name).read_text()) for run in (both.inside, both.outside)
        ]
        assert found == expected, name


def without_clock(path: Path) -> pydicom.Dataset:
    """What was written, without when it was."""
    dataset = pydicom.dcmread(path)
    holders = [dataset, *dataset.get("ContributingEquipmentSequence", ())]
    for holder in holders:
        for keyword in WHEN:
            if keyword in holder:
                del holder[keyword]
    if "EncapsulatedDocument" in dataset:  # the PDF tells when it was made: what it says counts
        dataset.ContentDescription = said_in(dataset.EncapsulatedDocument)
        del dataset.EncapsulatedDocument, dataset.EncapsulatedDocumentLength
    return dataset


def said_in(pdf: bytes) -> str:
    """The text of its pages."""
    words = [tool("pdftotext"), "-layout", "-", "-"]
    return subprocess.run(words, input=pdf, capture_output=True, check=True).stdout.decode()


@pytest.mark.requirement("PKG-04")
def test_dicom_results_are_those_of_a_run_outside(both):
    """Every attribute but the time of day: UIDs and pixels among them."""
    paths = sorted(both.inside.output.glob("*.dcm"))
    assert len(paths) >= 6
    for path in paths:
        found, expected = [
            without_clock(run.output / path.name) for run in (both.inside, both.outside)
        ]
        assert found == expected, path.name
        assert found.file_meta == expected.file_meta, path.name


@pytest.mark.requirement("PKG-04")
def test_pictures_and_surfaces_are_those_of_a_run_outside(both):
    for path in both.inside.output.iterdir():
        other = both.outside.output / path.name
        if path.suffix == ".png":
            assert np.array_equal(np.asarray(Image.open(path)), np.asarray(Image.open(other)))
        elif path.suffix in (".stl", ".glb"):
            assert path.read_bytes() == other.read_bytes()


@pytest.mark.requirement("PKG-04")
def test_a_locked_container_complains_of_nothing(both):
    """No cache that cannot be written, no small stack, no library that is missing."""
    assert both.inside.stderr == ""
    assert "--ulimit stack" not in both.inside.stdout


@pytest.mark.requirement("PKG-05")
@pytest.mark.parametrize(("limit", "told"), [("-S -s 8192", False), ("-s 8192", True)])
def test_a_stack_that_may_not_be_raised_is_said(limit, told):
    """The soft limit alone can be raised again; the hard one cannot."""
    script = f"ulimit {limit} && exec /var/holoscan/tools --help"
    done = container("--entrypoint", "/bin/sh", words=("-c", script))
    assert "--input" in done.stdout, done.stderr
    assert ("--ulimit stack=33554432" in done.stdout) == told


def some_images(study: Path, folder: Path, number: int) -> Path:
    """A folder with a few images of the cine."""
    folder.mkdir()
    for path in sorted(study.rglob("*.dcm"))[:number]:
        pydicom.dcmread(path).save_as(folder / path.name)
    return folder


@pytest.mark.requirement("PKG-03")
def test_bad_usage_is_2(tmp_path):
    assert measure(tmp_path, tmp_path / "out", words=("--bogus",)).code == 2


@pytest.mark.requirement("PKG-03")
def test_nothing_readable_is_3(tmp_path):
    run = measure(tmp_path, tmp_path / "out")
    assert run.code == 3
    assert run.files() == ["metadata.json"]


@pytest.mark.requirement("PKG-03")
def test_two_patients_are_4(study, tmp_path):
    folder = some_images(study, tmp_path / "in", 2)
    first = sorted(folder.iterdir())[0]
    changed = pydicom.dcmread(first)
    changed.PatientID = "another"
    changed.save_as(first)
    assert measure(folder, tmp_path / "out").code == 4


@pytest.mark.requirement("PKG-03")
def test_no_applicable_series_is_5(study, tmp_path):
    assert measure(some_images(study, tmp_path / "in", 2), tmp_path / "out").code == 5


@pytest.mark.requirement("PKG-03")
def test_a_missing_model_is_6(study, tmp_path):
    (tmp_path / "models").mkdir()
    hidden = ("-v", f"{tmp_path / 'models'}:/opt/holoscan/models:ro")
    assert measure(study, tmp_path / "out", *hidden).code == 6


@pytest.mark.requirement("PKG-03")
def test_an_output_that_cannot_be_written_is_7(study, tmp_path):
    (tmp_path / "out").mkdir()
    read_only = ("-v", f"{tmp_path / 'out'}:/var/holoscan/output:ro")
    run = measure(study, tmp_path / "out", *read_only)
    assert run.code == 7
    assert run.files() == []


@pytest.mark.requirement("PKG-02", "PKG-03")
def test_show_prints_the_manifests_of_these_settings():
    """R2, R16."""
    settings = load_settings(ROOT / "app.yaml")
    shown = {name: container(words=("show", name)) for name in ("app", "pkg")}
    assert json.loads(shown["app"].stdout) == app_manifest(settings)
    assert json.loads(shown["pkg"].stdout) == pkg_manifest(settings, ROOT / "models", 0)


@pytest.mark.requirement("PKG-03")
def test_two_mounted_targets_are_both_filled(tmp_path):
    """R3, R30. The stock entry point fills the first alone."""
    names = ("config", "docs")
    for name in names:
        (tmp_path / name).mkdir()
        (tmp_path / name).chmod(0o777)
    mounts = [f"-v{tmp_path / name}:/var/run/holoscan/export/{name}" for name in names]
    assert container(*mounts, words=("extract",)).returncode == 0
    found = {p.name for p in (tmp_path / "config").iterdir()}
    assert found == {"app.json", "pkg.json", "app.yaml"}
    # R31: the papers.
    papers = tmp_path / "docs"
    for name in ("README.md", "LICENSE", "CHANGELOG.md", "models/cine_sax/README.md", "docs"):
        assert (papers / name).exists(), name
    assert list((papers / "licences").glob("numpy-*/licenses/LICENSE.txt"))


def inside(script: str) -> list[str]:
    """Words that a shell in the image prints, as root, who sees everything."""
    done = container("--user", "0:0", "--entrypoint", "/bin/sh", words=("-ec", script))
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.mark.requirement("PKG-01")
def test_code_and_models_are_in_their_places():
    """R14, R15. The file that would make mercure run it as root is not there."""
    assert inside("cd /opt/holoscan; ls app models; test ! -e /etc/monai") == [
        *("app:", "__main__.py", "app", "cmr", "dicomio", "meshes", "operators", "pictures"),
        *("report", "serving", "texts"),
        *("models:", "cine_sax", "scar_sax", "tissue_sax"),
    ]


@pytest.mark.requirement("PKG-04")
def test_every_uid_can_read_and_none_but_root_can_write():
    places = "/opt /etc/holoscan /etc/ld.so.cache /var/holoscan/tools /var/holoscan/app.yaml"
    wrong = r"\( -perm /g+w,o+w -o ! -perm -o+r -o -type d ! -perm -o+x \)"
    assert inside(f"find {places} ! -type l {wrong}") == []


@pytest.mark.requirement("PKG-05")
def test_the_loader_knows_cudas_runtime():
    assert inside("ldconfig -p | grep -c 'libcudart.so.13 '") == ["1"]


INSTALLED = (
    "from importlib.metadata import distributions as d; [print(p.name, p.version) for p in d()]"
)


@pytest.mark.requirement("PKG-01", "TRU-03")
def test_the_list_of_parts_is_what_the_image_holds():
    """R31. Its packages by their own metadata, its models by their bytes; licences go with them."""
    done = container("--entrypoint", "/bin/cat", words=("/opt/holoscan/docs/sbom.cdx.json",))
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(done.stdout) is None
    found = json.loads(done.stdout)
    packages = [c for c in found["components"] if c["type"] == "library"]
    words = inside(f'/opt/venv/bin/python -c "{INSTALLED}"')
    installed = sorted(zip(words[::2], words[1::2], strict=True))
    assert len(installed) > 40
    assert sorted((c["name"], c["version"]) for c in packages) == installed
    licences = inside("ls /opt/holoscan/docs/licences")
    assert sorted(licences) == sorted("-".join(package) for package in installed)
    sums = inside("cd /opt/holoscan/models; sha256sum */1/model.onnx")
    digests = {
        path.split("/")[0]: digest for digest, path in zip(sums[::2], sums[1::2], strict=True)
    }
    assert digests == {
        c["name"]: c["hashes"][0]["content"]
        for c in found["components"]
        if c["type"] == "machine-learning-model"
    }
    assert len(found["components"]) == len(installed) + len(digests)
    version = load_settings(ROOT / "app.yaml").application.version
    assert found["metadata"]["component"]["version"] == version


@pytest.mark.requirement("PKG-01")
def test_nothing_of_the_build_is_left():
    """No compiler, no installer, no history, no setting."""
    places = (
        "/opt/venv/bin/pip* /opt/venv/pip.conf /etc/pip.conf /root/.*history /root/.cache "
        "/root/.config /build /wheels /licences /source /opt/sbom"
    )
    assert (
        inside(
            "for name in gcc cc g++ c++ ld as make; do command -v $name || true; done; "
            f"ls -d {places} 2> /dev/null || true; "
            "env | grep -i -E '^pip|proxy|index' || true; "
            "find /opt /usr/lib/python3* -name direct_url.json; find /tmp /var/tmp -mindepth 1"
        )
        == []
    )


def described() -> dict:
    [found] = json.loads(engine("inspect", "--type", "image", IMAGE).stdout)
    return found["Config"]


@pytest.mark.requirement("PKG-01")
def test_the_image_says_what_it_is():
    """R12, R13, R17."""
    config, settings = described(), load_settings(ROOT / "app.yaml").application
    label = "org.opencontainers.image."
    assert config["Labels"][f"{label}title"] == settings.title
    assert config["Labels"][f"{label}version"] == settings.version
    assert "Research use only" in config["Labels"][f"{label}description"]
    assert config["User"] == "1000:1000"
    assert config["Entrypoint"] == ["/var/holoscan/tools"]
    environment = dict(entry.split("=", 1) for entry in config["Env"])
    assert ENVIRONMENT.items() <= environment.items()
    assert environment["CMR_MAP_IMAGE_VERSION"] == settings.version
    # ONNX Runtime's wheel reports to its maker otherwise.
    assert environment["ORT_DISABLE_TELEMETRY"] == "1"


@pytest.mark.requirement("PKG-01")
def test_a_saved_archive_opens_with_skopeo(tmp_path):
    """R11: an OCI archive, read by another tool."""
    skopeo, file = tool("skopeo"), tmp_path / "image.tar"
    if ENGINE == "docker":
        copy = [skopeo, "copy", f"docker-daemon:{IMAGE}", f"oci-archive:{file}"]
    else:
        copy = [tool(ENGINE), "save", "--format", "oci-archive", "--output", str(file), IMAGE]
    subprocess.run(copy, capture_output=True, check=True, timeout=900)
    inspect = [skopeo, "inspect", f"oci-archive:{file}"]
    shown = subprocess.run(inspect, capture_output=True, check=True, timeout=300)
    about = json.loads(shown.stdout)
    assert about["Labels"] == described()["Labels"]
    print(f"\nOCI archive: {file.stat().st_size / 1e6:.0f} MB in {len(about['Layers'])} layers")
