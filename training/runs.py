"""Several training runs, side by side in processes of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

from rich.console import Console

from cmr.preprocess import PreprocessSettings
from training.config import TrainingConfig
from training.fit import Folders, fit
from training.splits import Splits


@dataclass(frozen=True)
class Run:
    """One run and where it reads and writes."""

    config: TrainingConfig
    settings: PreprocessSettings
    splits: Splits
    folders: Folders

    def __call__(self) -> None:
        """Train, or go on; the lines of progress go to ``train.log`` in the run's folder."""
        self.folders.run.mkdir(parents=True, exist_ok=True)
        with (self.folders.run / "train.log").open("a", encoding="utf-8") as log:
            fit(self.config, self.settings, self.splits, self.folders, Console(file=log))


def run_all(runs: Iterable[Callable[[], object]], jobs: int) -> None:
    """Run all, ``jobs`` at a time; the first failure ends the command, finished runs stay.

    Two runs of one thread each get more out of two cores than one run of two.
    """
    with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
        for done in [pool.submit(run) for run in runs]:
            done.result()
