"""``python -m phantom``: write a phantom study, and what is known of it beside the folder."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError
from rich.console import Console
from rich.progress import Progress

from phantom.encode import Syntax
from phantom.mapping_settings import MappingSettings
from phantom.scar_settings import SCAR_PRESETS
from phantom.settings import Layout, PhantomSettings
from phantom.study import plane_count, write_study

_USAGE_ERROR = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the study and ``truth.json`` next to its folder."""
    options = _parser().parse_args(arguments)
    console = Console(stderr=True)
    try:
        settings = PhantomSettings(
            seed=options.seed,
            phases=options.phases,
            slices=options.slices,
            layout=options.layout,
            syntax=options.transfer_syntax,
            missing_slices=tuple(options.missing),
            slice_shifts_mm=tuple(options.shift),
            repeated_slices=tuple(options.repeat),
            mirrored=options.mirrored,
            quarter_turns=options.quarter_turns,
            decoys=options.decoys,
            descriptions=options.descriptions,
            body_size=options.body_size,
            extension=options.extension,
            mapping=MappingSettings() if options.mapping else None,
            scar=SCAR_PRESETS[options.scar] if options.scar else None,
        )
    except ValidationError as error:
        for fault in error.errors():
            console.print(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}")
        return _USAGE_ERROR
    folder: Path = options.output
    with Progress(console=console) as progress:
        task = progress.add_task("Imaging the phantom", total=plane_count(settings))
        truth = write_study(folder, settings, lambda: progress.advance(task))
    truth_path = folder.resolve().parent / "truth.json"
    truth_path.write_text(truth.model_dump_json(indent=2) + "\n", encoding="utf-8")
    console.print(f"Study in {folder}, truth in {truth_path}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m phantom", description=__doc__)
    parser.add_argument("--output", type=Path, required=True, help="folder of the DICOM study")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--phases", type=int, default=25)
    parser.add_argument("--slices", type=int, help="default: as many as cover the heart")
    parser.add_argument("--layout", choices=[x.value for x in Layout], default=Layout.CLASSIC)
    parser.add_argument(
        "--transfer-syntax", choices=[x.value for x in Syntax], default=Syntax.EXPLICIT
    )
    parser.add_argument("--missing", type=int, nargs="*", default=[], help="slices left out")
    parser.add_argument("--repeat", type=int, nargs="*", default=[], help="slices taken twice")
    parser.add_argument("--shift", type=float, nargs="*", default=[], help="mm, a slice each")
    parser.add_argument("--quarter-turns", type=int, default=0)
    parser.add_argument("--mirrored", action="store_true")
    parser.add_argument("--mapping", action="store_true", help="also tissue mapping")
    parser.add_argument("--scar", choices=list(SCAR_PRESETS), help="late enhancement with this")
    for name, what in (
        ("decoys", "scouts, long-axis cines, late enhancement"),
        ("descriptions", "series descriptions"),
        ("body-size", "height and weight"),
        ("extension", ".dcm at the end of file names"),
    ):
        parser.add_argument(
            f"--{name}", action=argparse.BooleanOptionalAction, default=True, help=what
        )
    return parser


if __name__ == "__main__":
    sys.exit(main())
