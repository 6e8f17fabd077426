"""Faults planted in expert masks, to see which of them the gates notice."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from cmr.anatomy import Labels
from cmr.body import Subject
from cmr.labels import Label
from cmr.quality import TEMPORAL_GATES, QualitySettings, judge
from cmr.records import Status
from cmr.volume import Volume4D
from cmr.volumetry import VolumetrySettings, measure

Fault = Callable[[Labels], None]


def share_noticed(
    volumes: Sequence[Volume4D],
    fault: Fault,
    measuring: VolumetrySettings,
    quality: QualitySettings,
) -> float:
    """Share of the patients in whom a gate does not pass once the fault is planted.

    Parameters
    ----------
    volumes
        Masks ``(2, z, row, col)`` with ED and ES, base first.
    fault
        Changes one mask in place.
    """
    noticed = 0
    for volume in volumes:
        data = volume.data.copy()
        fault(data)
        gates = judge(measure(volume.with_data(data), Subject(), measuring), quality)
        noticed += any(g.status is not Status.PASS and g.name not in TEMPORAL_GATES for g in gates)
    return noticed / len(volumes)


def _base(phase: Labels) -> int:
    return int(np.flatnonzero((phase == Label.LV).any(axis=(1, 2)))[0])


def _middle(data: Labels) -> int:
    held = np.flatnonzero((data == Label.LV).any(axis=(2, 3)).all(axis=0))
    return int(held[len(held) // 2])


def _drop_base(phase: Labels) -> None:
    basal = phase[_base(phase)]
    basal[basal != Label.RV] = Label.BACKGROUND


def drop_base_at_ed(data: Labels) -> None:
    """LV and wall missing in the most basal slice of ED."""
    _drop_base(data[0])


def drop_base_at_both(data: Labels) -> None:
    """LV and wall missing in the most basal slice of ED and of ES."""
    _drop_base(data[0])
    _drop_base(data[1])


def drop_base_with_rv(data: Labels) -> None:
    """The most basal slice of ED and of ES wholly missing."""
    for phase in data:
        phase[_base(phase)] = Label.BACKGROUND


def swap_slices(data: Labels) -> None:
    """Two slices near the middle, two positions apart, in each other's place."""
    z = _middle(data)
    data[:, [z - 1, z + 1]] = data[:, [z + 1, z - 1]]


def lose_middle(data: Labels) -> None:
    """No LV in a slice at mid-ventricle."""
    middle = data[:, _middle(data)]
    middle[middle == Label.LV] = Label.BACKGROUND


def open_middle(data: Labels) -> None:
    """Half of the wall missing in a slice at mid-ventricle."""
    middle = data[:, _middle(data)]
    column = int(np.argwhere(middle == Label.LV)[:, 2].mean())
    half = middle[:, :, column:]
    half[half == Label.MYOCARDIUM] = Label.BACKGROUND


FAULTS: Mapping[str, Fault] = {
    "none": lambda data: None,  # noqa: ARG005
    "basal LV and wall missing at ED": drop_base_at_ed,
    "basal LV and wall missing at ED and ES": drop_base_at_both,
    "basal slice wholly missing at ED and ES": drop_base_with_rv,
    "two slices swapped": swap_slices,
    "LV missing in a middle slice": lose_middle,
    "half of the wall missing in a middle slice": open_middle,
}
