"""Settings of the bridge, and what its command says of a bad one."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from cmr.errors import UsageError
from deploy.bridge.cli import main
from deploy.bridge.settings import load_settings
from tests.conftest import ROOT

pytestmark = pytest.mark.requirement("NBR-04", "NBR-05")

SHIPPED = ROOT / "deploy/bridge/bridge.yaml"


def changed(place: Path, **changes) -> Path:
    content = yaml.safe_load(SHIPPED.read_text(encoding="utf-8")) | changes
    path = place / "bridge.yaml"
    path.write_text(yaml.safe_dump({k: v for k, v in content.items() if v != "gone"}))
    return path


def test_the_shipped_file_is_whole():
    settings = load_settings(SHIPPED)
    assert settings.command_for(Path("/a"), Path("/b"))[-3:] == ["/a", "--output", "/b"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"command": ["app", "{input}"]}, r"command: .*lacks \{output\}"),
        ({"poll": 3}, "poll: Extra inputs"),
        ({"tries": 0}, "tries: .*greater than 0"),
        ({"dicomweb": "gone"}, "dicomweb: Field required"),
        ({"dicomweb": "file:///etc/passwd"}, "dicomweb: "),
    ],
)
def test_a_wrong_setting_is_refused_by_name(changes, message, tmp_path):
    with pytest.raises(UsageError, match=message):
        load_settings(changed(tmp_path, **changes))


def test_a_path_with_a_placeholder_in_it_is_filled_once(tmp_path):
    settings = load_settings(changed(tmp_path, command=["app", "{input}", "{output}"]))
    source = Path("/work/{output}/x")
    assert settings.command_for(source, Path("/out")) == ["app", str(source), "/out"]


def test_delays_double_up_to_the_longest():
    settings = load_settings(SHIPPED)
    delays = [settings.delay_seconds(failures) for failures in (1, 2, 3, 8, 10_000)]
    assert delays == [30, 60, 120, 3600, 3600]


def test_bad_usage_is_one_line_and_a_code(tmp_path, capsys):
    assert main(["--config", str(tmp_path / "none.yaml")]) == 2
    assert capsys.readouterr().err.startswith("error: Settings none.yaml: cannot be read")
    config = changed(tmp_path, folder=str(tmp_path / "bridge"))
    for flag in ("--again", "--superseded"):
        assert main(["--config", str(config), flag, "7"]) == 2
        assert "There is no study 7" in capsys.readouterr().err
