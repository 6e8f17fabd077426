"""The part of ``docs/gates.md`` on late enhancement, whose limits no labels calibrate."""

from __future__ import annotations

from cmr.gates_scar import ScarLimits

_SECTION = """
## Late enhancement: not calibrated

Choices too, under `quality.scar`; **none was calibrated on patients**. The first three withhold,
the others ask for a review.

- `scar_place` withholds everything where neither the myocardium of `tissue_sax` (Dice) nor the
  epicardial disc of the cine (mean Dice over the slices) agrees with what was measured to
  {place:g} %.
- `scar_contrast` withholds the scar and all of its parts, not the mass of the wall, where blood is
  less than {contrast:g} SD of remote myocardium brighter than it: inverted PSIR, a wrong inversion
  time, or no contrast agent.
- `scar_blood` withholds the same where blood is less than {blood:g} % as far above remote
  myocardium as scar is: in inverted images scar is the darkest wall and passes for remote.
- `scar_heart`: Dice of the myocardium of the two networks below {heart:g} %.
- `scar_remote`: more than {refused:g} % of the slices have no remote sector that is believed.
- `scar_slices`: fewer than {slices} slices with a wall.
- `scar_pitch`: the usual distance of the slices is more than {pitch:g} mm, as where slices of
  another matrix had to be left out.
- `scar_gaps`: the largest distance of neighbouring slices is more than {gaps:g} of the usual one.
- `scar_methods`: the methods named in `scar.compared` differ by more than
  `scar.review_difference_pct` of LV mass.
- `scar_cine_contours`: in the worst slice, Dice of the epicardial disc with that of the cine below
  {cine:g} %. Without a measured cine: no such gate.

Without remote myocardium `scar_contrast` is not asked, without scar
`scar_blood` is not, for one slice `scar_pitch` and `scar_gaps` are not.
"""


def scar_section(limits: ScarLimits) -> str:
    """Markdown text of the gates on late enhancement, with the limits in use."""
    return _SECTION.format(
        place=limits.least_agreement_pct,
        contrast=limits.min_contrast_sd,
        heart=limits.min_agreement_pct,
        refused=limits.max_refused_pct,
        slices=limits.min_slices,
        blood=limits.min_blood_of_scar_pct,
        pitch=limits.max_pitch_mm,
        gaps=limits.max_gap_ratio,
        cine=limits.min_cine_dice_pct,
    )
