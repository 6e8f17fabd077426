"""Phantom mapping studies on disk, what may be wrong with them, and what the application finds."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import JPEGLSLossless

from app.main import main
from cmr.results import StudyResults
from cmr.results_mapping import TissueMap
from dicomio.results_json import read_results
from phantom.mapping_settings import MappingSettings, Protocol
from phantom.mapping_truth import MappingTruth
from phantom.settings import PhantomSettings
from phantom.study import write_study

CINE = "s0101"
# Folders of the source images.
SOURCE = {protocol: f"s{301 + 30 * n:04d}" for n, protocol in enumerate(Protocol)}
# Coarse and cropped to the chest: three slices are fitted in a second or two.
COARSE = {"matrix": (112, 120), "pixel_spacing_mm": (1.9, 1.9), "decoys": False}
# Field strengths that the phantom draws from its seed.
SEED_AT_3_T, SEED_AT_1_5_T = 0, 1


def write_maps_alone(folder: Path, mapping: MappingSettings, **study) -> MappingTruth:
    """A study without a cine."""
    settings = PhantomSettings(phases=2, slices=1, mapping=mapping, **{**COARSE, **study})
    truth = write_study(folder, settings).mapping
    assert truth is not None
    shutil.rmtree(folder / CINE)
    return truth


def state_haematocrit(folder: Path, fraction: float) -> None:
    (folder / "haematocrit.json").write_text(json.dumps({"haematocrit": fraction}))


def images(folder: Path, name: str) -> list[Path]:
    """Files of a series in the order of acquisition."""
    return sorted((folder / name).iterdir())


def edit(path: Path, change: Callable[[Dataset], None]) -> None:
    ds = pydicom.dcmread(path)
    change(ds)
    ds.save_as(path)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-2000])


def halve(ds: Dataset) -> None:
    """Half the rows and columns of the same field of view."""
    pixels = np.ascontiguousarray(ds.pixel_array[::2, ::2])
    ds.Rows, ds.Columns = pixels.shape
    ds.PixelSpacing = [2 * float(x) for x in ds.PixelSpacing]
    ds.PixelData = pixels.tobytes()


def only_air(ds: Dataset) -> None:
    """Noise without a patient, the same in every run."""
    shape = (ds.Rows, ds.Columns)
    noise = np.random.default_rng(int(ds.InstanceNumber)).rayleigh(20, shape)
    ds.PixelData = noise.astype(ds.pixel_array.dtype).tobytes()


def unreadable(ds: Dataset) -> None:
    """Said to be JPEG-LS, which it is not."""
    fragment = encapsulate([bytes(range(256)) * 4])
    ds.PixelData = fragment
    ds["PixelData"].VR = "OB"
    ds["PixelData"].is_undefined_length = True
    ds.file_meta.TransferSyntaxUID = JPEGLSLossless


def measure(source: Path, output: Path) -> StudyResults:
    """The whole command in this process."""
    assert main(["-i", str(source), "-o", str(output), "-l", "ERROR"]) == 0
    return read_results(output / "results.json")


def true_values(truth: MappingTruth, name: str) -> dict[int, float]:
    """By AHA segment."""
    return {k: getattr(t, name) for s in truth.slices for k, t in s.segments.items()}


def errors_pct(found: TissueMap, truth: MappingTruth, name: str) -> dict[int, float]:
    """Median over truth of each segment, less 1; NaN without a value."""
    true = true_values(truth, name)
    assert set(found.segments) == set(true)
    return {k: 100 * ((s.median_ms or np.nan) / true[k] - 1) for k, s in found.segments.items()}


def has_values(found: TissueMap) -> bool:
    """Every segment has one."""
    return len(found.segments) == 16 and all(
        getattr(s, "median_pct", getattr(s, "median_ms", None)) is not None
        for s in found.segments.values()
    )
