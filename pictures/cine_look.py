"""What all pictures of a cine have in common: the cut to the heart, the key to the contours."""

from __future__ import annotations

import numpy as np

from pictures.cine_page import CinePage
from pictures.key import Key
from pictures.lines import ENDO_LINE, EPI_LINE, RV_LINE
from pictures.tiles import heart_box
from texts import Words

# An A4 page between its margins: 18 cm.
MARGIN_IN = 0.15
TEXT_IN = 7.08 - 2 * MARGIN_IN


def contour_key(words: Words) -> Key:
    """What the three lines are."""
    return (
        (words("LV endocardium"), ENDO_LINE),
        (words("LV epicardium"), EPI_LINE),
        (words("RV endocardium"), RV_LINE),
    )


def shown_box(page: CinePage) -> tuple[slice, slice]:
    """Rows and columns round the heart of all slices at ED and ES."""
    phases = page.results.phases
    held = np.any(page.labels[[phases.ed, phases.es]], axis=0)
    return heart_box(np.asarray(held), page.pixel_spacing_mm)
