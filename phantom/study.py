"""A phantom as a cine volume with its labels, or as a DICOM study with decoys."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from cmr.volume import StackGeometry, Volume4D
from phantom.acquired import Acquisition, Person, Sequence, started_s
from phantom.appearance import load_appearance
from phantom.classic import write_classic
from phantom.enhanced import write_enhanced
from phantom.identity import Identity
from phantom.imaging import (
    Advance,
    Measurement,
    full_stack,
    gated,
    take_cine,
    take_still,
    with_signals,
    without_slices,
)
from phantom.late import late_signals
from phantom.mapping import make_mapping, mapping_plane_count
from phantom.mapping_series import mapping_acquisitions
from phantom.planes import long_axis_planes, scout_planes
from phantom.scar import make_scar
from phantom.scar_series import late_sequence, scar_acquisitions
from phantom.settings import Layout, PhantomSettings
from phantom.subject import PhantomSubject, draw_subject
from phantom.tissue import Contrast
from phantom.truth import Phases, Truth, continuous_truth, discretised_truth
from phantom.wall_truth import motion_truth

_SCOUT_SERIES, _LONG_AXIS_SERIES, _REPEAT_SERIES = 1, 10, 20
_SHORT_AXIS_SERIES, _LATE_SERIES = 101, 201


def make_cine(
    settings: PhantomSettings, advance: Advance = lambda: None
) -> tuple[Volume4D, Volume4D, Truth]:
    """Short-axis cine without DICOM: images as the files would hold them, true labels, truth.

    Returns
    -------
    tuple
        Images ``(t, z, row, col)`` float32 in 0 to 4095; labels uint8 (see
        :func:`phantom.render.render_slice` for the rule); what is known of the heart.
    """
    return _short_axis(settings, draw_subject(settings), advance)


def _short_axis(
    settings: PhantomSettings, subject: PhantomSubject, advance: Advance
) -> tuple[Volume4D, Volume4D, Truth]:
    geometry = without_slices(full_stack(settings, subject), settings.missing_slices)
    images, labels = take_cine(
        subject, settings.seed, geometry, settings.phases, Measurement.SHORT_AXIS, advance
    )
    return images, labels, _truth(settings, subject, labels)


def _truth(settings: PhantomSettings, subject: PhantomSubject, labels: Volume4D) -> Truth:
    shape = subject.scene.shape
    es = round(shape.cycle.systole_share * settings.phases)
    phases = Phases(count=settings.phases, ed=0, es=es)
    person = _person(settings, subject)
    return Truth(
        seed=settings.seed,
        continuous=continuous_truth(shape, phases),
        discretised=discretised_truth(labels, phases),
        phases=phases,
        heart_rate_bpm=shape.heart_rate_bpm,
        height_cm=person.height_cm if settings.body_size else None,
        weight_kg=person.weight_kg if settings.body_size else None,
        slices=labels.geometry.n_slices,
        motion=motion_truth(
            subject.scene, labels.geometry, np.asarray(labels.data[[phases.ed, phases.es]])
        ),
    )


def plane_count(settings: PhantomSettings) -> int:
    """Image planes that :func:`write_study` takes: calls of its ``advance``."""
    subject = draw_subject(settings)
    full = full_stack(settings, subject)
    kept = without_slices(full, settings.missing_slices).n_slices
    repeated = sum(z < full.n_slices for z in settings.repeated_slices)
    # Decoys have a late-enhancement stack, a scar is one.
    late = kept if settings.decoys or settings.scar else 0
    decoys = 6 if settings.decoys else 0
    return kept + repeated + decoys + late + mapping_plane_count(settings)


def write_study(folder: Path, settings: PhantomSettings, advance: Advance = lambda: None) -> Truth:
    """Write the phantom as a DICOM study below ``folder``; the same settings give the same bytes.

    Nothing but DICOM files is written there.
    """
    subject = draw_subject(settings)
    images, _, truth = _short_axis(settings, subject, advance)
    cine = Acquisition(
        "SAX cine", images, _cine_sequence(subject.contrast), _SHORT_AXIS_SERIES, started_s(60)
    )
    _write(folder, cine, settings, subject)
    for other in _repeats(settings, subject, advance):
        _write(folder, other, settings, subject)
    if settings.decoys:
        for other in _decoys(settings, subject, images.geometry, advance):
            _write(folder, other, settings, subject)
    if settings.scar is not None:
        scarred = make_scar(settings, advance)
        field_strength_t = subject.contrast.field_strength_t
        for other in scar_acquisitions(scarred, settings.scar, field_strength_t):
            _write(folder, other, settings, subject)
        truth = truth.model_copy(update={"scar": scarred.truth})
    if settings.mapping is not None:
        mapped = make_mapping(settings, advance)
        for other in mapping_acquisitions(mapped, settings.mapping):
            _write(folder, other, settings, subject)
        truth = truth.model_copy(update={"mapping": mapped.truth})
    return truth


def _write(
    folder: Path, acquisition: Acquisition, settings: PhantomSettings, subject: PhantomSubject
) -> None:
    person, identity = _person(settings, subject), _identity(settings)
    named = acquisition if settings.descriptions else replace(acquisition, description="")
    suffix = ".dcm" if settings.extension else ""
    plain = acquisition.tags is None and "IR" not in acquisition.sequence.scanning_sequence
    if settings.layout is Layout.ENHANCED and plain:
        write_enhanced(folder, named, person, identity, syntax=settings.syntax, suffix=suffix)
        return
    write_classic(
        folder,
        named,
        person,
        identity,
        one_series_per_slice=settings.layout is Layout.PER_SLICE,
        syntax=settings.syntax,
        suffix=suffix,
    )


def _repeats(
    settings: PhantomSettings, subject: PhantomSubject, advance: Advance
) -> Iterator[Acquisition]:
    """Slices that were taken before, in another breath-hold position."""
    full = full_stack(settings, subject)
    for number, z in enumerate(sorted({z for z in settings.repeated_slices if z < full.n_slices})):
        volume, _ = take_cine(
            subject,
            settings.seed,
            full.take_slices([z]),
            settings.phases,
            Measurement.REPEAT,
            advance,
        )
        yield Acquisition(
            "SAX cine",
            volume,
            _cine_sequence(subject.contrast),
            _REPEAT_SERIES + number,
            started_s(40 + number),
        )


def _decoys(
    settings: PhantomSettings, subject: PhantomSubject, stack: StackGeometry, advance: Advance
) -> Iterator[Acquisition]:
    """Everything else that a cardiac study holds: scouts, long-axis cines, late enhancement."""
    pose, shape, seed = subject.scene.pose, subject.scene.shape, settings.seed
    for number, (view, plane) in enumerate(scout_planes(pose, shape).items()):
        still = take_still(subject, seed, plane, Measurement.SCOUT + number, advance)
        series = _SCOUT_SERIES + number
        sequence = _scout_sequence(subject.contrast.field_strength_t)
        yield Acquisition(f"localizer {view}", still, sequence, series, started_s(number))
    for number, (view, plane) in enumerate(long_axis_planes(settings, pose, shape).items()):
        cine, _ = take_cine(
            subject, seed, plane, settings.phases, Measurement.LONG_AXIS + number, advance
        )
        yield Acquisition(
            f"{view} cine",
            cine,
            _cine_sequence(subject.contrast),
            _LONG_AXIS_SERIES + number,
            started_s(10 + number),
        )
    if settings.scar is not None:
        return
    late_scene = with_signals(subject.scene, late_signals(load_appearance()))
    still = take_still(subject, seed, stack, Measurement.LATE, advance, late_scene)
    late = gated(still, shape.rr_ms)
    sequence = late_sequence(subject.contrast.field_strength_t)
    yield Acquisition("SAX LGE", late, sequence, _LATE_SERIES, started_s(120))


def _cine_sequence(contrast: Contrast) -> Sequence:
    """Segmented balanced SSFP as Siemens writes it; RepetitionTime is the phase duration there."""
    return Sequence(
        name="*tfi2d1_12",
        image_type=("ORIGINAL", "PRIMARY", "M", "RETRO", "NORM", "DIS2D"),
        scanning_sequence="GR",
        sequence_variant="SK\\SS",
        scan_options=("CG", "PER"),
        echo_time_ms=round(contrast.te_ms, 2),
        repetition_time_ms=round(12 * contrast.tr_ms, 2),
        flip_angle_deg=round(contrast.flip_deg),
        field_strength_t=contrast.field_strength_t,
    )


def _scout_sequence(field_strength_t: float) -> Sequence:
    return Sequence(
        name="*tfi2d1_192",
        image_type=("ORIGINAL", "PRIMARY", "M", "NORM", "DIS2D"),
        scanning_sequence="GR",
        sequence_variant="SK\\SS",
        scan_options=("PFP",),
        echo_time_ms=1.2,
        repetition_time_ms=260.0,
        flip_angle_deg=60,
        field_strength_t=field_strength_t,
    )


def _person(settings: PhantomSettings, subject: PhantomSubject) -> Person:
    body = subject.scene.body
    known = settings.body_size
    return Person(
        name=f"PHANTOM^{settings.seed:04d}",
        patient_id=f"PHANTOM{settings.seed:04d}",
        birth_date="19700101",
        sex="O",
        height_cm=float(round(100 * body.height_m)) if known else math.nan,
        weight_kg=float(round(body.weight_kg)) if known else math.nan,
    )


def _identity(settings: PhantomSettings) -> Identity:
    """UIDs of these very settings, so that no two different studies share one."""
    # A study without mapping or scar has the UIDs that it had before there was any.
    unused = {name for name in ("mapping", "scar") if getattr(settings, name) is None}
    digest = hashlib.sha256(settings.model_dump_json(exclude=unused).encode()).digest()
    return Identity(int.from_bytes(digest[:8], "big"))
