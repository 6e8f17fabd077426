"""What travels along the edges of the graph."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

from cmr.anatomy import Mask
from cmr.cine import MeasuredHeart
from cmr.errors import CmrError
from cmr.heart import HeartCentre
from cmr.mapping.about import MapAbout
from cmr.mapping.cine_contours import CineCheck, CineContours
from cmr.mapping.ecv import EcvMap
from cmr.mapping.fitted import ChosenMap
from cmr.mapping.heart import HeartOnMap
from cmr.mapping.measure import MeasuredTissue
from cmr.preprocess import ModelInput
from cmr.records import Gate
from cmr.results import Cine, CleanUpChange, InputCount, StudyResults
from cmr.results_mapping import HaematocritRecord, SliceMotion
from cmr.results_mapping import Mapping as MappingResults
from cmr.results_scar import Scar
from cmr.scar.find import FoundScar
from cmr.scar.measure import MeasuredScar
from cmr.scar.surface import Structure
from cmr.scar.surface_mould import Surface
from cmr.volume import FloatArray, Volume4D
from cmr.volumetry import CineMeasurement
from dicomio.acquired_map import ReadMap
from dicomio.index import Study
from dicomio.late_pixels import LateStackImages
from dicomio.late_scar import LateScar
from dicomio.mapped_tissue import MappedTissue
from dicomio.pixels import CineImages
from dicomio.selection import Selection
from dicomio.source import CineSource, ImageSource
from dicomio.sr import WrittenObjects
from pictures.map_page import MapPage


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
    slice_agreement: FloatArray | None = None


@dataclass(frozen=True, eq=False)
class MeasuredCine:
    """Masks with the volumes and the wall taken from them."""

    cine: SegmentedCine
    heart: MeasuredHeart

    @property
    def measurement(self) -> CineMeasurement:
        """Volumes and function."""
        return self.heart.volumes


@dataclass(frozen=True, eq=False)
class JudgedCine:
    """Measurements that passed the quality gates, with the verdict of each."""

    measured: MeasuredCine
    gates: tuple[Gate, ...]
    results: Cine

    @property
    def contours(self) -> CineContours:
        """What maps and late enhancement ask of the cine."""
        return CineContours(self.measured.cine.labels, self.measured.measurement.base_first)


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
class FittedImages:
    """The map of an acquisition that is measured, the images behind it, and where its heart is."""

    chosen: ChosenMap
    images: ImageSource
    region: Mask


@dataclass(frozen=True, eq=False)
class SegmentedMap:
    """A map with the heart found on it."""

    fitted: FittedImages
    heart: HeartOnMap


@dataclass(frozen=True, eq=False)
class MeasuredMap:
    """A map with its numbers, and the contours of the cine beside its own; None without a cine."""

    fitted: FittedImages
    measured: MeasuredTissue
    cine: CineCheck | None


@dataclass(frozen=True, eq=False)
class MeasuredEcv:
    """Extracellular volume, measured on the native map's grid and heart."""

    about: MapAbout
    images: ImageSource
    measured: MeasuredTissue
    found: EcvMap
    haematocrit: HaematocritRecord
    native_key: str
    shown: FloatArray


@dataclass(frozen=True, eq=False)
class MeasuredMaps:
    """Every map of a study with its numbers."""

    maps: Maps[MeasuredMap]
    ecv: MeasuredEcv | None


@dataclass(frozen=True, eq=False)
class JudgedMaps:
    """Maps for writers and painter, with the verdict of every gate and the results."""

    mapped: tuple[MappedTissue, ...]
    pages: tuple[MapPage, ...]
    gates: tuple[Gate, ...]
    results: MappingResults


@dataclass(frozen=True, eq=False)
class FoundLate:
    """A late-enhancement stack, and the scar found on it."""

    images: LateStackImages
    found: FoundScar


@dataclass(frozen=True, eq=False)
class MeasuredLate:
    """A late-enhancement stack, and its scar with numbers."""

    images: LateStackImages
    measured: MeasuredScar


@dataclass(frozen=True, eq=False)
class JudgedScar:
    """Scar for writers and painter, with the verdict of every gate.

    Parameters
    ----------
    scar
        Masks and results.
    values
        ``(z, row, col)`` grey values, for the pictures.
    surfaces
        By structure.
    """

    scar: LateScar
    values: FloatArray
    surfaces: Mapping[Structure, Surface]
    gates: tuple[Gate, ...]

    @property
    def results(self) -> Scar:
        """Numbers of the scar."""
        return self.scar.results


@dataclass(frozen=True, eq=False)
class WrittenReport:
    """The structured report on disk, what it refers to, and the cine; None where there is none."""

    path: Path
    objects: WrittenObjects
    cine: CineSource | None

    @property
    def stacks(self) -> list[ImageSource]:
        """Images that something was measured on."""
        return self.objects.measured(self.cine)


@dataclass(frozen=True, eq=False)
class Outcome:
    """What became of a study; ``refusal`` where a part of it could not be measured."""

    results: StudyResults
    refusal: Refusal | None = None
