"""Maps of a heart with known segments, put together without a network."""

import numpy as np

from cmr.labels import Label
from cmr.mapping.about import MapAbout
from cmr.mapping.heart import HeartOnMap
from cmr.mapping.measure import TissueValues, measure_tissue
from cmr.mapping.terms import Contrast, MapKind
from cmr.records import Model
from cmr.tissue.levels import LvExtent
from tests.tissue_heart import SETTINGS, heart, masks, pixels, stack

BODY = heart()
EXTENT = LvExtent(base_mm=0 * BODY.apex, apex_mm=BODY.length * BODY.apex)
PLANES = stack(BODY, (15.0, 45.0, 75.0))
MODEL = Model(name="tissue", version="1", sha256="0" * 64, provider="CPU", precision="fp32")


def on_map(labels, reason="", agreement=0.95):
    """The heart as a network would have found it."""
    return HeartOnMap(labels, agreement, 0.5, reason)


def no_heart(geometry, reason="No heart."):
    """A map on which none was found."""
    labels = masks(BODY, geometry)
    return on_map(labels.with_data(np.zeros_like(labels.data)), reason, float("nan"))


def tissue_of(geometry, wall, blood, sd=None, r2=0.99, body=BODY):
    """``wall`` is a number, or a function of the AHA segment; RV as blood; 300 elsewhere."""
    labels = masks(body, geometry).data[0]
    if callable(wall):
        wall = wall(body.segments(pixels(geometry))[0])
    values = np.where(labels == Label.MYOCARDIUM, wall, 300.0)
    values = np.where((labels == Label.LV) | (labels == Label.RV), blood, values)
    spread = None if sd is None else np.full(values.shape, float(sd))
    return TissueValues(values, spread, None if r2 is None else np.full(values.shape, r2))


def measured(geometry=PLANES, wall=1000.0, blood=1550.0, body=BODY, tissue=None, **kwargs):
    """A map with its segments, their levels known from the ends of the LV."""
    tissue = tissue or tissue_of(geometry, wall, blood, body=body, **kwargs)
    return measure_tissue(
        tissue, on_map(masks(body, geometry)), EXTENT, SETTINGS, blood_differs=True
    )


def about(**changes):
    """Origin of a native MOLLI map of the scanner."""
    known = {
        "key": "native_t1",
        "kind": MapKind.T1,
        "contrast": Contrast.NATIVE,
        "contrast_reason": "First.",
        "sequence": "MOLLI 5(3)3",
        "source": "scanner",
        "source_reason": "Preferred.",
        "series_uids": ("1.2.3",),
        "field_strength_t": 1.5,
        "manufacturer": "Maker",
    }
    return MapAbout(**known | changes)
