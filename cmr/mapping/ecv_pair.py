"""Which native and which post-contrast T1 map give the extracellular volume, and what is needed."""

from __future__ import annotations

from collections.abc import Sequence

from cmr.mapping.about import MapAbout
from cmr.mapping.terms import MapKind
from cmr.results_mapping import HaematocritRecord
from cmr.tissue.haematocrit import (
    Haematocrit,
    HaematocritSettings,
    measured_haematocrit,
    synthetic_haematocrit,
)

# The formula of the synthetic haematocrit is of MOLLI's blood T1; SASHA's is longer.
_SYNTHETIC_FAMILY = "MOLLI"


class NoEcvError(Exception):
    """Why a study has no extracellular volume; a whole sentence."""


def choose_pair(maps: Sequence[MapAbout]) -> tuple[int, int]:
    """Indices of the first native and post-contrast T1 maps of one family of sequences.

    T1 of another sequence differs by more than what the contrast agent does to ECV.

    Raises
    ------
    NoEcvError
        There is no such pair.
    """
    native = [i for i, m in enumerate(maps) if m.quantity == "native_t1"]
    post = [i for i, m in enumerate(maps) if m.quantity == "post_t1"]
    undecided = any(m.quantity == "t1" for m in maps)
    if not (native and post):
        missing = " and ".join(
            name for name, found in (("native", native), ("post-contrast", post)) if not found
        )
        unsure = " A T1 map could not be told native or post-contrast." if undecided else ""
        raise NoEcvError(f"There is no {missing} T1 map.{unsure}")
    for i in native:
        for j in post:
            if _family(maps[i]) == _family(maps[j]):
                return i, j
    raise NoEcvError(
        f"T1 was measured with {maps[native[0]].sequence} before contrast and with "
        f"{maps[post[0]].sequence} after it, which do not compare."
    )


def has_scanner_ecv(maps: Sequence[MapAbout]) -> bool:
    """The scanner made an ECV map itself."""
    return any(m.kind is MapKind.ECV for m in maps)


def haematocrit_for(
    native: MapAbout,
    blood_t1_ms: float,
    stated: tuple[float | None, str, str],
    settings: HaematocritSettings,
) -> tuple[Haematocrit, HaematocritRecord]:
    """The stated haematocrit, else the synthetic one where its formula holds.

    An estimate never stands in for a value that was stated and cannot be used.

    Parameters
    ----------
    stated
        Fraction or None, where it stands, why there is none.

    Raises
    ------
    NoEcvError
        There is none that can be used.
    """
    fraction, origin, reason = stated
    if fraction is not None:
        found, reason = measured_haematocrit(fraction, settings), f"{origin}:"
    elif origin:
        raise NoEcvError(reason)
    elif not _family(native).startswith(_SYNTHETIC_FAMILY):
        raise NoEcvError(
            f"{reason} The synthetic haematocrit holds for MOLLI, not for {native.sequence}."
        )
    else:
        found = synthetic_haematocrit(blood_t1_ms, native.field_strength_t, settings)
        origin = "native T1 of blood (Treibel 2016)"
    if found.reason or found.source == "none":
        raise NoEcvError(f"{reason} {found.reason}")
    record = HaematocritRecord(
        fraction=round(found.fraction, 4),
        sd_fraction=round(found.sd_fraction, 4),
        source=found.source,
        origin=origin,
    )
    return found, record


def _family(about: MapAbout) -> str:
    """Name of the sequence without its scheme."""
    return about.sequence.split()[0]
