import pytest

from app.cli import PROJECT_ROOT, output_of, parse
from cmr.errors import UsageError

pytestmark = pytest.mark.requirement("CINE-02")


@pytest.fixture
def folders(tmp_path):
    source, target = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    return str(source), str(target)


@pytest.mark.parametrize(("first", "second"), [("-i", "-o"), ("--input", "--output")])
def test_long_and_short_flags(folders, first, second):
    request = parse([first, folders[0], second, folders[1]], env={})
    assert (str(request.input), str(request.output)) == folders
    assert request.model == PROJECT_ROOT / "models"
    assert request.config == PROJECT_ROOT / "app.yaml"
    assert request.workdir is None
    assert request.log_level == "INFO"


def test_remaining_short_flags(folders):
    argv = ["-i", folders[0], "-o", folders[1], "-m", "M", "-w", "W", "-l", "debug"]
    request = parse(argv, env={})
    assert (str(request.model), str(request.workdir)) == ("M", "W")
    assert request.log_level == "DEBUG"


def test_environment_stands_in_and_the_command_line_wins(folders):
    env = {
        "HOLOSCAN_INPUT_PATH": folders[0],
        "HOLOSCAN_OUTPUT_PATH": folders[1],
        "HOLOSCAN_MODEL_PATH": "/m",
        "HOLOSCAN_WORKDIR": "/w",
        "HOLOSCAN_CONFIG_PATH": "/c.yaml",
    }
    request = parse([], env=env)
    assert (str(request.input), str(request.output)) == folders
    assert [str(p) for p in (request.model, request.workdir, request.config)] == [
        "/m",
        "/w",
        "/c.yaml",
    ]
    assert str(parse(["-m", "other"], env=env).model) == "other"


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--output", "x"], "No input folder"),
        (["--input", "missing", "--output", "x"], "does not exist"),
        (["--input", ".", "--output", "x", "--bogus"], "Unrecognized arguments"),
        (["--input", ".", "--output", "x", "-l", "LOUD"], "invalid choice"),
    ],
)
def test_bad_calls_are_refused(argv, message):
    with pytest.raises(UsageError, match=message):
        parse(argv, env={})


@pytest.mark.parametrize("below", ["", "/deeper/still"])
def test_output_in_the_input_is_refused(folders, below):
    with pytest.raises(UsageError, match="lies in the input"):
        parse(["-i", folders[0], "-o", folders[0] + below], env={})


def test_output_is_found_in_a_wrong_call():
    assert str(output_of(["--bogus", "-o", "there"], env={})) == "there"
    assert str(output_of(["--bogus"], env={"HOLOSCAN_OUTPUT_PATH": "/o"})) == "/o"
    assert output_of(["-o"], env={}) is None
    assert output_of(["-i", "a", "-o", "a/b"], env={}) is None
