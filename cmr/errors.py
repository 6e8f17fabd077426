"""One error tree. Each leaf that ends a run has its own exit code (see ``app/exit_codes.py``).

::

    CmrError
    ├── UsageError            command line or app.yaml is wrong
    ├── NothingReadable       no usable DICOM image in the input
    ├── SeveralPatients       more than one patient in one input
    ├── NoApplicableSeries    nothing in the study that this application measures
    │   └── NotInStudy        a part, such as mapping, that the study has no images of
    ├── ModelError            a model is missing, broken or not what it says
    ├── OutputError           the output folder cannot be written
    │   └── OutputBusy        another run works in it
    ├── GeometryError         slices that do not form a stack
    └── FitError              images or times that no relaxation curve can be fitted to

Messages say where, what was found, what was expected and what to do next.
They never hold patient data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cmr.results import SeriesDecision


class CmrError(Exception):
    """Base of every error that this package raises on purpose."""


class UsageError(CmrError):
    """The command line or the settings are wrong."""


class NothingReadable(CmrError):
    """The input holds no DICOM image that can be read."""


class SeveralPatients(CmrError):
    """The input holds images of more than one patient."""


class NoApplicableSeries(CmrError):
    """The study holds no series that this application can measure.

    ``decisions`` are what its series were taken for (``cmr.results.SeriesDecision``).
    """

    def __init__(self, message: str, decisions: tuple[SeriesDecision, ...] = ()) -> None:
        super().__init__(message)
        self.decisions = decisions


class NotInStudy(NoApplicableSeries):
    """The study has no images of a part that is measured where it is there, such as mapping."""


class ModelError(CmrError):
    """A model is missing, broken or does not match its metadata."""


class OutputError(CmrError):
    """The output folder cannot be written."""


class OutputBusy(OutputError):
    """Another run works in the output folder; nothing of it may be touched."""


class Terminated(CmrError):
    """A signal stopped the run."""


class GeometryError(CmrError):
    """Slices do not form one stack of parallel planes."""


class FitError(CmrError):
    """Images or times that no relaxation curve can be fitted to."""
