"""The slices of the training patients as arrays of one size, cached outside git."""

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from cmr.anatomy import Mask
from cmr.heart import locate_heart
from cmr.intensity import normalise
from cmr.preprocess import PreprocessSettings
from cmr.scar.usual_size import usual_spacing_mm
from training.cases import Case, read_acdc

# Native pixels: holds 240 mm turned by 45 degrees at ACDC's usual spacings.
CANVAS = 288


@dataclass(frozen=True, eq=False)
class SliceSet:
    """Normalised slices in native pixels on a square canvas.

    Parameters
    ----------
    images, labels
        ``(n, size, size)`` float32 in 0–1 and uint8.
    centres
        ``(n, 2)`` row and column of the heart, found as in the application.
    spacings_mm
        ``(n, 2)`` distance of rows and of columns.
    stacks
        ``(n,)`` number of the stack; the slices of one stand together, in its order.
    """

    images: npt.NDArray[np.float32]
    labels: npt.NDArray[np.uint8]
    centres: npt.NDArray[np.float32]
    spacings_mm: npt.NDArray[np.float32]
    stacks: npt.NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.images)

    def columns(self) -> tuple[npt.NDArray[Any], ...]:
        """All arrays, in the order of the parameters."""
        return tuple(getattr(self, field.name) for field in fields(self))

    def neighbours(self, index: npt.NDArray[np.int64], step: int) -> npt.NDArray[np.int64]:
        """The slices ``step`` further in the same stack; where it ends, the slice itself."""
        other = (index + step).clip(0, len(self) - 1)
        return np.where(self.stacks[other] == self.stacks[index], other, index)


def about_the_ventricle(slices: SliceSet, disc: Mask) -> SliceSet:
    """Centre on the LV of each stack, with the pixel size that makes it round and of usual size.

    Parameters
    ----------
    slices
        Stacks with an LV in their labels; one without stays as it is.
    disc
        ``(n, size, size)`` cavity and wall.
    """
    centres, spacings_mm = slices.centres.copy(), slices.spacings_mm.copy()
    for number in np.unique(slices.stacks):
        at = slices.stacks == number
        if disc[at].any():
            centres[at] = [index.mean() for index in np.nonzero(disc[at])[1:]]
            rows_mm, cols_mm = map(float, spacings_mm[at][0])
            spacings_mm[at] = usual_spacing_mm(disc[at], (rows_mm, cols_mm))
    return replace(slices, centres=centres, spacings_mm=spacings_mm)


def slices_of(case: Case, settings: PreprocessSettings) -> SliceSet:
    """Normalise and centre a case as :func:`cmr.preprocess.to_model` does, without resampling."""
    images = normalise(case.images.data, settings.intensity)
    spacing = case.images.geometry.pixel_spacing_mm
    heart = locate_heart(images, spacing, settings.heart)
    corner = [round(c) - CANVAS // 2 for c in (heart.row, heart.col)]
    flat = images.reshape(-1, *images.shape[2:])
    labels = case.labels.data.reshape(flat.shape)
    centre = [heart.row - corner[0], heart.col - corner[1]]
    return SliceSet(
        window(flat, corner),
        window(labels, corner),
        np.tile(np.array(centre, np.float32), (len(flat), 1)),
        np.tile(np.array(spacing, np.float32), (len(flat), 1)),
        np.repeat(np.arange(images.shape[0], dtype=np.int32), images.shape[1]),
    )


def load_slices(
    folder: Path, patients: Iterable[str], settings: PreprocessSettings, cache: Path
) -> SliceSet:
    """All slices of these ACDC patients, from the cache where it holds them."""
    parts = [_cached(folder, patient, settings, cache) for patient in patients]
    columns = list(zip(*(p.columns() for p in parts), strict=True))
    first = np.cumsum([0, *(p.stacks[-1] + 1 for p in parts[:-1])])
    columns[-1] = tuple(c + n for c, n in zip(columns[-1], first, strict=True))
    return SliceSet(*(np.concatenate(column) for column in columns))


def _cached(folder: Path, patient: str, settings: PreprocessSettings, cache: Path) -> SliceSet:
    key = hashlib.sha256(settings.model_dump_json(exclude_none=True).encode()).hexdigest()[:12]
    path = cache / f"{patient}-{CANVAS}-{key}-stacks.npz"
    if not path.exists():
        made = slices_of(read_acdc(folder, patient), settings)
        cache.mkdir(parents=True, exist_ok=True)
        aside = path.with_name(f"{path.stem}-{os.getpid()}.part.npz")  # runs side by side
        np.savez_compressed(aside, made.images.astype(np.float16), *made.columns()[1:])
        aside.replace(path)
    with np.load(path) as arrays:
        images, *others = (arrays[name] for name in arrays)
    return SliceSet(images.astype(np.float32), *others)


def window(images: npt.NDArray[Any], corner: list[int], size: int = CANVAS) -> npt.NDArray[Any]:
    """Cut a canvas with its first pixel at ``corner``; 0 outside."""
    out = np.zeros((len(images), size, size), images.dtype)
    source, target = [], []
    for start, length in zip(corner, images.shape[1:], strict=True):
        first, last = max(start, 0), min(start + size, length)
        source.append(slice(first, last))
        target.append(slice(first - start, last - start))
    out[:, target[0], target[1]] = images[:, source[0], source[1]]
    return out
