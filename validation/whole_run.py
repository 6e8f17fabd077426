"""Validations whose figures go to a model card: all cases, or none."""

from __future__ import annotations

from cmr.errors import CmrError
from validation.cohort.command import ValidationRequest, validate
from validation.cohort.records import CaseRow


class RunError(Exception):
    """A validation could not be run."""


def run_whole(request: ValidationRequest) -> list[CaseRow]:
    """Run a validation and return its rows.

    Raises
    ------
    RunError
        The run was refused, or a case failed: the card has to hold all cases.
    """
    name = request.manifest.name
    try:
        rows = validate(request).rows
    except CmrError as error:
        raise RunError(f"{name}: the validation could not be run: {error}") from error
    if failures := [f"{row.case}: {row.failure}" for row in rows if row.failure]:
        raise RunError(f"{name}: {'; '.join(failures)}")
    return rows
