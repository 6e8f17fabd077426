"""From the measured wall and gates to the results schema: withheld numbers out, reasons in."""

from __future__ import annotations

from collections.abc import Sequence

from cmr.assemble import fill, kept_back_reason, withheld_reasons
from cmr.records import Gate
from cmr.results_cine import Wall, WallSegment, WallSlice
from cmr.volume import StackGeometry
from cmr.wall.motion import NO_PAIR, RegionMotion, WallMotion

METHOD = (
    "Centreline method: chords at right angles to the middle of the wall. Values of a segment come "
    "from the slices on which it was measured at both ED and ES. Regional EF: shrinkage of the "
    "cavity in the sector of the segment, about the centre of the cavity."
)
_POSITION_DECIMALS = 2


def wall_results(
    motion: WallMotion, geometry: StackGeometry, gates: Sequence[Gate], *, base_first: bool
) -> Wall:
    """Results of the wall, ready to be written; slices base first."""
    kept_back = withheld_reasons(gates)

    def region(measured: RegionMotion, path: str) -> WallSegment:
        return fill(
            WallSegment,
            measured,
            f"cine.wall.{path}",
            kept_back,
            measured.reasons,
            chords_ed=measured.chords_ed,
            chords_es=measured.chords_es,
        )

    segments = {k: region(one, f"segments.{k}") for k, one in motion.segments.items()}
    return Wall(
        global_=region(motion.whole, "global"),
        segments=segments,
        slices=_slices(motion, geometry, base_first=base_first),
        method=METHOD,
        levels=motion.aha.level_method,
        not_measured=""
        if any(any(one.values()) for one in segments.values())
        else kept_back_reason("cine.wall", kept_back) or motion.aha.reason or NO_PAIR,
    )


def _slices(motion: WallMotion, geometry: StackGeometry, *, base_first: bool) -> list[WallSlice]:
    along = geometry.slice_positions_mm
    order = range(geometry.n_slices)
    return [
        WallSlice(
            position_mm=round(float(along[z] - along[0]), _POSITION_DECIMALS),
            level=level.value if (level := motion.aha.slices[z].level) else None,
            chords_ed=int((motion.ed.slices == z).sum()),
            chords_es=int((motion.es.slices == z).sum()),
            reason_ed=motion.reasons_ed[z],
            reason_es=motion.reasons_es[z],
        )
        for z in (order if base_first else reversed(order))
    ]
