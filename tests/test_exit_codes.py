import pytest

from app.exit_codes import ExitCode, exit_code_of, public_message
from app.main import _nothing_measured
from cmr import errors
from tests.results_sample import study_results

pytestmark = pytest.mark.requirement("CINE-35")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.UsageError("x"), 2),
        (errors.NothingReadable("x"), 3),
        (errors.SeveralPatients("x"), 4),
        (errors.NoApplicableSeries("x"), 5),
        (errors.ModelError("x"), 6),
        (errors.OutputError("x"), 7),
        (errors.OutputBusy("x"), 7),
        (errors.Terminated("x"), 143),
        (errors.GeometryError("x"), 1),
        (ValueError("x"), 1),
        (KeyboardInterrupt(), 1),
    ],
)
def test_every_error_has_its_code(error, code):
    assert exit_code_of(error) == code


def test_a_subclass_keeps_the_code_of_its_family():
    class Truncated(errors.ModelError):
        pass

    assert exit_code_of(Truncated("x")) is ExitCode.MODEL_BROKEN


def test_codes_are_distinct():
    assert len({code.value for code in ExitCode}) == len(ExitCode) == 9


@pytest.mark.requirement("CINE-36")
def test_foreign_messages_are_not_repeated():
    try:
        int("DOE^JANE")
    except ValueError as error:
        message = public_message(error)
    assert "DOE" not in message
    assert message.startswith("Unforeseen ValueError in tests.test_exit_codes, line ")


def test_own_messages_are_shown():
    assert public_message(errors.ModelError("Model x: no file.")) == "Model x: no file."
    assert public_message(ValueError("secret")) == "Unforeseen ValueError."


def test_a_run_without_any_result_names_the_reason_of_every_part():
    """The cine is refused first; that the maps were unreadable is not lost for that."""
    parts = {"cine": "No short-axis cine.", "mapping": "None of 3 slices can be read."}
    results = study_results(None).model_copy(update={"refusals": parts})
    error = _nothing_measured([results, results], [errors.NoApplicableSeries("No cine.")])
    assert type(error) is errors.NoApplicableSeries
    assert str(error) == "No short-axis cine. None of 3 slices can be read."
    unreadable = _nothing_measured([results], [errors.NothingReadable("x")])
    assert type(unreadable) is errors.NothingReadable
