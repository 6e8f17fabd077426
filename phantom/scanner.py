"""What the scanner adds: point spread, coil shading, flow, noise, 12-bit storage."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from cmr.volume import FloatArray, StackGeometry
from phantom.appearance import ScanRanges, draw
from phantom.body import Body
from phantom.render import Rendered, blood_texture

# Stored value of blood at unit gain, as in the biv-me study; 12 bits are stored.
_BLOOD_STORED = 450.0
STORED_MAX = 4095
# Waves of the shading across the chest.
_SHADING_WAVELENGTH_MM = (250.0, 500.0)
_SHADING_WAVES = 4


@dataclass(frozen=True, eq=False)
class Scanner:
    """Imperfections of one scanner and session; waves are ``(n, 4)`` vectors and phases."""

    noise: float
    blur_px: float
    coil_gain: float
    coil_depth_mm: float
    waves: FloatArray
    wave_height: float
    texture: float
    breath_hold_mm: float
    rr_variation: float

    def gain(self, geometry: StackGeometry, z: int, body: Body) -> npt.NDArray[np.float32]:
        """``(row, col)`` receive sensitivity: bright near the front of the chest."""
        rows, cols = np.indices(geometry.shape)
        points = geometry.to_patient_mm(np.full(geometry.shape, z), rows, cols)
        depth_mm = np.clip(points[..., 1] + body.half_depth_mm, 0, None)
        surface = 1 + self.coil_gain * np.exp(-depth_mm / self.coil_depth_mm)
        phase = points @ self.waves[:, :3].T + self.waves[:, 3]
        slow = np.sqrt(2 / len(self.waves)) * np.sin(phase).sum(axis=-1)
        return np.asarray(surface * (1 + self.wave_height * slow), dtype=np.float32)

    def stored(
        self, rendered: Rendered, gain: npt.NDArray[np.float32], rng: np.random.Generator
    ) -> npt.NDArray[np.uint16]:
        """``(t, row, col)`` stored magnitude values with Rician noise."""
        flow = blood_texture(rng, rendered.signal.shape, self.texture)
        signal = rendered.signal + rendered.blood * flow
        blurred = ndimage.gaussian_filter(signal, (0, self.blur_px, self.blur_px))
        real = blurred * gain + self.noise * rng.standard_normal(signal.shape, dtype=np.float32)
        imaginary = self.noise * rng.standard_normal(signal.shape, dtype=np.float32)
        magnitude = np.hypot(real, imaginary) * _BLOOD_STORED
        stored: npt.NDArray[np.uint16] = np.clip(np.rint(magnitude), 0, STORED_MAX).astype(
            np.uint16
        )
        return stored


def draw_scanner(ranges: ScanRanges, rng: np.random.Generator) -> Scanner:
    """One scanner and session."""
    directions = rng.standard_normal((_SHADING_WAVES, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    lengths_mm = rng.uniform(*_SHADING_WAVELENGTH_MM, (_SHADING_WAVES, 1))
    phases = rng.uniform(-np.pi, np.pi, (_SHADING_WAVES, 1))
    return Scanner(
        noise=1 / draw(rng, ranges.blood_snr),
        blur_px=draw(rng, ranges.blur_px),
        coil_gain=draw(rng, ranges.coil_gain),
        coil_depth_mm=draw(rng, ranges.coil_depth_mm),
        waves=np.hstack([2 * np.pi * directions / lengths_mm, phases]),
        wave_height=draw(rng, ranges.shading),
        texture=draw(rng, ranges.blood_texture),
        breath_hold_mm=draw(rng, ranges.breath_hold_mm),
        rr_variation=draw(rng, ranges.rr_variation),
    )
