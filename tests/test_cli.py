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


def test_no_flag_may_be_abbreviated(folders):
    """The report of a failure went to the folder of the environment, or nowhere."""
    argv = ["-i", folders[0], "--outp", folders[1]]
    assert str(output_of(argv, env={"HOLOSCAN_OUTPUT_PATH": "/elsewhere"})) == "/elsewhere"
    with pytest.raises(UsageError, match="nrecognized arguments: --outp"):
        parse(argv, env={"HOLOSCAN_OUTPUT_PATH": "/elsewhere"})


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


MERCURE = ("MERCURE_IN_DIR", "MERCURE_OUT_DIR")
MONAI = ("MONAI_INPUTPATH", "MONAI_OUTPUTPATH")
HOLOSCAN = ("HOLOSCAN_INPUT_PATH", "HOLOSCAN_OUTPUT_PATH")
PACKAGED = {
    "HOLOSCAN_INPUT_PATH": "/var/holoscan/input/",
    "HOLOSCAN_OUTPUT_PATH": "/var/holoscan/output/",
}


def named(variables, folders):
    """Variables of one platform, set to these folders."""
    return dict(zip(variables, folders, strict=True))


@pytest.mark.parametrize("variables", [MERCURE, MONAI, HOLOSCAN])
@pytest.mark.parametrize("image", [{}, PACKAGED])
def test_every_platforms_variables_are_honoured(folders, variables, image):
    """Also in the image, which always sets the variables of the package."""
    request = parse([], env=image | named(variables, folders))
    assert (str(request.input), str(request.output)) == folders


def test_mercure_sets_all_at_once(folders):
    env = named(MERCURE, folders) | named(MONAI, folders) | named(HOLOSCAN, folders)
    request = parse([], env=env)
    assert (str(request.input), str(request.output)) == folders


def test_flags_win_over_platforms_and_changed_package_variables_too(folders):
    elsewhere = named(MERCURE, ("/m", "/n"))
    request = parse(["-i", folders[0], "-o", folders[1]], env=elsewhere)
    assert (str(request.input), str(request.output)) == folders
    request = parse([], env=named(HOLOSCAN, folders) | elsewhere)
    assert (str(request.input), str(request.output)) == folders


def test_the_packages_own_folders_are_last():
    env = PACKAGED | {"MONAI_INPUTPATH": "", "MERCURE_OUT_DIR": ""}
    assert str(output_of([], env=env)) == "/var/holoscan/output"
    with pytest.raises(UsageError, match="does not exist"):
        parse([], env=env)


def test_platforms_that_disagree_are_refused(folders):
    env = named(MERCURE, folders) | {"MONAI_OUTPUTPATH": folders[1] + "x"}
    with pytest.raises(UsageError, match="MONAI_OUTPUTPATH and MERCURE_OUT_DIR name different"):
        parse([], env=env)
    assert output_of([], env=env) is None
    assert str(parse(["-o", folders[1]], env=env).output) == folders[1]
    same = named(MERCURE, folders) | {"MONAI_OUTPUTPATH": folders[1] + "/"}
    assert str(parse([], env=same).output) == folders[1]


def test_output_is_found_in_a_wrong_call():
    assert str(output_of(["--bogus", "-o", "there"], env={})) == "there"
    assert str(output_of(["--bogus"], env={"HOLOSCAN_OUTPUT_PATH": "/o"})) == "/o"
    assert str(output_of(["--bogus"], env={"MERCURE_OUT_DIR": "/o"})) == "/o"
    assert output_of([], env={"MERCURE_IN_DIR": "a", "MERCURE_OUT_DIR": "a/b"}) is None
    assert output_of(["-o"], env={}) is None
    assert output_of(["-i", "a", "-o", "a/b"], env={}) is None
