"""A late-enhancement stack of a heart with known segments, found without a network."""

import numpy as np

from cmr.labels import Label
from cmr.scar.find import FoundScar, network_scar
from cmr.scar.heart import NO_WALL, LateHeart
from cmr.scar.labels import ScarLabel
from cmr.scar.measure import measure_scar
from cmr.scar.methods import classical_scar
from cmr.scar.terms import LateKind
from cmr.tissue.aha import find_segments
from cmr.wall.left_ventricle import LeftVentricle
from tests.heart_masks import VOLUMETRY
from tests.late_rings import BLOOD, OUTSIDE, REMOTE, SCAR, SD, SETTINGS, late, rng
from tests.tissue_heart import SETTINGS as TISSUE
from tests.tissue_heart import heart, masks, pixels, stack

BODY = heart()
PLANES = stack(BODY, np.arange(5.0, 90, 10))
DENSITY = VOLUMETRY.myocardial_density_g_ml
# Of the mid and basal inferior and inferolateral wall.
SCARRED = (4, 5, 10, 11)


def painted(geometry=PLANES, scarred=SCARRED, blood=BLOOD, scar=SCAR, sd=SD):
    """Labels ``(1, z, row, col)`` and grey values ``(z, row, col)``; scar fills its segments."""
    labels = masks(BODY, geometry)
    values = np.choose(labels.data[0], [OUTSIDE, blood, REMOTE, blood]).astype(float)
    values[infarct_of(geometry, scarred)] = scar
    return labels, values + rng().normal(0, sd, values.shape)


def infarct_of(geometry=PLANES, scarred=SCARRED):
    """Pixels of the wall in these segments."""
    wall = masks(BODY, geometry).data[0] == Label.MYOCARDIUM
    return wall & np.isin(BODY.segments(pixels(geometry))[0], scarred)


def found_in(labels, values, infarct, kind=LateKind.MAGNITUDE, agreement=0.95):
    """Scar on grey values in the wall of these labels; the network sees ``infarct``."""
    one = labels.data[0]
    wall, cavity = one == Label.MYOCARDIUM, one == Label.LV
    ventricle = LeftVentricle(cavity, wall, np.zeros_like(one), labels.geometry)
    images = late(values, labels.geometry, kind)
    classical = classical_scar(images, ventricle, SETTINGS)
    seen = np.where(wall, ScarLabel.MYOCARDIUM, np.where(cavity, ScarLabel.LV, 0))
    seen = np.where(infarct & wall, ScarLabel.INFARCT, seen).astype(np.uint8)
    heart_seen = LateHeart(labels, seen, agreement, "" if wall.any() else NO_WALL)
    return FoundScar(
        images=images,
        heart=heart_seen,
        left_ventricle=ventricle,
        methods={"network": network_scar(heart_seen, ventricle, SETTINGS), **classical.methods},
        gray_zones=classical.gray_zones,
        remote=classical.remote,
        default=SETTINGS.default,
        gray_definition=SETTINGS.gray_definition,
    )


def measured(geometry=PLANES, cine=None, kind=LateKind.MAGNITUDE, change=None, **options):
    """Measured scar; ``change`` is given the grey values."""
    agreement = options.pop("agreement", 0.95)
    labels, values = painted(geometry, **options)
    values = values if change is None else change(values)
    infarct = infarct_of(geometry, options.get("scarred", SCARRED))
    found = found_in(labels, values, infarct, kind, agreement)
    return measure_scar(found, find_segments(labels, TISSUE.aha), cine, SETTINGS, DENSITY)
