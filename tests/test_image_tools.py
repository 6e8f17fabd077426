"""The entry point and the launcher of the image, outside of it."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from deploy.image import launch, tools
from deploy.image.tools import command, extract, run, show
from tests.conftest import ROOT

pytestmark = pytest.mark.requirement("PKG-03")


@pytest.fixture
def package(tmp_path, monkeypatch):
    """The folders of a package, each with a file in it."""
    places = {
        "APPLICATION": "app/main.py",
        "MODEL_PATH": "models/m/1/model.onnx",
        "DOCS": "docs/README.md",
        "APP_MANIFEST_PATH": "etc/app.json",
        "PKG_MANIFEST_PATH": "etc/pkg.json",
        "CONFIG_PATH": "var/app.yaml",
    }
    for name, place in places.items():
        path = tmp_path / "package" / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"command": "true", "is": name}))
        value = path if name.endswith(("MANIFEST_PATH", "CONFIG_PATH")) else tmp_path / "package"
        if value != path:
            value = value / place.split("/")[0]
        monkeypatch.setenv(f"HOLOSCAN_{name}", str(value))
    return tmp_path / "package"


CONTENT = {
    "app": {"main.py"},
    "config": {"app.json", "pkg.json", "app.yaml"},
    "models": {"m/1/model.onnx"},
    "docs": {"README.md"},
}


def extracted(root) -> dict[str, set[str]]:
    return {
        folder.name: {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
        for folder in root.iterdir()
    }


@pytest.mark.parametrize(
    "mounted",
    [["app"], ["config"], ["docs", "models"], ["app", "config", "models", "docs"], []],
    ids=lambda names: "+".join(names) or "none",
)
def test_every_mounted_target_is_filled(package, tmp_path, mounted):
    root = tmp_path / "export"
    for name in mounted:
        (root / name).mkdir(parents=True)
    root.mkdir(exist_ok=True)
    assert extract(root) == 0
    assert extracted(root) == {name: CONTENT[name] for name in mounted or CONTENT}


def test_without_a_mount_nothing_is_extracted(tmp_path, capsys):
    assert extract(tmp_path / "export") == 1
    assert "Nothing is mounted" in capsys.readouterr().err


def test_a_target_that_cannot_be_written_is_said(package, tmp_path, capsys):
    root = tmp_path / "export"
    (root / "docs" / "README.md").mkdir(parents=True)
    assert extract(root) == 7
    assert "docs cannot be written" in capsys.readouterr().err


def test_show_prints_the_manifests(package, capsys):
    assert show(["pkg", "app"]) == 0
    decode, text = json.JSONDecoder().raw_decode, capsys.readouterr().out
    first, end = decode(text)
    assert (first["is"], decode(text[end:])[0]["is"]) == ("PKG_MANIFEST_PATH", "APP_MANIFEST_PATH")
    assert show(["sbom"]) == 2


@pytest.mark.parametrize(
    "form", ["python3 '/opt/my app' -v", '["python3", "/opt/my app", "-v"]'], ids=["shell", "json"]
)
def test_both_forms_of_the_command_are_understood(tmp_path, form):
    (tmp_path / "app.json").write_text(json.dumps({"command": form}))
    assert command(tmp_path / "app.json") == ["python3", "/opt/my app", "-v"]


@pytest.mark.parametrize("code", [0, 5, 7])
def test_the_exit_code_is_the_applications(code):
    assert run([sys.executable, "-c", f"import sys; sys.exit({code})"]) == code


def test_a_killed_application_is_told_by_its_signal():
    assert run([sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"]) == 128 + 9


def test_a_signal_reaches_the_application(tmp_path):
    """As in a container that is stopped."""
    ready = tmp_path / "ready"
    child = f"import pathlib, time; pathlib.Path({str(ready)!r}).touch(); time.sleep(60)"
    words = [sys.executable, "-c", child]
    program = f"import sys; from deploy.image.tools import run; sys.exit(run({words!r}))"
    process = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT)
    for _ in range(600):
        if ready.exists():
            break
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=60) == 128 + signal.SIGTERM


def test_words_that_are_no_command_go_to_the_application(package, monkeypatch):
    seen = []
    monkeypatch.setattr(tools, "run", lambda words: seen.append(words) or 0)
    assert tools.main([]) == tools.main(["--log-level", "DEBUG"]) == 0
    assert seen == [["true"], ["true", "--log-level", "DEBUG"]]


def test_the_entry_point_starts_with_the_images_own_python():
    first = (ROOT / "deploy/image/tools.py").read_text().splitlines()[0]
    assert first == "#!/opt/venv/bin/python -IS"


@pytest.mark.requirement("PKG-05")
@pytest.mark.parametrize("named", [None, "/var/holoscan", "/var/holoscan/"])
def test_caches_leave_the_packages_own_folder(tmp_path, named):
    env = {} if named is None else {"HOLOSCAN_WORKDIR": named}
    launch.move_caches(env, tmp_path)
    assert env == {"HOLOSCAN_WORKDIR": str(tmp_path / f"cmr-map-{os.getuid()}")}


@pytest.mark.requirement("PKG-05")
def test_caches_stay_where_the_user_wants_them(tmp_path):
    env = {"HOLOSCAN_WORKDIR": "/caches"}
    launch.move_caches(env, tmp_path)
    assert env == {"HOLOSCAN_WORKDIR": "/caches"}


@pytest.mark.requirement("PKG-05")
def test_without_a_temporary_folder_the_output_has_to_do(tmp_path):
    env = {"HOLOSCAN_WORKDIR": "/var/holoscan/"}
    launch.move_caches(env, tmp_path / "missing")
    assert env == {}
