"""Digital infarcts through every method, against their truth.

``python -m validation.scar_accuracy`` prints, for each preset of the phantom, in magnitude
(Rayleigh remote) and PSIR (Gaussian remote), the scar's share of LV mass by each method less the
truth, and how many AHA segments are in the right class of transmurality. The wall is the phantom's
own, so that methods are judged and not the network; ``--models`` finds it as the application does.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from cmr.labels import Label
from cmr.results_scar import METHOD_TITLES, ScarMethod
from cmr.scar.find import FoundScar
from cmr.scar.heart import LateHeart
from cmr.scar.images import LateImages
from cmr.scar.labels import ScarLabel
from cmr.scar.measure import MeasuredScar, measure_scar
from cmr.scar.methods import classical_scar
from cmr.scar.settings import ScarSettings
from cmr.scar.terms import LateKind
from cmr.tissue.aha import find_segments
from cmr.tissue.settings import TissueSettings
from cmr.volumetry import VolumetrySettings
from cmr.wall.left_ventricle import LeftVentricle
from phantom.scar import ScarStudy, make_scar
from phantom.scar_settings import SCAR_PRESETS
from phantom.settings import PhantomSettings
from training.config import read_section
from validation import PROJECT_ROOT
from validation.cohort.scar_path import open_finder
from validation.cohort.task import Resources

APP_YAML = PROJECT_ROOT / "app.yaml"
Finder = Callable[[LateImages, ScarStudy], FoundScar]


@dataclass(frozen=True)
class Settings:
    """What the application says of late enhancement."""

    scar: ScarSettings
    tissue: TissueSettings
    volumetry: VolumetrySettings

    @classmethod
    def of(cls, config: Path) -> Settings:
        """Read ``app.yaml``."""
        return cls(
            read_section(config, "scar", ScarSettings),
            read_section(config, "tissue", TissueSettings),
            read_section(config, "volumetry", VolumetrySettings),
        )


@dataclass(frozen=True)
class Outcome:
    """One preset of one phantom in one kind of images.

    Attributes
    ----------
    true_pct, no_reflow_true_pct, no_reflow_pct
        Of LV mass.
    found_pct
        By method.
    segments, right
        Segments with a class, and those whose class is that of the truth.
    """

    preset: str
    kind: LateKind
    seed: int
    true_pct: float
    found_pct: dict[ScarMethod, float]
    no_reflow_true_pct: float
    no_reflow_pct: float
    segments: int
    right: int


def outcomes(
    presets: Sequence[str], seeds: Sequence[int], noise: float, settings: Settings, find: Finder
) -> Iterator[Outcome]:
    """Measure every preset in every phantom, in both kinds of images."""
    for preset in presets:
        for seed in seeds:
            options = SCAR_PRESETS[preset].model_copy(update={"noise": noise})
            study = make_scar(PhantomSettings(seed=seed, scar=options))
            for kind in LateKind:
                measured = _measure(late_images(study, kind), study, settings, find)
                yield _outcome(preset, kind, seed, measured, study)


def late_images(study: ScarStudy, kind: LateKind) -> LateImages:
    """The phantom's images as the application reads them."""
    volume = study.psir if kind is LateKind.PSIR else study.magnitude
    return LateImages(
        volume.with_data(volume.data.astype(np.float32)),
        kind,
        "",
        np.full(volume.geometry.n_slices, np.nan),
    )


def on_true_wall(settings: Settings) -> Finder:
    """Finder that is given the wall; the network then has nothing to say."""

    def find(images: LateImages, study: ScarStudy) -> FoundScar:
        labels = np.asarray(study.wall_labels.data[0])
        wall, cavity = labels == Label.MYOCARDIUM, labels == Label.LV
        ventricle = LeftVentricle(cavity, wall, np.zeros_like(labels), study.wall_labels.geometry)
        classical = classical_scar(images, ventricle, settings.scar)
        healthy = np.where(wall, ScarLabel.MYOCARDIUM, np.where(cavity, ScarLabel.LV, 0))
        return FoundScar(
            images=images,
            heart=LateHeart(study.wall_labels, healthy.astype(np.uint8), 1.0, ""),
            left_ventricle=ventricle,
            methods=classical.methods,
            gray_zones=classical.gray_zones,
            remote=classical.remote,
            default=settings.scar.default,
            gray_definition=settings.scar.gray_definition,
        )

    return find


