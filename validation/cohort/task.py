"""What makes one task of the validation; everything else serves all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cmr.model_store import ModelFolder
from validation.cohort.manifest import ManifestCase, ManifestForm
from validation.cohort.measures import Measure
from validation.cohort.records import CaseRow

# Numpy's savez takes any keyword for an array or a switch, so that only Any fits.
Arrays = Mapping[str, Any]


@dataclass(frozen=True)
class Resources:
    """What a worker opens, by paths that it can reach.

    Parameters
    ----------
    config, models
        ``app.yaml`` and the model repository; ``models`` is None where no case needs a network.
    cache
        Where TensorRT keeps the engines it builds.
    threads
        Of the network in each worker.
    """

    config: Path
    models: Path | None
    cache: Path
    threads: int


@dataclass(frozen=True)
class Outline:
    """A contour in the pictures of a case.

    Parameters
    ----------
    labels
        What it is about.
    edge
        Labels whose common edge is drawn: the wall's inner edge is that of the cavity.
    key
        It is drawn where the case has this overlap; always where empty.
    """

    labels: tuple[int, ...]
    edge: tuple[int, ...]
    key: str = ""


@dataclass(frozen=True)
class Picture:
    """Images of a case: the name of their file, the caption of a slice, and what is drawn."""

    name: str
    caption: str
    outlines: tuple[Outline, ...]


@dataclass(frozen=True)
class Box:
    """One box plot: the text below it, its measure, and whether its marks are the filled ones."""

    text: str
    measure: Measure
    filled: bool = False


@dataclass(frozen=True)
class BoxChart:
    """Box plots side by side under a title; ``name`` tells charts of one page apart."""

    name: str
    title: str
    boxes: tuple[Box, ...]


@dataclass(frozen=True)
class Look:
    """How the report speaks of a task.

    Parameters
    ----------
    part_title
        What the second column of the overlap table is.
    overlap, agreement, quantities
        What was compared: sentences below the heading of overlap and of agreement, and what the
        latter is about.
    boxes, marks
        Box plots, and the sentence that explains their marks.
    variants
        Whether the agreement of test-time variants is kept, and set against Dice.
    pictures
        Of the worst cases.
    """

    part_title: str
    overlap: str
    agreement: str
    quantities: str
    boxes: tuple[BoxChart, ...]
    marks: str
    variants: bool
    pictures: tuple[Picture, ...]


@dataclass(frozen=True)
class Task:
    """One task.

    Parameters
    ----------
    name
        On the command line, and of its figures in the summary.
    criteria
        File of the acceptance criteria that hold where none are named.
    form
        Of the manifest.
    measures
        What is measured of each case, in the order shown.
    look
        How the report speaks of it.
    models
        Checks settings (``app.yaml``) and the model repository before anything runs, and gives the
        models that the cases need. Raises :class:`cmr.errors.CmrError`, and what reading settings
        raises.
    run
        Measures a case in a worker: its row, and by the name of a :class:`Picture` the arrays
        ``images``, ``labels``, ``reference`` ``(z, row, col)`` and ``pixel_spacing_mm``.
    """

    name: str
    criteria: Path
    form: ManifestForm[Any]
    measures: tuple[Measure, ...]
    look: Look
    models: Callable[[Path, Path, Sequence[ManifestCase[Any]]], list[ModelFolder]]
    run: Callable[[ManifestCase[Any], Resources], tuple[CaseRow, Mapping[str, Arrays]]]
