"""Pages as a person sees them: a PDF by poppler, HTML in Chromium at several widths."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from playwright.sync_api import Browser, Page, Request, sync_playwright

CHROMIUM = "/usr/bin/chromium"
# Without them Chromium asks hosts of its own, which would hide what a page asks.
QUIET_FLAGS = (
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# CSS pixels. A4 with its margins is 794 wide at 96 dpi.
WIDTHS_PX = MappingProxyType({"phone": 360, "laptop": 1280, "print": 794})
_HEIGHT_PX = 900
_PDF_DPI = 110

_OVERFLOW = """() => document.documentElement.scrollWidth - document.documentElement.clientWidth"""
_MISSING = """() => [...document.images].filter(i => !i.complete || !i.naturalWidth)
  .map(i => i.alt || i.src.slice(0, 60))"""
_SCROLL = """async () => { const step = innerHeight;
  for (let y = 0; y < document.body.scrollHeight; y += step) {
    scrollTo(0, y); await new Promise(done => setTimeout(done, 20)); }
  scrollTo(0, 0); }"""


@dataclass(frozen=True)
class Seen:
    """What one width showed.

    Attributes
    ----------
    overflow_px
        How much wider the page is than the window.
    missing
        Pictures that did not load.
    requests
        Addresses that the page asked beyond itself.
    text
        Everything that the page says.
    """

    overflow_px: int
    missing: tuple[str, ...]
    requests: tuple[str, ...]
    text: str


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium without a screen."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            headless=True, executable_path=CHROMIUM, args=list(QUIET_FLAGS)
        )
        try:
            yield browser
        finally:
            browser.close()


def see_html(browser: Browser, file: Path, width: str, picture: Path | None = None) -> Seen:
    """Open a file at one of :data:`WIDTHS_PX`; ``picture`` takes the whole page."""
    page = browser.new_page(viewport={"width": WIDTHS_PX[width], "height": _HEIGHT_PX})
    try:
        return _see(page, file, width, picture)
    finally:
        page.close()


def _see(page: Page, file: Path, width: str, picture: Path | None) -> Seen:
    asked: list[str] = []

    def note(request: Request) -> None:
        if not request.url.startswith(("data:", file.resolve().as_uri())):
            asked.append(request.url)

    page.on("request", note)
    if width == "print":
        page.emulate_media(media="print")
    page.goto(file.resolve().as_uri(), wait_until="load")
    page.evaluate(_SCROLL)
    if picture is not None:
        page.screenshot(path=picture, full_page=True)
    return Seen(
        overflow_px=int(page.evaluate(_OVERFLOW)),
        missing=tuple(page.evaluate(_MISSING)),
        requests=tuple(asked),
        text=str(page.locator("body").inner_text()),
    )


def render_pdf(file: Path, folder: Path, dpi: int = _PDF_DPI) -> list[Path]:
    """Every page as PNG, by pdftoppm of poppler-utils."""
    stem = folder / file.stem
    subprocess.run(["pdftoppm", "-r", str(dpi), "-png", str(file), str(stem)], check=True)
    return sorted(folder.glob(f"{file.stem}-*.png"))
