"""Segments of phantom hearts through the mapping path of the application, against their truth.

``python -m validation.mapping_accuracy`` prints the error of every segment's median for random
hearts with a lesion, breathing and noise. DICOM is left out; the whole command is tested apart.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from cmr.mapping.measure import MeasuredTissue, measure_with_segments
from cmr.mapping.tissue_network import TissueNetwork
from phantom.mapping import make_mapping
from phantom.mapping_settings import Lesion, MappingSettings
from phantom.mapping_settings import Protocol as Taken
from phantom.mapping_truth import MappingTruth
from phantom.settings import PhantomSettings
from validation import PROJECT_ROOT
from validation.cohort.tissue_path import PathSettings, read_settings, tissue_network
from validation.mapping_path import acquired_map, measure_ecv, measure_series

APP_YAML = PROJECT_ROOT / "app.yaml"
ECV = "ECV, points"
_TRUTH = {
    Taken.NATIVE_MOLLI: "t1_native_ms",
    Taken.POST_MOLLI: "t1_post_ms",
    Taken.SASHA: "t1_native_ms",
    Taken.T2_PREP: "t2_ms",
    Taken.T2_STAR: "t2_star_ms",
}
# Three pixels of breathing, and breath-holds apart; a lesion to be found in its segment.
_ACQUISITION = {"breathing_mm": 4.2, "breath_hold_mm": 5.0, "lesion": Lesion(segment=9)}
Errors = dict[str, list[float]]


def segment_errors(
    seeds: Sequence[int], snr: float, settings: PathSettings, network: TissueNetwork
) -> Errors:
    """Error of each segment's median by map: % of the truth, or points for ECV; NaN without."""
    errors: Errors = defaultdict(list)
    for seed in seeds:
        mapping = MappingSettings(**_ACQUISITION, snr=snr)
        made = make_mapping(PhantomSettings(seed=seed, mapping=mapping))
        field_t = made.truth.field_strength_t
        found = {
            taken: measure_series(acquired_map(series, field_t), settings, network)
            for taken, series in made.series.items()
        }
        for taken, one in found.items():
            truth = _of_segments(made.truth, _TRUTH[taken])
            errors[taken.value] += _errors(one.measured, truth, relative=True)
        native, post = found[Taken.NATIVE_MOLLI], found[Taken.POST_MOLLI]
        ecv = measure_ecv(native, post, mapping.haematocrit, settings)
        measured = measure_with_segments(ecv.tissue, native.measured, settings.tissue)
        truth = {k: 100 * v for k, v in _of_segments(made.truth, "ecv_fraction").items()}
        errors[ECV] += _errors(measured, truth, relative=False)
    return errors


def _of_segments(truth: MappingTruth, field: str) -> dict[int, float]:
    return {k: getattr(tissue, field) for one in truth.slices for k, tissue in one.segments.items()}


def _errors(measured: MeasuredTissue, truth: Mapping[int, float], *, relative: bool) -> list[float]:
    medians = {k: measured.statistics.segments[k].median for k in truth}
    return [100 * (medians[k] / v - 1) if relative else medians[k] - v for k, v in truth.items()]


def table_of(errors: Errors) -> Table:
    """Mean, extremes and segments beyond 2 % (1 point), by map."""
    columns = ("map", "segments", "without value", "mean", "lowest", "highest", "beyond limit")
    table = Table(*columns, title="Error of segment medians, %")
    for name, values in errors.items():
        known = np.array(values)[np.isfinite(values)]
        beyond = np.count_nonzero(np.abs(known) > (1 if name == ECV else 2))
        figures = (known.mean(), known.min(), known.max())
        lost = len(values) - len(known)
        shown = [f"{figure:+.2f}" for figure in figures]
        table.add_row(name, str(len(values)), str(lost), *shown, str(beyond))
    return table


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m validation.mapping_accuracy")
    parser.add_argument("--models", type=Path, default=PROJECT_ROOT / "models")
    parser.add_argument("--seeds", type=int, default=5, help="hearts")
    parser.add_argument("--snr", type=float, default=40.0, help="of the healthy wall")
    args = parser.parse_args()
    settings = read_settings(APP_YAML)
    with tempfile.TemporaryDirectory() as work:
        network = tissue_network(args.models, settings, Path(work))
        errors = segment_errors(range(args.seeds), args.snr, settings, network)
    Console(width=120).print(table_of(errors))


if __name__ == "__main__":
    main()
