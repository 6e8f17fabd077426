"""The application's way from mapping images to numbers, without DICOM, on phantoms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cmr.anatomy import Mask
from cmr.mapping.acquired import AcquiredMap, SourceImages
from cmr.mapping.ecv import EcvMap, T1Map, ecv_map
from cmr.mapping.fitted import ChosenMap, choose_map, fit_acquisition
from cmr.mapping.fitting import Protocol, SliceImages
from cmr.mapping.heart import HeartOnMap
from cmr.mapping.measure import MeasuredTissue, measure_tissue
from cmr.mapping.motion import align_acquisition
from cmr.mapping.terms import Contrast, MapKind, Method
from cmr.mapping.tissue_network import TissueNetwork
from cmr.tissue.haematocrit import measured_haematocrit
from phantom import mapping_settings as phantom_mapping
from phantom.mapping import MappingSeries
from phantom.scanner import STORED_MAX
from validation.cohort.tissue_path import PathSettings

Taken = phantom_mapping.Protocol
PROTOCOLS = {
    Taken.NATIVE_MOLLI: Protocol(MapKind.T1, Method.INVERSION, "MOLLI 5(3)3", Contrast.NATIVE),
    Taken.POST_MOLLI: Protocol(MapKind.T1, Method.INVERSION, "MOLLI 4(1)3(1)2", Contrast.POST),
    Taken.SASHA: Protocol(MapKind.T1, Method.SATURATION, "SASHA", Contrast.NATIVE),
    Taken.T2_PREP: Protocol(MapKind.T2, Method.T2_PREPARED, "T2-prep bSSFP", Contrast.NATIVE),
    Taken.T2_STAR: Protocol(
        MapKind.T2_STAR, Method.GRADIENT_ECHOES, "multi-echo GRE", Contrast.NATIVE
    ),
}


def acquired_map(series: MappingSeries, field_strength_t: float) -> AcquiredMap:
    """A phantom's acquisition as the reader gives it."""
    geometry = series.images.geometry
    slices = []
    for z in range(geometry.n_slices):
        phase = None
        if series.phases is not None:
            turns = series.phases.data[:, z] / (STORED_MAX + 1) - 0.5
            phase = (2 * np.pi * turns).astype(np.float32)
        times_ms = np.where(np.isinf(series.times_ms[:, z]), np.nan, series.times_ms[:, z])
        magnitude = np.asarray(series.images.data[:, z], np.float32)
        slices.append(SliceImages(magnitude, phase, times_ms, np.zeros(len(times_ms), np.int_)))
    source = SourceImages(
        slices=tuple(slices),
        geometry=geometry,
        cycle_phase=np.asarray(series.images.times_ms[0] / series.images.rr_ms),
        series_uids=(),
    )
    return AcquiredMap(PROTOCOLS[series.protocol], "", field_strength_t, "", source, None)


@dataclass(frozen=True, eq=False)
class PathResult:
    """One acquisition, measured, and where registration looked."""

    chosen: ChosenMap
    measured: MeasuredTissue
    region: Mask

    @property
    def heart(self) -> HeartOnMap:
        """Found on the map."""
        return self.measured.heart


def measure_series(
    acquired: AcquiredMap, settings: PathSettings, network: TissueNetwork
) -> PathResult:
    """Locate, align, fit, segment, measure."""
    region = network.region(acquired)
    aligned, motion = align_acquisition(
        acquired, region, settings.mapping.motion, settings.mapping.fit
    )
    chosen = choose_map(fit_acquisition(aligned, motion, settings.mapping), "", settings.mapping)
    heart = network.heart(chosen)
    return PathResult(
        chosen,
        measure_tissue(chosen.tissue, heart, None, settings.tissue, blood_differs=True),
        region,
    )


def measure_ecv(
    native: PathResult, post: PathResult, haematocrit: float, settings: PathSettings
) -> EcvMap:
    """ECV on the native map's grid and heart."""
    return ecv_map(
        T1Map(native.measured, native.chosen.shown),
        T1Map(post.measured, post.chosen.shown),
        native.region,
        measured_haematocrit(haematocrit, settings.tissue.haematocrit),
        settings.mapping.motion,
        settings.tissue,
    )
