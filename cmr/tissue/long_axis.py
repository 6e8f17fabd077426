"""Which side of a short-axis plane faces the apex: independent signs that must not contradict.

The same answer tells the anterior RV insertion from the inferior one, because seen from the apex
the septum runs counter-clockwise from the anterior insertion.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cmr.anatomy import Labels
from cmr.labels import Label
from cmr.settings import Section
from cmr.tissue.levels import LvExtent
from cmr.volume import FloatArray, StackGeometry

PATIENT = "patient coordinates of the stack normal"
SEPTUM = "position of the septum in the patient"
AREAS = "cavity areas along the stack"
EXTENT = "given extent of the left ventricle"


class LongAxisSettings(Section):
    """Where a heart lies, and when a sign is clear enough to count.

    Attributes
    ----------
    long_axis_lps
        Usual direction from base to apex.
    anterior_lps
        Usual direction from the centre of the LV to its anterior wall.
    min_cosine
        Of an angle with a usual direction; nearer to a right angle the sign does not count.
    min_area_shift_fraction
        Shift of the centre of the blood area from the middle of the LV slices, over their length.
    """

    long_axis_lps: tuple[float, float, float]
    anterior_lps: tuple[float, float, float]
    min_cosine: float
    min_area_shift_fraction: float


@dataclass(frozen=True)
class ApexSide:
    """Side of the planes that faces the apex.

    Attributes
    ----------
    sign
        1 where the stack normal points to the apex, -1 where it points to the base, 0 unknown.
    signs
        What each piece of evidence says by itself.
    reason
        Why it is unknown; empty otherwise.
    """

    sign: int
    signs: Mapping[str, int]
    reason: str


def find_apex_side(
    labels: Labels,
    geometry: StackGeometry,
    septum_lps: FloatArray,
    extent: LvExtent | None,
    settings: LongAxisSettings,
) -> ApexSide:
    """Weigh up what is known of labels ``(z, row, col)``.

    ``septum_lps`` ``(3,)`` points from the LV centre to the middle of the septum. Signs that are
    not clear are left out; the others must agree. Where both directions in the patient are clear
    and agree, areas are not asked: an RV missed on one slice would turn them round.
    """
    normal = geometry.normal
    # The normal taken for the apex puts the anterior wall here; otherwise at the opposite side.
    anterior = np.cross(septum_lps, normal)
    signs = {
        PATIENT: _sign(normal, np.asarray(settings.long_axis_lps), settings.min_cosine),
        SEPTUM: _sign(anterior, np.asarray(settings.anterior_lps), settings.min_cosine),
        AREAS: _sign_of_areas(labels, geometry, settings.min_area_shift_fraction),
    }
    if extent is not None:
        signs[EXTENT] = _sign(normal, extent.axis_mm, settings.min_cosine)
    clear = {name: sign for name, sign in signs.items() if sign}
    if signs[PATIENT] == signs[SEPTUM] != 0:
        clear.pop(AREAS, None)
    if len(set(clear.values())) == 1:
        return ApexSide(next(iter(clear.values())), signs, "")
    return ApexSide(0, signs, _reason(clear))


def _sign(a: FloatArray, b: FloatArray, least_cosine: float) -> int:
    length = np.linalg.norm(a) * np.linalg.norm(b)
    cosine = float(a @ b / length) if length > 0 else 0.0
    return int(np.sign(cosine)) if abs(cosine) >= least_cosine else 0


def _sign_of_areas(labels: Labels, geometry: StackGeometry, least_shift: float) -> int:
    """As :func:`cmr.anatomy.base_is_first`, where the centre is clearly off the middle."""
    lv, rv = (np.count_nonzero(labels == x, axis=(1, 2)) for x in (Label.LV, Label.RV))
    held = geometry.slice_positions_mm[lv > 0]
    if held.size < 2:
        return 0
    centre = (lv + rv) @ geometry.slice_positions_mm / (lv + rv).sum()
    shift = ((held[0] + held[-1]) / 2 - centre) / (held[-1] - held[0])
    return int(np.sign(shift)) if abs(shift) >= least_shift else 0


def _reason(clear: Mapping[str, int]) -> str:
    if not clear:
        return "Nothing tells which side of the stack faces the apex."
    one, other = (" and ".join(n for n, s in clear.items() if s == sign) for sign in (1, -1))
    return f"Contradiction on the side of the apex: {one} against {other}."
