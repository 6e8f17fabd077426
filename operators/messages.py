"""What travels along the edges of the graph."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

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


T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True, eq=False)
class Maps(Generic[T]):
    """Every mapping acquisition of a study at one stage of the way.

    ``not_measured`` gives the reason for what the study has images for but no result, by what it
    is, such as ``ecv``.
    """

    each: tuple[T, ...]
    not_measured: Mapping[str, str] = field(default_factory=dict)

    def then(self, function: Callable[[T], U]) -> Maps[U]:
        """Apply one step to every acquisition."""
        return Maps(tuple(function(one) for one in self.each), self.not_measured)


@dataclass(frozen=True, eq=False)
class LocatedMap:
    """An acquisition, and ``(row, col)`` where its heart is."""

    read: ReadMap
    region: Mask


@dataclass(frozen=True, eq=False)
class AlignedMap:
    """An acquisition with aligned source images, and what was done to each slice."""

    located: LocatedMap
    motion: tuple[SliceMotion, ...]


@dataclass(frozen=True, eq=False)
class FittedAcquisition:
    """Maps of one acquisition: the one that is measured, and the images that it comes from."""

    aligned: AlignedMap
    chosen: ChosenMap
    images: ImageSource


@dataclass(frozen=True, eq=False)
class SegmentedMap:
    """A map with the heart found on it."""

    fitted: FittedAcquisition
    heart: HeartOnMap


@dataclass(frozen=True, eq=False)
class MeasuredMap:
    """A map with its numbers, and the contours of the cine beside its own."""

    segmented: SegmentedMap
    measured: MeasuredTissue
    cine: CineCheck | None


@dataclass(frozen=True, eq=False)
class JudgedMaps:
    """Maps for the writers, with the verdict of every gate and the results."""

    mapped: tuple[MappedTissue, ...]
    gates: tuple[Gate, ...]
    results: MappingResults


@dataclass(frozen=True, eq=False)
class Outcome:
    """What became of a study; ``refusal`` where a part of it could not be measured."""

    results: StudyResults
    refusal: Refusal | None = None
