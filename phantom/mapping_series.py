"""Mapping acquisitions as series of DICOM images, the way Siemens writes them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from cmr.volume import FloatArray, Volume4D
from phantom.acquired import Acquisition, ImageTags, Palette, Sequence, started_s
from phantom.mapping import MappingSeries, MappingStudy
from phantom.mapping_protocol import MOLLI_READOUT, T1_PROTOCOLS
from phantom.mapping_settings import MappingSettings, MapStyle, Protocol, T2PrepTag
from phantom.scanner import STORED_MAX

_FIRST_SERIES = 301
# Series numbers of one acquisition: source images, their phase, the map.
_SERIES_STEP, _PHASE_STEP, _MAP_STEP = 30, 10, 20
_SECONDS_PER_SLICE = 20.0
# Contrast is given after all native acquisitions; post-contrast mapping is 12 minutes later.
_CONTRAST_PLACE = 98
_PHASE_RESCALE = (2.0, -4096.0)
_READOUT = Sequence(
    name=f"*tfi2d1_{MOLLI_READOUT.pulses}",
    image_type=("ORIGINAL", "PRIMARY", "M", "DIS2D"),
    scanning_sequence="GR",
    sequence_variant="SK\\SS\\MP",
    scan_options=("CG", "PFP"),
    echo_time_ms=MOLLI_READOUT.te_ms,
    repetition_time_ms=round(MOLLI_READOUT.duration_ms, 1),
    flip_angle_deg=MOLLI_READOUT.flip_deg,
    field_strength_t=math.nan,
)
# Inversion and saturation alike: there is no term for the latter, and without IR no Inversion Time.
_PREPARED = replace(_READOUT, scanning_sequence="GR\\IR")


@dataclass(frozen=True)
class _Style:
    """Name, place in the session and sequence of an acquisition; name of its maps."""

    description: str
    place: int
    sequence: Sequence
    comment: str


_STYLES = {
    Protocol.NATIVE_MOLLI: _Style("T1Map_LongT1_SA", 75, _PREPARED, "MOLLI"),
    Protocol.POST_MOLLI: _Style("T1Map_ShortT1_SA_post", 160, _PREPARED, "MOLLI"),
    Protocol.SASHA: _Style("T1Map_SASHA_SA", 80, replace(_PREPARED, flip_angle_deg=70), "SASHA"),
    Protocol.T2_PREP: _Style(
        "T2Map_TrueFISP_SA", 85, replace(_READOUT, flip_angle_deg=70), "TrueFISP"
    ),
    Protocol.T2_STAR: _Style(
        "T2Star_GRE_SA",
        90,
        replace(_READOUT, name="*fl2d8", sequence_variant="SK\\SP", flip_angle_deg=18),
        "GRE",
    ),
}


def mapping_acquisitions(made: MappingStudy, settings: MappingSettings) -> Iterator[Acquisition]:
    """Source images of each acquisition, their phase and the scanner's map, where they exist."""
    for series in made.series.values():
        tags = _source_tags(series, settings)
        source = _source(series, tags, made.truth.field_strength_t)
        yield source
        if series.phases is not None:
            yield _phase(source, tags, series.phases)
        if series.scanner_map is not None:
            yield _map(source, tags, series, series.scanner_map, settings)


def _source(series: MappingSeries, tags: ImageTags, field_strength_t: float) -> Acquisition:
    style = _STYLES[series.protocol]
    return Acquisition(
        style.description,
        series.images,
        replace(style.sequence, field_strength_t=field_strength_t),
        _FIRST_SERIES + _SERIES_STEP * list(Protocol).index(series.protocol),
        started_s(style.place),
        tags,
    )


def _begun_s(series: MappingSeries) -> FloatArray:
    slices = np.arange(series.times_ms.shape[1])
    begun_s = started_s(_STYLES[series.protocol].place) + _SECONDS_PER_SLICE * slices
    return np.asarray(begun_s + series.beats * series.images.rr_ms / 1000)


def _source_tags(series: MappingSeries, settings: MappingSettings) -> ImageTags:
    tags = ImageTags(_begun_s(series))
    if series.protocol in T1_PROTOCOLS:
        post = series.protocol is Protocol.POST_MOLLI
        contrast_s = started_s(_CONTRAST_PLACE) if post else None
        unprepared = math.nan if settings.unprepared_ms is None else settings.unprepared_ms
        written_ms = np.where(np.isinf(series.times_ms), unprepared, series.times_ms)
        return replace(tags, inversion_ms=written_ms, contrast_s=contrast_s)
    if series.protocol is Protocol.T2_PREP and settings.t2_prep_tag is T2PrepTag.COMMENT:
        named = (f"T2 prep. duration = {time_ms:g} ms" for time_ms in settings.t2_prep_ms)
        return replace(tags, comments=tuple(named))
    return replace(tags, echo_ms=series.times_ms)


def _phase(source: Acquisition, tags: ImageTags, phases: Volume4D) -> Acquisition:
    return replace(
        source,
        volume=phases,
        sequence=replace(source.sequence, image_type=("ORIGINAL", "PRIMARY", "P", "DIS2D")),
        series_number=source.series_number + _PHASE_STEP,
        tags=replace(tags, rescale=_PHASE_RESCALE),
    )


def _map(
    source: Acquisition,
    tags: ImageTags,
    series: MappingSeries,
    values: Volume4D,
    settings: MappingSettings,
) -> Acquisition:
    """The scanner's map; after its colour copy where there is one, as in the ShMOLLI study."""
    images, copies = series.images, 2 if settings.colour_copies else 1
    kind = "T1" if series.protocol in T1_PROTOCOLS else "T2"
    comment = _STYLES[series.protocol].comment
    image_type: tuple[str, ...] = ("DERIVED", "PRIMARY", f"{kind} MAP", kind, "DIS2D")
    if settings.maps is MapStyle.DISGUISED:
        image_type = ("ORIGINAL", "PRIMARY", "P", "DIS2D")
    last_s = tags.begun_s.max(axis=0)
    return replace(
        source,
        description=f"{source.description}_{kind}",
        volume=Volume4D(
            np.repeat(values.data, copies, axis=0),
            images.geometry,
            images.times_ms[:copies],
            images.rr_ms,
        ),
        sequence=replace(
            source.sequence,
            image_type=image_type,
            echo_time_ms=math.nan,
            repetition_time_ms=math.nan,
        ),
        series_number=source.series_number + _MAP_STEP,
        tags=ImageTags(
            np.repeat(last_s[None], copies, axis=0),
            comments=(f"{comment} color", f"{comment} {kind} Map")[-copies:],
            palettes=(_rainbow(), _grey()) if settings.colour_copies else (),
            contrast_s=tags.contrast_s,
        ),
    )


def _grey() -> Palette:
    ramp = np.linspace(0, 65535, STORED_MAX + 1).astype(np.uint16)
    return Palette(ramp, ramp, ramp)


def _rainbow() -> Palette:
    """From blue through green to red."""
    x = np.linspace(0, 4, STORED_MAX + 1)
    bands = (np.clip(1.5 - np.abs(x - middle), 0, 1) for middle in (3, 2, 1))
    return Palette(*(np.rint(65535 * band).astype(np.uint16) for band in bands))
