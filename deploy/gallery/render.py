"""HTML as a person sees it: in Chromium, at several widths."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from playwright.sync_api import Browser, Dialog, Page, sync_playwright

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

_FONTS = "() => document.fonts.ready.then(() => 1)"
_SCROLL = """async () => { const step = innerHeight;
  for (let y = 0; y < document.body.scrollHeight; y += step) {
    scrollTo(0, y); await new Promise(done => setTimeout(done, 20)); }
  scrollTo(0, 0); }"""
# What scrolls sideways in a frame of its own, as a wide table does, overflows nothing.
_LOOK = """() => {
  const root = document.documentElement;
  const framed = e => { for (let p = e.parentElement; p; p = p.parentElement)
    if (['auto', 'scroll'].includes(getComputedStyle(p).overflowX)) return true;
    return false; };
  return {
    overflow: root.scrollWidth - Math.min(root.clientWidth, innerWidth),
    beyond: [...document.querySelectorAll('body *')].filter(e => !e.closest('svg')
      && e.getClientRects().length && e.getBoundingClientRect().right > innerWidth + 1
      && !framed(e)).map(e => e.outerHTML.slice(0, 90)),
    pictures: document.images.length,
    missing: [...document.images].filter(i => !i.complete || !i.naturalWidth)
      .map(i => i.alt || i.src.slice(0, 60)),
    fonts: [...document.fonts].filter(f => f.status == 'error').map(f => f.family),
    loaded: performance.getEntriesByType('resource').map(r => r.name),
  }; }"""


@dataclass(frozen=True)
class Seen:
    """What one width showed.

    Attributes
    ----------
    overflow_px
        How much wider the page is than the window.
    beyond
        Elements that reach over the right edge.
    pictures
        Number of pictures that the page names.
    missing
        Pictures that did not load, and fonts.
    requests
        Addresses that the page asked beyond itself.
    complaints
        What the browser says of the page: errors, dialogs, what its policy forbade.
    text
        Everything that the page says.
    """

    overflow_px: int
    beyond: tuple[str, ...]
    pictures: int
    missing: tuple[str, ...]
    requests: tuple[str, ...]
    complaints: tuple[str, ...]
    text: str

    @property
    def faults(self) -> list[str]:
        """What is wrong, a line each; empty for a page as it should be."""
        wide = [f"{self.overflow_px} px too wide"] if self.overflow_px > 0 else []
        return [
            *wide,
            *(f"reaches over the edge: {element}" for element in self.beyond),
            *(f"missing: {name}" for name in self.missing),
            *(f"asks {address}" for address in self.requests),
            *(f"complaint: {text}" for text in self.complaints),
        ]


class Opened:
    """A page in a window, and what it asked for and complained of since it was opened."""

    def __init__(self, page: Page, file: Path) -> None:
        self.page = page
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self._address = file.resolve().as_uri()
        page.on("request", lambda request: self._note(request.url))
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", self._dismiss)
        page.goto(self._address, wait_until="load")

    def look(self) -> Seen:
        """The whole page, with what comes only when it is scrolled to."""
        self.page.evaluate(_SCROLL)
        self.page.evaluate(_FONTS)
        found = self.page.evaluate(_LOOK)
        for address in found["loaded"]:
            if address not in self.requests:
                self._note(address)
        return Seen(
            overflow_px=int(found["overflow"]),
            beyond=tuple(found["beyond"]),
            pictures=int(found["pictures"]),
            missing=(*found["missing"], *(f"font {family}" for family in found["fonts"])),
            requests=tuple(self.requests),
            complaints=tuple(self.complaints),
            text=str(self.page.locator("body").inner_text()),
        )

    def _note(self, address: str) -> None:
        if not address.startswith("data:") and address.partition("#")[0] != self._address:
            self.requests.append(address)

    def _dismiss(self, dialog: Dialog) -> None:
        self.complaints.append(dialog.message)
        dialog.dismiss()


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


@contextmanager
def opened(browser: Browser, file: Path, width: str) -> Iterator[Opened]:
    """A file in a window of one of :data:`WIDTHS_PX`, to be looked at or used."""
    page = browser.new_page(viewport={"width": WIDTHS_PX[width], "height": _HEIGHT_PX})
    try:
        page.emulate_media(media="print" if width == "print" else "screen")
        yield Opened(page, file)
    finally:
        page.close()


def see_html(browser: Browser, file: Path, width: str, picture: Path | None = None) -> Seen:
    """What a file shows at one of :data:`WIDTHS_PX`; ``picture`` takes the whole page."""
    with opened(browser, file, width) as window:
        seen = window.look()
        if picture is not None:
            window.page.screenshot(path=picture, full_page=True)
        return seen
