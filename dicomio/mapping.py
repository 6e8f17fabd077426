"""Find every mapping acquisition of a study: source images, scanner maps, fit parameters."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from cmr.mapping.terms import MapKind, Method
from cmr.settings import Section
from dicomio.index import Study
from dicomio.kinds import SeriesKind
from dicomio.map_choice import choose_maps, parameter_planes
from dicomio.mapping_contrast import Unjudged, Verdict, contrast_states
from dicomio.mapping_frames import build_map, build_source
from dicomio.mapping_sequence import UNKNOWN, ToldSequence, named, tell
from dicomio.mapping_sessions import sessions
from dicomio.mapping_slices import MappingSlice, Role, mapping_slices
from dicomio.mapping_source import (
    Acquisition,
    MappingSource,
    MappingStudy,
    MapSource,
    ParameterSource,
)
from dicomio.mapping_stack import ChosenStack, SourceStack, resolve
from dicomio.mapping_uses import series_uses
from dicomio.parts import SeriesPart
from dicomio.slices import geometry_of
from dicomio.stacks import StackSettings

_NEED_CONTRAST = (SeriesKind.LGE_MAGNITUDE, SeriesKind.LGE_PSIR, SeriesKind.PERFUSION)
_Record = TypeVar("_Record", MappingSource, MapSource)
_Chosen = TypeVar("_Chosen", bound=ChosenStack)


class MappingSettings(Section):
    """How mapping acquisitions are told apart, and what is asked of their times.

    Attributes
    ----------
    longest_time_ms
        Longer inversion, saturation, preparation or echo times are errors of the header.
    least_times
        Different times that a slice needs.
    longest_pause_s
        Between neighbouring slices of one acquisition.
    """

    longest_time_ms: float
    least_times: int
    longest_pause_s: float


@dataclass(frozen=True, eq=False)
class _Draft:
    """One acquisition, before its contrast state is known."""

    sources: SourceStack | None
    maps: ChosenStack | None
    phases: tuple[MappingSlice, ...]
    parameters: tuple[MappingSlice, ...]

    @property
    def slices(self) -> tuple[MappingSlice, ...]:
        """Those of the source images, else of the map."""
        found = self.sources or self.maps
        return found.slices if found else ()


def find_mapping(
    study: Study,
    parts: Mapping[SeriesKind, Sequence[SeriesPart]],
    settings: MappingSettings,
    stack: StackSettings,
) -> MappingStudy:
    """Mapping acquisitions among the ``parts`` of a study's series by kind.

    Series that must not be used are not among ``parts``.
    """
    slices, refused = mapping_slices(parts, settings.longest_time_ms)
    refusals = defaultdict(list, refused)
    drafts = [
        _draft(session, settings, stack, refusals)
        for session in sessions(slices, stack, settings.longest_pause_s)
    ]
    drafts = sorted((d for d in drafts if d.slices), key=_draft_order)
    told = [_sequence(draft) for draft in drafts]
    states = contrast_states(
        [_unjudged(d, t) for d, t in zip(drafts, told, strict=True)],
        study,
        contrast_series=any(parts.get(kind) for kind in _NEED_CONTRAST),
        longest_pause_s=settings.longest_pause_s,
    )
    sources, maps, parameters = [], [], []
    for number, (draft, sequence, state) in enumerate(zip(drafts, told, states, strict=True), 1):
        acquisition = _acquisition(study.uid, number, draft, sequence, state)
        if draft.sources:
            sources.append(build_source(acquisition, draft.sources, draft.phases))
        if draft.maps:
            maps.append(build_map(acquisition, draft.maps, draft.slices))
        if draft.parameters:
            parameters += _parameters(acquisition, draft.parameters)
    seen = [s.first.series_uid for s in slices] + list(refused)
    return MappingStudy(
        sources=_sorted(sources),
        maps=_sorted(maps),
        parameters=tuple(parameters),
        uses=series_uses(sources, maps, parameters, refusals, dict.fromkeys(seen)),
    )


def _draft(
    session: Sequence[MappingSlice],
    settings: MappingSettings,
    stack: StackSettings,
    refusals: dict[str, list[str]],
) -> _Draft:
    by_role: dict[Role, list[MappingSlice]] = defaultdict(list)
    for slice_ in session:
        by_role[slice_.role].append(slice_)
    return _Draft(
        sources=_best(
            by_role[Role.MAGNITUDE],
            lambda version: resolve(version, stack, settings.least_times),
            refusals,
        ),
        maps=_best(by_role[Role.MAP], lambda version: choose_maps(version, stack), refusals),
        phases=tuple(by_role[Role.PHASE]),
        parameters=tuple(by_role[Role.PARAMETERS]),
    )


def _best(
    slices: Sequence[MappingSlice],
    choose: Callable[[Sequence[MappingSlice]], _Chosen],
    refusals: dict[str, list[str]],
) -> _Chosen | None:
    """Images before or after the scanner's motion correction: most slices, then corrected ones.

    The scanner's own map is made of the corrected images, so that fit and map can be compared.
    """
    versions = [[s for s in slices if s.motion_corrected is wanted] for wanted in (True, False)]
    stacks = [choose(version) for version in versions if version]
    usable = [found for found in stacks if found.slices]
    best = max(usable, key=lambda found: len(found.slices)) if usable else None
    for found in stacks:
        for uid, reason in found.not_taken:
            refusals[uid].append(reason)
    for uid in {s.first.series_uid for found in usable if found is not best for s in found.slices}:
        refusals[uid].append(_other_version(best))
    return best


def _other_version(best: ChosenStack | None) -> str:
    if best and best.slices[0].motion_corrected:
        return "the images of the same acquisition that the scanner corrected for motion are used"
    return "the same acquisition has more usable slices without the scanner's motion correction"


def _draft_order(draft: _Draft) -> tuple[int, float, str]:
    first = min(draft.slices, key=lambda s: s.identity)
    starts = [s.started_s for s in draft.slices if math.isfinite(s.started_s)]
    return list(MapKind).index(first.kind), min(starts, default=math.inf), first.first.series_uid


def _sequence(draft: _Draft) -> ToldSequence:
    """What most slices of source images are told to be; else what the names of maps say."""
    told = ToldSequence(Method.UNKNOWN, UNKNOWN)
    if draft.sources:
        told = Counter(tell(s) for s in draft.sources.slices).most_common(1)[0][0]
    if told.name != UNKNOWN or not draft.maps:
        return told
    names = Counter(named(s.first) for s in draft.maps.slices)
    return replace(told, name=names.most_common(1)[0][0])


def _unjudged(draft: _Draft, told: ToldSequence) -> Unjudged:
    return Unjudged(draft.slices[0].kind, told.name.split()[0], draft.slices)


def _acquisition(
    study_uid: str, number: int, draft: _Draft, told: ToldSequence, state: Verdict
) -> Acquisition:
    first = draft.slices[0].first
    return Acquisition(
        study_uid=study_uid,
        number=number,
        kind=draft.slices[0].kind,
        method=told.method,
        sequence=told.name,
        contrast=state.contrast,
        contrast_reason=state.reason,
        started_s=_draft_order(draft)[1],
        field_strength_t=first.field_strength_t,
        manufacturer=first.manufacturer,
    )


def _parameters(acquisition: Acquisition, slices: Sequence[MappingSlice]) -> list[ParameterSource]:
    ordered = sorted(slices, key=lambda s: float(s.position_mm @ s.normal))
    planes = parameter_planes(ordered)
    if not planes:
        return []
    return [
        ParameterSource(
            acquisition=acquisition,
            frames={name: tuple(i.ref for i in images) for name, (images, _) in planes.items()},
            scale={name: scale for name, (_, scale) in planes.items()},
            geometry=geometry_of(ordered),
        )
    ]


def _sorted(records: list[_Record]) -> tuple[_Record, ...]:
    """By kind, most slices first, then as acquired."""
    kinds = list(MapKind)
    return tuple(
        sorted(
            records,
            key=lambda r: (
                kinds.index(r.acquisition.kind),
                -r.geometry.n_slices,
                r.acquisition.number,
            ),
        )
    )
