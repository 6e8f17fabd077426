"""What all operators share: named ports, refusals passed on, time taken noted."""

from __future__ import annotations

import contextlib
import logging
import time
from abc import abstractmethod
from collections.abc import Iterator
from typing import Any, ClassVar

from cmr.errors import GeometryError, NoApplicableSeries, NothingReadable
from operators.messages import Refusal
from operators.sdk import (
    ExecutionContext,
    InputContext,
    Operator,
    OperatorSpec,
    OutputContext,
)
from operators.watcher import Watcher

_log = logging.getLogger("cmr.stage")


class Stopped(Exception):
    """Leaves an operator in place of an error, which is its ``__cause__``.

    Holoscan logs the text of what an operator raises, and that of a library may quote a header.
    """


@contextlib.contextmanager
def stage(name: str, watcher: Watcher) -> Iterator[list[Any]]:
    """Tell the watcher, and log how long a stage took: its name, a tab, seconds.

    The caller puts its result into the list, so that a refusal can be told.
    """
    done: list[Any] = []
    watcher.started(name)
    started = time.perf_counter()
    try:
        yield done
    except Exception as error:
        raise Stopped from error
    seconds = time.perf_counter() - started
    _log.info("%s\t%.3f", name, seconds)
    watcher.finished(name, seconds, next((r for r in done if isinstance(r, Refusal)), None))


class Step(Operator):
    """One input port after the other in, one result out, for each study.

    A study that cannot be measured in one part stops there with a reason, and the reason
    reaches the results; what is wrong with the run as a whole is raised.
    """

    part: ClassVar[str] = "cine"
    inputs: ClassVar[tuple[str, ...]] = ()
    output: ClassVar[str] = ""
    optional: ClassVar[tuple[str, ...]] = ()
    """Inputs whose refusal :meth:`run` takes as it is."""
    watcher: Watcher = Watcher()

    def setup(self, spec: OperatorSpec) -> None:
        """Declare the ports."""
        for name in self.inputs:
            spec.input(name)
        if self.output:
            spec.output(self.output)

    def compute(
        self, op_input: InputContext, op_output: OutputContext, context: ExecutionContext
    ) -> None:
        """Receive, call :meth:`run`, emit."""
        del context
        received = [op_input.receive(name) for name in self.inputs]
        with stage(self.name, self.watcher) as done:
            result = self._result(received)
            done.append(result)
        if self.output:
            op_output.emit(result, self.output)

    def _result(self, received: list[Any]) -> Any:
        needed = [r for n, r in zip(self.inputs, received, strict=True) if n not in self.optional]
        refusal = next((item for item in needed if isinstance(item, Refusal)), None)
        if refusal is not None:
            return self.on_refusal(refusal, received)
        try:
            return self.run(*received)
        except (NoApplicableSeries, NothingReadable, GeometryError) as error:
            return self.on_refusal(Refusal(self.part, error), received)

    def on_refusal(self, refusal: Refusal, received: list[Any]) -> Any:
        """What goes out where a part was refused upstream; by default the refusal itself."""
        del received
        return refusal

    @abstractmethod
    def run(self, *received: Any) -> Any:
        """The work of this operator."""
