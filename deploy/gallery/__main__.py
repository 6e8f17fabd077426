"""``make report-gallery``: reports of the phantom and of a real study, rendered page by page.

The phantom (cine, maps, late enhancement) in every language, the real study in English; PDF pages,
HTML at phone, laptop and print width, and the summary over all of them. The exit code is 1 where a
page overflows, lacks a picture, asks another host or makes the browser complain, or a PDF has more
than four pages.
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

from deploy.gallery.paper import render_pdf
from deploy.gallery.render import WIDTHS_PX, chromium, see_html
from texts import LANGUAGES

_ROOT = Path(__file__).resolve().parents[2]
_REAL = _ROOT.parent / "shared" / "data" / "bivme_cine"
_PHANTOM = ("--mapping", "--scar", "subendocardial")
_HAEMATOCRIT = {"haematocrit": 0.42}  # of the phantom
_MOST_PAGES = 4  # of a report


def main() -> int:
    """Measure, render, list what is wrong."""
    parser = argparse.ArgumentParser(prog="python -m deploy.gallery", description=__doc__)
    parser.add_argument("--output", type=Path, required=True, help="made anew")
    parser.add_argument("--languages", nargs="*", default=LANGUAGES, choices=LANGUAGES)
    folder: Path = (args := parser.parse_args()).output.resolve()
    shutil.rmtree(folder, ignore_errors=True)
    faults: list[str] = []
    with chromium() as browser:
        runs = []
        for name, study, language in _studies(folder, args.languages):
            runs.append(_measured(folder / name, study, language))
            faults += _render(browser, runs[-1], folder / name)
        faults += _summary(browser, runs, folder / "summary")
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
    count = len(render_pdf(results / "report.pdf", pages))
    if count > _MOST_PAGES:
        yield f"{folder.name}: {count} pages"
    yield from _seen(browser, results / "report.html", pages)


def _seen(browser: Browser, file: Path, pages: Path) -> Iterator[str]:
    """A picture at every width; what is wrong with the page."""
    for width in WIDTHS_PX:
        seen = see_html(browser, file, width, pages / f"html-{width}.png")
        yield from (f"{pages.parent.name}, {width}: {fault}" for fault in seen.faults)


def _summary(browser: Browser, runs: list[Path], folder: Path) -> Iterator[str]:
    """One table over all runs; what is wrong with its page."""
    pages = folder / "pages"
    pages.mkdir(parents=True)
    _python("-m", "app", "--summary", *map(str, runs), "-o", str(folder))
    yield from _seen(browser, folder / "summary.html", pages)


def _python(*words: str) -> None:
    subprocess.run([sys.executable, *words], cwd=_ROOT, check=True)


if __name__ == "__main__":
    sys.exit(main())
