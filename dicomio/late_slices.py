"""The images of late enhancement one by one: magnitude or phase-sensitive, by facts first."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cmr.scar.terms import LateKind
from dicomio.headers import ImageHeader
from dicomio.kinds import Component, SeriesKind
from dicomio.names import kind_hint, names_average, names_magnitude
from dicomio.parts import SeriesPart
from dicomio.slices import SliceImages

LATE_KINDS = (SeriesKind.LGE_MAGNITUDE, SeriesKind.LGE_PSIR)
_PHASE_TOKENS = frozenset({"PHASE MAP", "P_IR", "P_FFE", "P_SE"})
_AVERAGE_TOKENS = frozenset({"AVE", "AVG", "AVERAGE", "MEAN"})
# A slice is taken twice, hardly three times in one series; without positions a whole stack is one.
_MOST_REPEATS = 2


@dataclass(frozen=True, eq=False)
class LateSlice(SliceImages):
    """One image of late enhancement."""

    kind: LateKind

    @property
    def averaged(self) -> bool:
        """Mean of several acquisitions, as image type or name say."""
        tokens = _AVERAGE_TOKENS & set(self.first.image_type)
        return bool(tokens) or names_average(self.first.description)

    @property
    def corrected_real(self) -> bool:
        """Real image with the phase of the reference taken off, by the word of Philips."""
        return any(token.startswith("CR_") for token in self.first.image_type)

    @property
    def processed(self) -> bool:
        """A processed copy, by its image type."""
        return "DERIVED" in self.first.image_type

    @property
    def inversion_ms(self) -> float:
        """Inversion time, Philips' own where the standard one is absent; NaN when unknown."""
        known = (self.first.inversion_time_ms, self.first.private_inversion_ms)
        return next((time for time in known if time > 0), math.nan)


def late_slices(
    parts: Mapping[SeriesKind, Sequence[SeriesPart]],
) -> tuple[list[LateSlice], dict[str, list[str]]]:
    """Images of all late-enhancement series, and why others are not taken, by series UID.

    Magnitude and phase-sensitive images may share a series. An image is phase-sensitive when it is
    the real part of the signal or says PSIR. Phase images are not, but for those of a series that
    is named PSIR and holds no real images (Siemens). A name decides only where no header does.
    """
    found = [part for kind in LATE_KINDS for part in parts.get(kind, ())]
    by_series: dict[str, list[SeriesPart]] = defaultdict(list)
    for part in found:
        by_series[part.series_uid].append(part)
    slices: list[LateSlice] = []
    refused: dict[str, list[str]] = {}
    for uid, members in by_series.items():
        judge = _Judge([image for part in members for image in part.images])
        faults: list[str] = []
        for part in members:
            taken, refusals = _of_part(part, judge)
            slices += taken
            faults += refusals
        refused[uid] = [f"{n} x {fault}" for fault, n in Counter(faults).items()]
    return slices, refused


def _of_part(part: SeriesPart, judge: _Judge) -> tuple[list[LateSlice], list[str]]:
    taken: list[LateSlice] = []
    faults: list[str] = []
    for image in part.images:
        kind, fault = judge.kind(image)
        if kind is not None:
            taken.append(LateSlice((image,), kind))
        else:
            faults.append(fault)
    most = max(Counter(s.kind for s in taken).values(), default=0)
    if len(part.positions) == 1 and most > _MOST_REPEATS:
        fault = "images of one position: slices that lost theirs or repeats, nothing tells which"
        return [], [*faults, *[fault] * len(taken)]
    return taken, faults


class _Judge:
    """Tells the images of one series apart."""

    def __init__(self, images: Sequence[ImageHeader]) -> None:
        self._by_header = any(_is_real(i) or _says_psir(i) for i in images)
        self._with_phase = any(_is_psir_phase(i) for i in images)
        unknown = (i for i in images if i.component is Component.UNKNOWN)
        self._twins = Counter((_place(i), _moment(i)) for i in unknown)

    def kind(self, image: ImageHeader) -> tuple[LateKind | None, str]:
        """Magnitude or PSIR; None and the reason for what is neither."""
        if _is_real(image) or _says_psir(image):
            return LateKind.PSIR, ""
        if image.component is Component.PHASE:
            if _is_psir_phase(image) and not self._by_header:
                return LateKind.PSIR, ""
            return None, "phase image, which shows no enhancement"
        if image.component is Component.IMAGINARY:
            return None, "imaginary image, which shows no enhancement"
        if self._is_twin(image):
            return None, "one of several images of one acquisition, none says which is magnitude"
        by_name = _named_psir(image) and not (self._by_header or self._with_phase)
        return LateKind.PSIR if by_name else LateKind.MAGNITUDE, ""

    def _is_twin(self, image: ImageHeader) -> bool:
        """Another image of the same place and moment, and neither tells its component.

        Without times, repeats are believed unless the name speaks of PSIR.
        """
        if image.component is not Component.UNKNOWN:
            return False
        timed = math.isfinite(image.acquired_s) or _named_psir(image)
        return timed and self._twins[_place(image), _moment(image)] > 1


def _is_real(image: ImageHeader) -> bool:
    return image.component is Component.REAL


def _says_psir(image: ImageHeader) -> bool:
    named = image.component is Component.MAGNITUDE and names_magnitude(image.description)
    return not named and any("PSIR" in token for token in image.image_type)


def _is_psir_phase(image: ImageHeader) -> bool:
    phase = image.component is Component.PHASE and _named_psir(image)
    return phase and not _PHASE_TOKENS & set(image.image_type)


def _named_psir(image: ImageHeader) -> bool:
    if names_magnitude(image.description):
        return False
    hint = kind_hint(image.description) or kind_hint(image.protocol)
    return hint is SeriesKind.LGE_PSIR


def _place(image: ImageHeader) -> tuple[float, ...]:
    return tuple(round(v, 1) for v in image.position_mm + image.orientation)


def _moment(image: ImageHeader) -> float | None:
    return image.acquired_s if math.isfinite(image.acquired_s) else None
