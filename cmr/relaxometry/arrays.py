"""The little that differs between NumPy arrays and PyTorch tensors."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt

# A NumPy array or a PyTorch tensor on any device; float64 in the fits.
Array = Any


def namespace(array: Array) -> Any:
    """The module whose functions take ``array``: ``numpy`` or ``torch``."""
    return import_module(type(array).__module__.split(".", maxsplit=1)[0])


def like(values: Any, reference: Array) -> Array:
    """``values`` as float64 array of the kind and on the device of ``reference``."""
    xp = namespace(reference)
    return xp.asarray(values, dtype=xp.float64, device=reference.device)


def to_numpy(array: Array) -> npt.NDArray[Any]:
    """The values in host memory."""
    return array if isinstance(array, np.ndarray) else np.asarray(array.cpu().numpy())


def special(array: Array) -> Any:
    """Module with the special functions of :func:`namespace`; their names are SciPy's."""
    return import_module("scipy.special" if isinstance(array, np.ndarray) else "torch.special")
