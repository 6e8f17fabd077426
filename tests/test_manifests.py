"""The manifests against the specification: ../shared/reference/map_checklist.md, by number."""

import json
import re
from pathlib import Path

import pytest
from holoscan_cli.common import dockerutils
from holoscan_cli.packager.config_reader import ApplicationConfiguration
from holoscan_cli.packager.models import Models
from holoscan_cli.packager.parameters import PackageBuildParameters
from holoscan_cli.runner.resources import get_shared_memory_size

from app.settings import load_settings
from cmr.model_store import open_model
from deploy.manifests import app_manifest, main, pkg_manifest
from tests.conftest import ROOT

pytestmark = pytest.mark.requirement("PKG-02")

SEMVER = re.compile(r"\d+\.\d+\.\d+")
AMOUNT = re.compile(r"(\d+|\d*\.\d)(Mi|Gi)")


@pytest.fixture(scope="module")
def settings():
    return load_settings(ROOT / "app.yaml")


@pytest.fixture(scope="module")
def app(settings):
    return app_manifest(settings)


@pytest.fixture(scope="module")
def pkg(settings):
    return pkg_manifest(settings, ROOT / "models", settings.resources.gpu)


def test_the_command_writes_both_files_in_utf8(tmp_path, monkeypatch, app, pkg):
    """R16, R24."""
    monkeypatch.setattr("sys.argv", ["manifests", "--output", str(tmp_path / "m")])
    main()
    for name, content in (("app", app), ("pkg", pkg)):
        assert json.loads((tmp_path / "m" / f"{name}.json").read_bytes().decode()) == content
    assert len(list((tmp_path / "m").iterdir())) == 2


def test_an_image_with_gpu_libraries_asks_for_one(settings):
    assert pkg_manifest(settings, ROOT / "models", 1)["resources"]["gpu"] == 1


def test_it_says_that_it_is_an_application(app):
    """R7. No probe, as it is no service: R21."""
    assert app["type"] == "application"
    assert not {"readiness", "liveness"} & set(app)


def test_inputs_and_outputs_are_described(app, settings):
    """R8, R18, R19: objects; both spellings of the output."""
    assert app["input"]["formats"] == [{"type": "file", "format": "dicom"}]
    assert isinstance(app["output"]["format"], dict)
    named = settings.application.output_formats
    assert [f["format"] for f in app["output"]["formats"]] == named
    assert app["output"]["format"]["contents"] == named


def test_the_environment_has_every_name_and_default(app):
    """R13, R23: absolute paths; both spellings of documents and logs."""
    expected = {
        "HOLOSCAN_INPUT_PATH": "/var/holoscan/input/",
        "HOLOSCAN_OUTPUT_PATH": "/var/holoscan/output/",
        "HOLOSCAN_WORKDIR": "/var/holoscan/",
        "HOLOSCAN_MODEL_PATH": "/opt/holoscan/models/",
        "HOLOSCAN_CONFIG_PATH": "/var/holoscan/app.yaml",
        "HOLOSCAN_APP_MANIFEST_PATH": "/etc/holoscan/app.json",
        "HOLOSCAN_PKG_MANIFEST_PATH": "/etc/holoscan/pkg.json",
        "HOLOSCAN_DOCS": "/opt/holoscan/docs/",
        "HOLOSCAN_DOCS_PATH": "/opt/holoscan/docs/",
        "HOLOSCAN_LOGS": "/var/holoscan/logs/",
        "HOLOSCAN_LOGS_PATH": "/var/holoscan/logs/",
        "HOLOSCAN_APPLICATION": "/opt/holoscan/app/",
    }
    assert app["environment"] == expected
    assert app["input"]["path"] == expected["HOLOSCAN_INPUT_PATH"]
    assert app["output"]["path"] == expected["HOLOSCAN_OUTPUT_PATH"]
    assert app["workingDirectory"] == expected["HOLOSCAN_WORKDIR"]


