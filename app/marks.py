"""Which numbers a quality gate speaks of, and the mark that each of them gets."""

from __future__ import annotations

from cmr.gate import WALL_KEYS
from cmr.records import Gate, Status, most_severe
from cmr.results import StudyResults, Ventricle

SIGNS = {Status.PASS: " ", Status.REVIEW: "▲", Status.WITHHELD: "✕"}
"""One column wide, so that numbers stay below each other."""

_CINE = ("cine.lv", "cine.rv")
# Gates of the cine that ask for a look at less than all its volumes.
OF_THE_LV = ("area_kink", "area_length_difference", "base_")
OF_THE_WALL = ("mass_difference",)
OF_THE_RATES = ("rate_fit",)
_RATES = tuple(
    f"{side}.{quantity.key}"
    for side in _CINE
    for quantity in Ventricle.quantities()
    if "peak" in quantity.key
)


class Marks:
    """The gates of a study that did not pass, asked by dotted key of a number."""

    def __init__(self, results: StudyResults) -> None:
        self.gates = [gate for gate in results.quality if gate.status is not Status.PASS]
        self._concerned = [concerned(gate, results) for gate in self.gates]

    def of(self, key: str) -> Status:
        """The most severe verdict on a number."""
        pairs = zip(self.gates, self._concerned, strict=True)
        return most_severe(gate.status for gate, keys in pairs if any(_below(key, k) for k in keys))

    def signs(self, key: str) -> str:
        """Mark of a number; a space where there is none."""
        return SIGNS[self.of(key)]


def concerned(gate: Gate, results: StudyResults) -> tuple[str, ...]:
    """Dotted keys, or what they begin with, of the numbers that a gate speaks of.

    A gate that withholds says so itself. One that asks for a look is found by its name: those of a
    map begin with its key, those of late enhancement with ``scar``; the rest are of the cine.
    """
    if gate.withholds:
        return tuple(gate.withholds)
    maps = results.mapping.maps if results.mapping else {}
    named = [key for key in maps if gate.name.startswith(f"{key}_")]
    if named:
        return (f"mapping.{max(named, key=len)}",)
    if gate.name.startswith("scar"):
        return ("scar",)
    if gate.name.startswith(OF_THE_WALL):
        return WALL_KEYS
    if gate.name.startswith(OF_THE_RATES):
        return _RATES
    return ("cine.lv",) if gate.name.startswith(OF_THE_LV) else _CINE


def _below(key: str, part: str) -> bool:
    return key == part or key.startswith(f"{part}.")
