"""``make report-gallery``: reports of the phantom and of a real study, rendered page by page.

The phantom (cine, maps, late enhancement) in every language, the real study in English; PDF pages,
HTML at phone, laptop and print width, every picture. The exit code is 1 where a page overflows,
lacks a picture or asks another host.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import yaml
from playwright.sync_api import Browser

from deploy.gallery.render import WIDTHS_PX, chromium, render_pdf, see_html
from texts import LANGUAGES

_ROOT = Path(__file__).resolve().parents[2]
_REAL = _ROOT.parent / "shared" / "data" / "bivme_cine"
_PHANTOM = ("--mapping", "--scar", "subendocardial")
_HAEMATOCRIT = {"haematocrit": 0.42}  # of the phantom


def main() -> int:
    """Measure, render, list what is wrong."""
    parser = argparse.ArgumentParser(prog="python -m deploy.gallery", description=__doc__)
    parser.add_argument("--output", type=Path, required=True, help="made anew")
    parser.add_argument("--languages", nargs="*", default=LANGUAGES, choices=LANGUAGES)
    folder: Path = (args := parser.parse_args()).output.resolve()
    shutil.rmtree(folder, ignore_errors=True)
    faults: list[str] = []
    with chromium() as browser:
        for name, study, language in _studies(folder, args.languages):
            faults += _render(browser, _measured(folder / name, study, language), folder / name)
    for fault in faults:
        print(fault)
    print(f"Pages in {folder}. Research use only.")
    return 1 if faults else 0


def _studies(folder: Path, languages: list[str]) -> Iterator[tuple[str, Path, str]]:
    """Name, study and language of every report."""
    study = folder / "study"
    _python("-m", "phantom", "--output", str(study), *_PHANTOM)
    (study / "haematocrit.json").write_text(json.dumps(_HAEMATOCRIT), encoding="utf-8")
    for language in languages:
        yield f"phantom-{language}", study, language
    if _REAL.is_dir():
        yield "bivme-en", _REAL, "en"
    else:
        print(f"{_REAL} is not here: no real study in the gallery.")


def _measured(folder: Path, study: Path, language: str) -> Path:
    """The folder with the results of a study."""
    settings = yaml.safe_load((_ROOT / "app.yaml").read_text(encoding="utf-8"))
    settings["report"]["language"] = language
    folder.mkdir(parents=True)
    config = folder / "app.yaml"
    config.write_text(yaml.safe_dump(settings, allow_unicode=True), encoding="utf-8")
    results = folder / "results"
    _python("-m", "app", "-i", str(study), "-o", str(results), "-c", str(config))
    return results


def _render(browser: Browser, results: Path, folder: Path) -> Iterator[str]:
    """Pictures of all pages beside the results; what is wrong with them."""
    pages = folder / "pages"
    pages.mkdir()
    render_pdf(results / "report.pdf", pages)
    for width in WIDTHS_PX:
        seen = see_html(browser, results / "report.html", width, pages / f"html-{width}.png")
        where = f"{folder.name}, {width}"
        if seen.overflow_px > 0:
            yield f"{where}: {seen.overflow_px} px too wide"
        yield from (f"{where}: picture missing: {name}" for name in seen.missing)
        yield from (f"{where}: asks {address}" for address in seen.requests)


def _python(*words: str) -> None:
    subprocess.run([sys.executable, *words], cwd=_ROOT, check=True)


if __name__ == "__main__":
    sys.exit(main())