def test_the_dockerfile_sets_the_same_environment(app):
    """A platform that starts the image by hand has it too."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert dict(re.findall(r"\b(HOLOSCAN_\w+)=(\S+)", text)) == app["environment"]


def test_the_command_is_a_string_for_a_shell(app):
    """R17; the code lies below /opt/holoscan/app: R14."""
    assert app["command"] == "python3 /opt/holoscan/app"


@pytest.mark.parametrize("key", ["apiVersion", "sdkVersion", "version"])
def test_versions_are_semantic_and_strings(app, key):
    """R20."""
    assert SEMVER.fullmatch(app[key])


def test_the_version_is_the_applications(app, pkg, settings):
    """R12, with tests/test_image_packages.py for the label."""
    assert app["version"] == pkg["version"] == settings.application.version


def test_no_timeout(app):
    """R22."""
    assert app["timeout"] == 0


def test_roots_are_absolute(pkg):
    """R25, R26."""
    assert pkg["applicationRoot"] == "/opt/holoscan/app/"
    assert pkg["modelRoot"] == "/opt/holoscan/models/"


def test_models_are_a_list_and_open(pkg):
    """R15, R27: every named model is one that the application can open, and none is left out."""
    assert sorted(m["name"] for m in pkg["models"]) == sorted(
        path.name for path in (ROOT / "models").iterdir()
    )
    for model in pkg["models"]:
        assert re.fullmatch(r"[!-~]{1,128}", model["name"])
        assert (ROOT / "models" / model["path"]).is_dir()
        assert open_model(ROOT / "models", model["name"]).name == model["name"]


def test_resources_are_complete_and_well_formed(pkg):
    """R5, R28: positive amounts, to a tenth; what is not needed at all is left out."""
    resources = pkg["resources"]
    assert {"cpu", "gpu", "memory", "sharedMemory"} <= set(resources)
    for key, value in resources.items():
        if "emory" in key:
            assert AMOUNT.fullmatch(value), key
            assert float(value[:-2]) > 0, key
        else:
            assert value == round(value, 1) >= 0, key


def test_every_test_of_the_checklist_is_named_somewhere():
    """The rest of the numbers are the image's: tests/test_image.py and test_image_tools.py."""
    texts = [(ROOT / "tests" / f"test_{name}.py").read_text() for name in ("manifests", "image")]
    named = {int(n) for text in texts for n in re.findall(r"\bR(\d+)\b", text)}
    assert named >= set(range(1, 32))


@pytest.mark.requirement("PKG-06")
def test_holoscan_clis_runner_reads_the_manifests(app, pkg, monkeypatch):
    """What `monai-deploy run` would start, by its own code; only the engine is taken away."""
    started = []
    monkeypatch.setattr(dockerutils, "_start_container", lambda *given: started.append(given))
    monkeypatch.setattr(dockerutils, "get_gpu_count", lambda: 0)
    memory = get_shared_memory_size(pkg, False, False, None, "config")
    dockerutils.docker_run(
        *(None, "cmr-map:0.1.0", Path("/study"), Path("/results"), app, pkg, False, [], False),
        *("network", None, False, None, None, False, "12345:12345", False, []),
        *(pkg.get("platformConfig"), memory),
    )
    [(_, _, _, _, options, _, user, volumes, environment, shared, *_)] = started
    assert volumes == [("/study", "/var/holoscan/input"), ("/results", "/var/holoscan/output")]
    assert options == []
    assert (user, shared) == ("12345:12345", 64 * 1024 * 1024)
    places = {k: v.rstrip("/") for k, v in app["environment"].items()}
    assert {k: v.rstrip("/") for k, v in environment.items() if k in places} == places


@pytest.mark.requirement("PKG-06")
def test_what_differs_from_the_stock_packager(app, pkg):
    """Its own manifest writer on our app.yaml; docs/image.md lists these differences."""
    parameters = PackageBuildParameters()
    parameters.models = Models().build(ROOT / "models")
    stock = ApplicationConfiguration()
    stock.read(ROOT / "app.yaml")
    theirs = stock.populate_package_manifest(parameters).data
    names = [model["name"] for model in pkg["models"]]
    assert theirs["models"] == {name: f"/opt/holoscan/models/{name}" for name in names}
    assert set(theirs["resources"]) - set(pkg["resources"]) == {"gpuMemory"}
    assert set(theirs) == set(pkg)
    theirs = stock.populate_app_manifest(parameters).data
    assert set(app) - set(theirs) == {"type"}
    assert set(theirs) - set(app) == {"liveness", "readiness"}
    assert set(app["environment"]) - set(theirs["environment"]) == {
        "HOLOSCAN_DOCS",
        "HOLOSCAN_LOGS",
    }
    assert theirs["input"] == {"path": "input/", "formats": ["dicom"]}
    assert "format" not in theirs["output"]
