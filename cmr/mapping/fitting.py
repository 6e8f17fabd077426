"""From the source images of a stack to its map: the model that fits the method, slice by slice."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from cmr.errors import FitError
from cmr.mapping.terms import Contrast, MapKind, Method
from cmr.relaxometry.polarity import restore_signs
from cmr.relaxometry.result import Reason, RelaxationMap
from cmr.relaxometry.settings import FitSettings
from cmr.relaxometry.t1 import fit_molli, fit_saturation_recovery
from cmr.relaxometry.t2 import fit_decay
from cmr.volume import FloatArray

SHMOLLI = "ShMOLLI"
# As many images as parameters leave no residual, and so no uncertainty.
_TIMES_FOR_OFFSET = 4

_LOOK_LOCKER = "S = A - B exp(-TI/T1*), T1 = T1* (B/A - 1)"
_RECOVERY = "S = A - B exp(-TS/T1)"
_RECOVERY_FROM_ZERO = "S = A (1 - exp(-TS/T1))"
_DECAY = "S = M0 exp(-TE/{})"
_DECAY_TO_OFFSET = "S = M0 exp(-TE/{}), + offset where it is determined"


@dataclass(frozen=True, eq=False)
class SliceImages:
    """Source images of one slice.

    Parameters
    ----------
    magnitude
        ``(n, row, col)``.
    phase_rad
        Laid out alike; None where there are no phase images.
    times_ms
        ``(n,)``.
    inversion
        ``(n,)``: which inversion each image belongs to, from 1; 0 where unknown.
    """

    magnitude: npt.NDArray[np.float32]
    phase_rad: npt.NDArray[np.float32] | None
    times_ms: FloatArray
    inversion: npt.NDArray[np.int_]

    def take(self, keep: npt.NDArray[np.bool_]) -> SliceImages:
        """Keep some of the images."""
        phase = None if self.phase_rad is None else self.phase_rad[keep]
        return SliceImages(self.magnitude[keep], phase, self.times_ms[keep], self.inversion[keep])


@dataclass(frozen=True)
class Protocol:
    """What decides the model."""

    kind: MapKind
    method: Method
    sequence: str
    contrast: Contrast


@dataclass(frozen=True, eq=False)
class SliceFit:
    """Map of one slice; ``map`` holds no value and ``reason`` says why where nothing was fitted."""

    map: RelaxationMap
    model: str
    used: SliceImages
    reason: str = ""


def images_to_fit(images: SliceImages, protocol: Protocol) -> SliceImages:
    """The images that the model describes: of ShMOLLI those of the first inversion.

    A plain fit of all seven ShMOLLI images is wrong by 6 % and more, and the scanner's conditional
    reconstruction is patented.

    Raises
    ------
    FitError
        ShMOLLI images whose inversions are not known.
    """
    if protocol.sequence != SHMOLLI:
        return images
    if not (images.inversion > 0).all():
        raise FitError("ShMOLLI: the order of the images and so the first inversion are unknown.")
    return images.take(images.inversion == 1)


def fit_slice(images: SliceImages, protocol: Protocol, settings: FitSettings) -> SliceFit:
    """Fit one slice; images and times that cannot be fitted give an empty map with the reason."""
    try:
        used = images_to_fit(images, protocol)
        found, model = _fit(used, protocol, settings)
    except FitError as error:
        return SliceFit(_nothing(images.magnitude.shape[1:]), "", images, str(error))
    return SliceFit(found, model, used)


def _fit(
    images: SliceImages, protocol: Protocol, settings: FitSettings
) -> tuple[RelaxationMap, str]:
    magnitude, times = images.magnitude, images.times_ms
    if protocol.method is Method.INVERSION:
        signed = images.phase_rad is not None
        if images.phase_rad is not None:
            magnitude = restore_signs(magnitude, images.phase_rad, times)
        return fit_molli(magnitude, times, settings, signed=signed), _LOOK_LOCKER
    if protocol.method is Method.SATURATION:
        free = settings.free_saturation_amplitude
        found = fit_saturation_recovery(magnitude, times, settings, free_amplitude=free)
        return found, _RECOVERY if free else _RECOVERY_FROM_ZERO
    if protocol.method is Method.UNKNOWN:
        raise FitError("The sequence is not known, so neither is the model of its signal.")
    return _fit_decay(images, protocol.kind, settings)


def _fit_decay(
    images: SliceImages, kind: MapKind, settings: FitSettings
) -> tuple[RelaxationMap, str]:
    limits = settings.t2_star_ms if kind is MapKind.T2_STAR else settings.t2_ms
    offset = len(np.unique(images.times_ms)) >= _TIMES_FOR_OFFSET
    found = fit_decay(images.magnitude, images.times_ms, limits, settings, with_offset=offset)
    return found, (_DECAY_TO_OFFSET if offset else _DECAY).format(kind)


def predicted(fit: SliceFit, protocol: Protocol, times_ms: FloatArray) -> FloatArray:
    """``(n, row, col)`` magnitudes that the fitted curves have at ``times_ms`` ``(n,)``.

    NaN where the pixel is not determined.
    """
    found = fit.map
    # Saturation recovery: an image without saturation has no time, and is fully recovered.
    times = np.where(np.isnan(times_ms), np.inf, times_ms)
    with np.errstate(over="ignore", invalid="ignore"):
        decay = np.exp(-times[:, None, None] / found.time_constant_ms)
        rising = protocol.method in (Method.INVERSION, Method.SATURATION)
        change = -found.amplitude if rising else found.amplitude
        return np.asarray(np.abs(found.plateau + change * decay))


def most_signal(images: SliceImages, protocol: Protocol) -> int:
    """Index of the image with the most signal: most recovered, or least decayed."""
    times = np.where(np.isnan(images.times_ms), np.inf, images.times_ms)
    rising = protocol.method in (Method.INVERSION, Method.SATURATION)
    return int(times.argmax() if rising else times.argmin())


def stacked(fits: list[SliceFit]) -> RelaxationMap:
    """``(z, row, col)`` map of all slices."""
    names = [f.name for f in fields(RelaxationMap)]
    return RelaxationMap(**{n: np.stack([getattr(f.map, n) for f in fits]) for n in names})


def _nothing(shape: tuple[int, ...]) -> RelaxationMap:
    empty = {f.name: np.full(shape, np.nan) for f in fields(RelaxationMap)}
    reason = np.full(shape, int(Reason.NOT_FITTED), np.uint8)
    return RelaxationMap(**{**empty, "reason": reason})
