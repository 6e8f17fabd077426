"""Operators with stand-in ports: what they pass on, what they refuse."""

import pytest

from cmr.errors import GeometryError, ModelError, NoApplicableSeries, NothingReadable
from operators.messages import Refusal
from operators.sdk import Application
from operators.step import Step


class StandInInput:
    def __init__(self, messages):
        self.messages = messages

    def receive(self, name):
        return self.messages[name]


class StandInOutput:
    def __init__(self):
        self.emitted = {}

    def emit(self, message, name):
        self.emitted[name] = message


class Adder(Step):
    inputs = ("left", "right")
    output = "sum"

    def run(self, left, right):
        if isinstance(right, Exception):
            raise right
        return left + right


class Counter(Adder):
    def on_refusal(self, refusal, received):
        return len(received)


@pytest.fixture(scope="module")
def fragment():
    return Application([])


def tick(operator, **messages):
    output = StandInOutput()
    operator.compute(StandInInput(messages), output, None)
    return output.emitted


def test_a_step_receives_calls_and_emits(fragment):
    assert tick(Adder(fragment, name="adder"), left=1, right=2) == {"sum": 3}


def test_a_refusal_passes_through_untouched(fragment):
    refusal = Refusal("cine", NoApplicableSeries("none"))
    assert tick(Adder(fragment, name="passing"), left=refusal, right=2)["sum"] is refusal


@pytest.mark.parametrize("kind", [NoApplicableSeries, GeometryError, NothingReadable])
def test_what_concerns_one_study_becomes_a_refusal(fragment, kind):
    adder = Adder(fragment, name=f"refusing_{kind.__name__}")
    refusal = tick(adder, left=1, right=kind("why"))["sum"]
    assert isinstance(refusal, Refusal)
    assert (refusal.part, str(refusal.error)) == ("cine", "why")


def test_what_concerns_the_run_is_raised(fragment):
    with pytest.raises(ModelError, match="broken"):
        tick(Adder(fragment, name="raising"), left=1, right=ModelError("broken"))


def test_a_step_may_answer_a_refusal_itself(fragment):
    refusal = Refusal("cine", NoApplicableSeries("none"))
    assert tick(Counter(fragment, name="counting"), left=refusal, right=2) == {"sum": 2}
