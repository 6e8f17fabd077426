"""``python -m deploy.engines``: build TensorRT's engines ahead of time, where a run finds them.

TensorRT compiles each network for the card at hand, which takes minutes; the engine is then kept
below the work folder. Build on the machine, or on one with the same card, driver and versions, and
give the application the same ``--workdir``. Research use only; not a medical device.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from app.cli import PROJECT_ROOT
from app.exit_codes import exit_code_of
from app.settings import load_settings
from cmr.errors import CmrError
from cmr.inference import InferenceSettings, Provider, Segmenter, engine_folder
from cmr.model_store import open_model


def build(models: Path, inference: InferenceSettings, work_dir: Path) -> list[Path]:
    """Build the engines of the three networks, or find them built.

    Returns
    -------
    list of pathlib.Path
        The engine files.

    Raises
    ------
    CmrError
        The machine cannot run TensorRT, or a model is broken.
    """
    alone = inference.model_copy(update={"providers": (Provider.TENSORRT,)})
    engines: list[Path] = []
    for name in (inference.model, inference.tissue_model, inference.scar_model):
        folder = open_model(models, name)
        network = Segmenter(folder, alone, work_dir)
        # TensorRT may put the work off to the first images.
        shape = (inference.batch_size, network.input_channels, *folder.matrix)
        network.run(np.zeros(shape, np.float32))
        engines += sorted(engine_folder(folder, work_dir).glob("*.engine"))
    return engines


def main(argv: Sequence[str] | None = None) -> int:
    """Build, list, and return the exit code of the application for the same fault."""
    parser = argparse.ArgumentParser(prog="python -m deploy.engines", description=__doc__)
    parser.add_argument("--model", type=Path, default=PROJECT_ROOT / "models")
    parser.add_argument("--config", type=Path, default=PROJECT_ROOT / "app.yaml")
    parser.add_argument("--workdir", type=Path, required=True, help="as of the application")
    options = parser.parse_args(argv)
    try:
        inference = load_settings(options.config).inference
        for path in build(options.model, inference, options.workdir):
            print(f"{path.relative_to(options.workdir)}\t{path.stat().st_size / 1e6:.1f} MB")
    except CmrError as error:
        print(f"error: {type(error).__name__}: {error}", file=sys.stderr)
        return exit_code_of(error)
    return 0


if __name__ == "__main__":
    sys.exit(main())
