"""Late enhancement of a heart known by formula, and networks that know it."""

from pathlib import Path

import numpy as np

from cmr.anatomy import lv_disc
from cmr.labels import Label
from cmr.mapping.tissue_network import TissueNetwork
from cmr.resample import CropGrid
from cmr.scar.labels import ScarLabel
from cmr.scar.look import ScarNetworks
from cmr.scar.settings import ScarSettings
from cmr.scar.terms import LateKind
from cmr.volume import Volume4D
from dicomio.late_pixels import LateStackImages
from dicomio.late_source import LateSource
from dicomio.source import FrameRef
from tests.heart_masks import APP_YAML, CLEANUP
from tests.mapped_heart import BODY
from tests.model_support import SETTINGS as PREPROCESSING
from tests.scar_crops import ByPlace
from tests.tissue_heart import MAPPING, masks, pixels, stack
from training.config import read_section

SCAR = read_section(APP_YAML, "scar", ScarSettings)
PLANES = stack(BODY, np.arange(5.0, 90, 10))
HEART = masks(BODY, PLANES).data[0]
WALL = HEART == Label.MYOCARDIUM
INFARCTED = 10
INFARCT = WALL & (BODY.segments(pixels(PLANES))[0] == INFARCTED)
NOTHING = np.zeros_like(HEART)
_SEEN = np.select(
    [INFARCT, WALL, HEART == Label.LV],
    [ScarLabel.INFARCT, ScarLabel.MYOCARDIUM, ScarLabel.LV],
    ScarLabel.BACKGROUND,
)


class Knows:
    """Scores of the labels ``(z, row, col)``, whatever it is shown."""

    input_channels = 1

    def __init__(self, labels, classes, settings, centre):
        grid = CropGrid(
            native_shape=PLANES.shape,
            native_spacing_mm=PLANES.pixel_spacing_mm,
            shape=settings.matrix,
            spacing_mm=settings.spacing_mm,
            centre=centre,
        )
        planes = np.stack([labels == k for k in classes]).astype(np.float32)
        self.scores = np.moveaxis(20 * grid.to_crop(planes), 0, 1)

    def run(self, images):
        assert len(images) == len(self.scores)
        return self.scores


def networks(any_contrast=HEART, scar=_SEEN, known=True):
    """Both networks; the scar's first crop is about the LV only if that is ``known``."""
    middle = tuple((n - 1) / 2 for n in PLANES.shape)
    first = lv_disc(HEART) & known
    tissue = Knows(any_contrast, Label, PREPROCESSING, middle)
    return ScarNetworks(
        ByPlace(scar, first, scar != ScarLabel.BACKGROUND, PLANES, SCAR.preprocessing),
        1,
        SCAR.preprocessing,
        TissueNetwork(tissue, 1, PREPROCESSING, CLEANUP, MAPPING.heart),
    )


def values(infarct=INFARCT, noise=20.0, sign=1):
    """``(z, row, col)`` PSIR: wall nulled, blood 400, infarct 800, lung below zero."""
    grey = np.select([infarct, WALL, HEART != Label.BACKGROUND], [800.0, 0.0, 400.0], -300.0)
    rng = np.random.default_rng(2)
    return np.float32(sign * (grey + noise * rng.normal(size=grey.shape)))


def late_images(shown=None):
    """The stack as it is read."""
    n = PLANES.n_slices
    frames = tuple(FrameRef(Path(f"/nowhere/{z}"), "1.2", f"1.2.{z}", "1.3") for z in range(n))
    unknown = np.full(n, np.nan)
    source = LateSource(
        study_uid="1.9",
        kind=LateKind.PSIR,
        frames=frames,
        geometry=PLANES,
        inversion_ms=np.full(n, 300.0),
        trigger_ms=unknown,
        rr_ms=unknown,
        minutes=10.0,
        manufacturer="Maker",
        field_strength_t=1.5,
        motion_corrected=False,
        reason="The only one.",
    )
    shown = values() if shown is None else shown
    return LateStackImages(
        Volume4D(shown[None], PLANES), LateKind.PSIR, "Signed.", unknown, source=source
    )
