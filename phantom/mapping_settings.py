"""What tissue-mapping acquisitions a phantom study holds, and the tissue that they show."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Protocol(StrEnum):
    """A mapping acquisition of three short-axis slices."""

    NATIVE_MOLLI = "native MOLLI 5(3)3"
    POST_MOLLI = "post-contrast MOLLI 4(1)3(1)2"
    SASHA = "native SASHA"
    T2_PREP = "T2-prepared bSSFP"
    T2_STAR = "multi-echo T2*"


class MolliSignal(StrEnum):
    """Where the MOLLI signals come from."""

    MODEL = "three-parameter model"
    BLOCH = "Bloch simulation"


class T2PrepTag(StrEnum):
    """Attribute that holds the T2 preparation time.

    Siemens writes "T2 prep. duration = 25 ms" into Image Comments and the echo time of the readout
    into Echo Time (the reader of Konrad Werys's Tomato library expects it so); others put the
    preparation time into Echo Time.
    """

    COMMENT = "image comments"
    ECHO_TIME = "echo time"


class MapStyle(StrEnum):
    r"""Header of the scanner's maps.

    ``TAGGED``: Image Type ``DERIVED\PRIMARY\T1 MAP``. ``DISGUISED``: ``ORIGINAL\PRIMARY\P``, like a
    phase image, as in the ShMOLLI study of ``../shared/data/relaxometry``.
    """

    TAGGED = "tagged"
    DISGUISED = "disguised"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


_Positive = Annotated[float, Field(gt=0)]
_Share = Annotated[float, Field(gt=0, lt=1)]
_Distance = Annotated[float, Field(ge=0)]


class RelaxationTimes(_Frozen):
    """Native relaxation times of one tissue; T2* is the shortest."""

    t1_ms: _Positive
    t2_ms: _Positive
    t2_star_ms: _Positive

    @model_validator(mode="after")
    def _in_order(self) -> RelaxationTimes:
        if not self.t2_star_ms <= self.t2_ms <= self.t1_ms:
            raise ValueError("relaxation times: expected T2* <= T2 <= T1")
        return self


class Lesion(_Frozen):
    """A segment of other tissue, through the whole wall and thickness of its slice.

    Parameters
    ----------
    segment
        AHA number, 1 to 16.
    t1_ratio, t2_ratio
        Native T1 and T2 over those of the healthy wall. The inhomogeneity 1/T2* - 1/T2 is that of
        the healthy wall.
    ecv_fraction
        Extracellular volume.
    """

    segment: Annotated[int, Field(ge=1, le=16)]
    t1_ratio: _Positive = 1.2
    t2_ratio: _Positive = 1.3
    ecv_fraction: _Share = 0.42


class MappingSettings(_Frozen):
    """Options of the mapping part of a study.

    Parameters
    ----------
    protocols
        What is acquired.
    signal, inversion_efficiency
        MOLLI alone. The model has perfect inversions and full recovery before each of them; the
        simulation inverts to minus this share of the magnetisation it finds.
    phase_images
        Also write the phase of the T1 source images, a series of its own.
    snr
        Healthy myocardium in the reference image (longest TI, or shortest T2 weighting) over the SD
        of the noise in each of the real and imaginary part; no noise when absent.
    myocardium, blood
        Native relaxation times; typical ones for the field strength when absent.
    blood_post_t1_ms, haematocrit, ecv_fraction
        Post-contrast T1 of blood; volume share of red cells; extracellular volume of the healthy
        wall. They fix the post-contrast T1 of the wall.
    lesion
        Planted lesion.
    breath_hold_mm
        Largest displacement, down and along, of each slice's breath-hold in each acquisition, in
        steps of half a pixel; images and labels move together.
    breathing_mm
        Largest displacement of an image against the reference image of its slice, in the same
        steps; labels stay.
    unprepared_ms
        Inversion Time written for the SASHA image without saturation; empty when absent.
    t2_prep_ms, t2_prep_tag
        Preparation times, and where they are written.
    maps, t2_map_unit_ms, colour_copies
        Also write the scanner's own T1 and T2 maps; what one stored unit of T2 means (some scanners
        store 0.1 ms); an identical copy of each image with a colour palette.
    turn_deg
        Turn of these images in their plane, on top of that of the study.
    """

    protocols: Annotated[tuple[Protocol, ...], Field(min_length=1)] = tuple(Protocol)
    signal: MolliSignal = MolliSignal.MODEL
    inversion_efficiency: Annotated[float, Field(gt=0, le=1)] = 0.96
    phase_images: bool = False
    snr: _Positive | None = 40.0
    myocardium: RelaxationTimes | None = None
    blood: RelaxationTimes | None = None
    blood_post_t1_ms: _Positive = 320.0
    haematocrit: _Share = 0.42
    ecv_fraction: _Share = 0.26
    lesion: Lesion | None = None
    breath_hold_mm: _Distance = 0.0
    breathing_mm: _Distance = 0.0
    unprepared_ms: _Positive | None = None
    t2_prep_ms: Annotated[tuple[_Distance, ...], Field(min_length=3)] = (0.0, 25.0, 55.0)
    t2_prep_tag: T2PrepTag = T2PrepTag.COMMENT
    maps: MapStyle | None = None
    t2_map_unit_ms: _Positive = 1.0
    colour_copies: bool = False
    turn_deg: float = 0.0

    @model_validator(mode="after")
    def _protocols_differ(self) -> MappingSettings:
        if len(set(self.protocols)) < len(self.protocols):
            raise ValueError("protocols: expected each at most once")
        return self
