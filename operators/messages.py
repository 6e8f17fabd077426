"""What travels along the edges of the graph."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cmr.errors import CmrError
from cmr.heart import HeartCentre
from cmr.preprocess import ModelInput
from cmr.records import Gate
from cmr.results import Cine, CleanUpChange, InputCount, StudyResults
from cmr.volume import FloatArray, Volume4D
from cmr.volumetry import CineMeasurement
from dicomio.index import Study
from dicomio.pixels import CineImages
from dicomio.selection import Selection


@dataclass(frozen=True, eq=False)
class Refusal:
    """A part of a study that cannot be measured. It travels on in place of the result."""

    part: str
    error: CmrError


@dataclass(frozen=True, eq=False)
class StudyJob:
    """One study to measure, the account of the input's files, and where its results go."""

    study: Study
    input_count: InputCount
    folder: Path


@dataclass(frozen=True, eq=False)
class SelectedStudy:
    """A study and what its series were taken for."""

    job: StudyJob
    selection: Selection


@dataclass(frozen=True, eq=False)
class PreparedCine:
    """The cine as the network wants it, with the way back to the patient."""

    images: CineImages
    model_input: ModelInput


@dataclass(frozen=True, eq=False)
class SegmentedCine:
    """Label masks on the grid of the images, how sure they are, and what clean-up changed."""

    images: CineImages
    centre: HeartCentre
    labels: Volume4D
    agreement: FloatArray | None = None
    changes: tuple[CleanUpChange, ...] = ()


@dataclass(frozen=True, eq=False)
class MeasuredCine:
    """Masks with the volumes taken from them."""

    cine: SegmentedCine
    measurement: CineMeasurement


@dataclass(frozen=True, eq=False)
class JudgedCine:
    """Measurements that passed the quality gates, with the verdict of each."""

    measured: MeasuredCine
    gates: tuple[Gate, ...]
    results: Cine


@dataclass(frozen=True, eq=False)
class Outcome:
    """What became of a study; ``refusal`` where a part of it could not be measured."""

    results: StudyResults
    refusal: Refusal | None = None
