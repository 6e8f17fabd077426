"""Rings with scar from formulas, in the grey values that a scanner with partial volume shows."""

import numpy as np

from cmr.scar.images import LateImages
from cmr.scar.settings import ScarSettings
from cmr.scar.terms import LateKind
from cmr.volume import Volume4D
from cmr.wall.left_ventricle import LeftVentricle
from tests.heart_masks import APP_YAML
from tests.scar_shapes import Shape, geometry, render
from training.config import read_section

SETTINGS = read_section(APP_YAML, "scar", ScarSettings)
RING = Shape()
REMOTE, SCAR, BLOOD, OUTSIDE, SD = 20.0, 220.0, 180.0, 60.0, 4.0
GRID = geometry(slices=5)


def nowhere(y, x):
    return np.zeros(np.broadcast(y, x).shape, bool)


def rng(seed=0):
    return np.random.default_rng(seed)


def ring(lesion=nowhere, grid=GRID, shape=RING):
    """The wall, and the share ``(z, row, col)`` of it that the lesion takes."""
    left_ventricle, scar = render(shape, lesion, grid)
    return left_ventricle, scar.weight


def shown(left_ventricle, share, scar=SCAR, sd=SD, seed=0):
    """Grey values with Gaussian noise; a pixel of half scar is half as bright."""
    values = np.full(share.shape, OUTSIDE)
    values[left_ventricle.cavity] = BLOOD
    wall = left_ventricle.wall
    values[wall] = (REMOTE + share * (scar - REMOTE))[wall]
    return values + rng(seed).normal(0, sd, values.shape)


def late(values, grid=GRID, kind=LateKind.MAGNITUDE):
    """Images as the application reads them."""
    volume = Volume4D(values[None].astype(np.float32), grid)
    return LateImages(volume, kind, "", np.full(grid.n_slices, np.nan))


def block(wall, cavity=None, grid=None) -> LeftVentricle:
    """Any masks ``(z, row, col)``."""
    grid = grid or geometry(slices=len(wall), side_mm=wall.shape[-1])
    cavity = np.zeros_like(wall) if cavity is None else cavity
    return LeftVentricle(cavity, wall, np.zeros(wall.shape, np.uint8), grid)


def share_of_wall(weight, left_ventricle):
    """Per cent; all slices are alike."""
    return 100 * weight.sum() / left_ventricle.wall.sum()
