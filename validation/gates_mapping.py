"""The part of ``docs/gates.md`` on tissue mapping, whose limits no labels calibrate."""

from __future__ import annotations

from cmr.gates_mapping import MappingLimits

_SECTION = """
## Tissue mapping: not calibrated

The limits of these gates are choices, made from what a map should be. **None was calibrated on
patients**: there were no maps with expert contours to do it with. They stand in `app.yaml` under
`quality.mapping`, but where another place is named. Each gate begins with the key of its map, such
as `native_t1_fit`, or `native_t1-2_fit` for a second native T1 map; `qc` of a map names those that
do not pass. All of them ask for a review, but `unit`, which withholds.

- `<map>_unit` withholds every number of a scanner's map whose values are doubted
  (`mapping.plausible`) and that no fit replaces.
- `<map>_scanner_map`: a scanner's map that was doubted; the fitted one was measured.
- `<map>_heart`: no heart was found. The figure is the mean Dice of the single contrasts' myocardium
  with their consensus; the limit is `mapping.heart.min_agreement_fraction`.
- `<map>_scanner_difference`: median absolute difference of fitted and scanner's map, over pixels
  that have both, more than {scanner:g} % of the median of the map that was measured.
- `<map>_motion`: a source image was shifted by more than {shift:g} mm.
- `<map>_fit`: more than {fit:g} % of the pixels of the worst segment have an R² below {r2:g} (T2*:
  {r2_t2_star:g}), or none; only for maps with an R².
- `<map>_blood`: median of the blood pool out of `mapping.plausible.blood_native_t1_ms`,
  `blood_post_t1_ms` or `blood_t2_ms`; other maps have no such gate.
- `<map>_cine_contours`: in the worst slice, Dice of the disc that the epicardium encloses with that
  of the cine below {cine:g} %, or nothing to compare. Without a measured cine: no such gate.
- `ecv_registration`: in the worst slice, Dice of the epicardial discs of native and post-contrast
  map after registration below {post:g} %; for an ECV that was computed.
- `ecv_range`: median ECV of the wall outside {ecv_low:g} to {ecv_high:g} %.

Without a heart, the gates that need one are not asked.
"""


def mapping_section(limits: MappingLimits) -> str:
    """Markdown text of the gates on maps, with the limits in use."""
    return _SECTION.format(
        scanner=limits.max_scanner_difference_pct,
        shift=limits.max_shift_mm,
        r2=limits.good_r2,
        r2_t2_star=limits.good_r2_t2_star,
        fit=limits.max_poor_fit_pct,
        cine=limits.min_cine_dice_pct,
        post=limits.min_post_dice_pct,
        ecv_low=limits.ecv_pct.low,
        ecv_high=limits.ecv_pct.high,
    )