def _measure(
    images: LateImages, study: ScarStudy, settings: Settings, find: Finder
) -> MeasuredScar:
    found = find(images, study)
    aha = find_segments(found.heart.labels, settings.tissue.aha)
    aha = replace(aha, segments=np.asarray(study.segments.data[0]))
    density = settings.volumetry.myocardial_density_g_ml
    return measure_scar(found, aha, None, settings.scar, density)


def _outcome(
    preset: str, kind: LateKind, seed: int, measured: MeasuredScar, study: ScarStudy
) -> Outcome:
    truth = study.truth
    classes = {k: s.transmurality_class for k, s in measured.depth.segments.items()}
    told = [k for k in truth.segments if classes[k] is not None]
    return Outcome(
        preset=preset,
        kind=kind,
        seed=seed,
        true_pct=truth.scar_pct,
        found_pct={name: amount.pct_lv_mass for name, amount in measured.methods.items()},
        no_reflow_true_pct=truth.no_reflow_pct,
        no_reflow_pct=measured.no_reflow.pct_lv_mass,
        segments=len(told),
        right=sum(classes[k] == truth.segments[k].transmurality_class for k in told),
    )


def _table(found: Sequence[Outcome], default: ScarMethod) -> Table:
    methods = list(found[0].found_pct)
    table = Table("preset", "images", "truth", *methods, "no-reflow", "classes right")
    for preset in dict.fromkeys(one.preset for one in found):
        for kind in LateKind:
            mine = [one for one in found if one.preset == preset and one.kind is kind]
            truth = np.mean([one.true_pct for one in mine])
            errors = {m: np.array([o.found_pct[m] - o.true_pct for o in mine]) for m in methods}
            dark = np.array([o.no_reflow_pct - o.no_reflow_true_pct for o in mine])
            right, all_ = (sum(getattr(o, n) for o in mine) for n in ("right", "segments"))
            table.add_row(
                preset,
                kind.value,
                f"{truth:.1f}",
                *(_error(errors[m]) for m in methods),
                _error(dark),
                f"{right} of {all_}",
            )
    table.title = f"Scar, % of LV mass less the truth: mean (largest). Default: {default}"
    return table


def _error(errors: np.ndarray) -> str:
    return f"{errors.mean():+.1f} ({np.abs(errors).max():.1f})"


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m validation.scar_accuracy", description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--noise", type=float, default=0.05, help="SD over the signal of blood")
    parser.add_argument("--presets", nargs="+", choices=list(SCAR_PRESETS), default=SCAR_PRESETS)
    parser.add_argument("--models", type=Path, help="find the wall with these networks")
    options = parser.parse_args(arguments)
    settings = Settings.of(APP_YAML)
    with tempfile.TemporaryDirectory() as folder:
        find = on_true_wall(settings)
        if options.models is not None:
            resources = Resources(APP_YAML, options.models, Path(folder), threads=0)
            finder = open_finder(resources, None)

            def find(images: LateImages, study: ScarStudy) -> FoundScar:
                del study
                return finder(images)

        found = list(
            outcomes(list(options.presets), range(options.seeds), options.noise, settings, find)
        )
    console = Console(width=200)
    console.print(_table(found, settings.scar.default))
    right, all_ = (sum(getattr(o, n) for o in found) for n in ("right", "segments"))
    worst = max(abs(o.found_pct[settings.scar.default] - o.true_pct) for o in found)
    console.print(
        f"{METHOD_TITLES[settings.scar.default]}: largest error {worst:.2f} % of LV mass; "
        f"{right} of {all_} segments in the right class."
    )


if __name__ == "__main__":
    main()
