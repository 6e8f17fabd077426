"""A heart in patient coordinates whose AHA segments are known from its formula, cut by any stack.

The wall is an eccentric cylinder: epicardium and cavity are circles about different axes. The RV
is a disc that the epicardium cuts into a crescent; where the two circles meet are the insertions.
"""

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from cmr.labels import Label
from cmr.mapping.settings import MappingSettings
from cmr.tissue.settings import TissueSettings
from cmr.volume import StackGeometry, Volume4D
from tests.heart_masks import APP_YAML
from training.config import read_section

LONG_AXIS_LPS = np.array([0.611, -0.632, -0.477]) / np.linalg.norm([0.611, -0.632, -0.477])

SETTINGS = read_section(APP_YAML, "tissue", TissueSettings)
MAPPING = read_section(APP_YAML, "mapping", MappingSettings)


@dataclass(frozen=True, eq=False)
class TissueHeart:
    """Lengths in mm; ``apex`` and ``anterior`` are unit vectors at right angles."""

    apex: np.ndarray
    anterior: np.ndarray
    epicardium: float = 33.0
    cavity: float = 23.0
    off_centre: tuple[float, float] = (2.0, -1.5)
    rv_distance: float = 32.0
    rv_radius: float = 30.0
    taper: float = 0.0
    length: float = 90.0

    @property
    def septum(self):
        """From the LV to the middle of the RV: a quarter turn from anterior, seen from the apex."""
        return np.cross(self.apex, self.anterior)

    def coordinates(self, points):
        """Along the axis from the base, towards the septum, towards the anterior wall."""
        return points @ self.apex, points @ self.septum, points @ self.anterior

    def labels(self, points):
        along, septal, anterior = self.coordinates(points)
        scale = 1 - self.taper * along / self.length
        inside = (along >= 0) & (along <= self.length)
        out = np.zeros(along.shape, np.uint8)
        rv = np.hypot(septal - self.rv_distance * scale, anterior) < self.rv_radius * scale
        out[inside & rv] = Label.RV
        out[inside & (np.hypot(septal, anterior) < self.epicardium * scale)] = Label.MYOCARDIUM
        out[inside & (self._from_cavity(points)[2] < self.cavity * scale)] = Label.LV
        return out

    def _from_cavity(self, points):
        along, septal, anterior = self.coordinates(points)
        scale = 1 - self.taper * along / self.length
        s, a = septal - self.off_centre[0] * scale, anterior - self.off_centre[1] * scale
        return s, a, np.hypot(s, a)

    @property
    def insertion_deg(self):
        """Anterior insertion about the cavity's axis, from the septum towards the anterior wall."""
        e, d, r = self.epicardium, self.rv_distance, self.rv_radius
        half = np.arccos((e**2 + d**2 - r**2) / (2 * e * d))
        s, a = e * np.cos(half) - self.off_centre[0], e * np.sin(half) - self.off_centre[1]
        return np.rad2deg(np.arctan2(a, s))

    def insertion_lps(self):
        """Direction from the cavity's axis to the anterior insertion."""
        angle = np.deg2rad(self.insertion_deg)
        return np.cos(angle) * self.septum + np.sin(angle) * self.anterior

    def beyond_insertion_deg(self, points):
        """Angle about the cavity's axis from the anterior insertion into the septum, 0 to 360."""
        s, a, _ = self._from_cavity(points)
        return np.mod(self.insertion_deg - np.rad2deg(np.arctan2(a, s)), 360)

    def segments(self, points):
        """AHA segment of every point, and how many degrees it lies from the next border."""
        angle, third = self.beyond_insertion_deg(points), (points @ self.apex) / self.length * 3
        basal = np.array([2, 3, 4, 5, 6, 1])[(angle // 60).astype(int) % 6]
        turned = np.mod(angle - 15, 360)  # the septal 90 degrees are centred on 60
        apical = np.array([14, 15, 16, 13])[(turned // 90).astype(int) % 4]
        segment = np.where(third < 1, basal, np.where(third < 2, basal + 6, apical))
        to_border = np.where(third < 2, _to_multiple(angle, 60), _to_multiple(turned, 90))
        return segment, to_border


def _to_multiple(angle, step):
    return np.minimum(np.mod(angle, step), step - np.mod(angle, step))


def heart(tilt=(0.0, 0.0), roll_deg=0.0, **shape):
    """A heart whose axis is tilted by a rotation vector from the usual one, and rolled about it."""
    side = np.cross(LONG_AXIS_LPS, [0, 0, 1.0])
    side /= np.linalg.norm(side)
    up = np.cross(side, LONG_AXIS_LPS)
    # At a roll of 0 the anterior wall looks up and forward, between the two.
    anterior = Rotation.from_rotvec(np.deg2rad(30 + roll_deg) * LONG_AXIS_LPS).apply(up)
    turn = Rotation.from_rotvec(tilt[0] * side + tilt[1] * up)
    return TissueHeart(turn.apply(LONG_AXIS_LPS), turn.apply(anterior), **shape)


def stack(body, along_mm, turn_deg=0.0, mirrored=False, spacing=(1.0, 1.0), size=116, tilt_deg=0.0):
    """Short-axis stack through points ``along_mm`` on the axis, its pixel grid turned, mirrored."""
    apex = Rotation.from_rotvec(np.deg2rad(tilt_deg) * body.anterior).apply(body.apex)
    row = np.cross(body.anterior, apex)
    row = Rotation.from_rotvec(np.deg2rad(turn_deg) * apex).apply(row / np.linalg.norm(row))
    column = np.cross(apex, row) * (-1 if mirrored else 1)
    normal = np.cross(row, column)
    middle = np.asarray(along_mm)[:, None] * body.apex
    # Off the pixel raster, so that no border runs through pixel centres.
    middle = middle + 8.3172 * body.septum + 0.4231 * body.anterior
    half = (np.array(size) - 1) / 2
    corner = middle - half * (row * spacing[1] + column * spacing[0])
    order = np.argsort(corner @ normal)
    return StackGeometry(corner[order], row, column, spacing, (size, size))


def pixels(geometry):
    """Patient coordinates ``(z, row, col, 3)``."""
    return geometry.to_patient_mm(*np.indices((geometry.n_slices, *geometry.shape)))


def masks(body, geometry):
    """Labels ``(1, z, row, col)`` of the heart on the stack."""
    return Volume4D(body.labels(pixels(geometry))[None], geometry)
