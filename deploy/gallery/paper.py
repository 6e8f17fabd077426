"""A PDF as a person sees it: by poppler, page by page."""

from __future__ import annotations

import subprocess
from pathlib import Path

_DPI = 110


def render_pdf(file: Path, folder: Path, dpi: int = _DPI) -> list[Path]:
    """Every page as PNG, by pdftoppm of poppler-utils."""
    stem = folder / file.stem
    subprocess.run(["pdftoppm", "-r", str(dpi), "-png", str(file), str(stem)], check=True)
    return sorted(folder.glob(f"{file.stem}-*.png"))
