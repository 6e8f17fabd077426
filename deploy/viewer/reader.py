"""Drive OHIF in a headless browser as a reader would, and see what it has drawn.

Pages are asked by way of ``window.services`` and ``window.cornerstone``, which OHIF provides.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image
from playwright.sync_api import ConsoleMessage, Page, sync_playwright
from pydicom.dataset import Dataset

from deploy.gallery.render import CHROMIUM, QUIET_FLAGS

_FLAGS = [
    *QUIET_FLAGS,
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
]
_LEAST_COLOUR = 30  # between the channels of a pixel that a mask lies on; images are grey
_DISPLAY_SETS = """() => services.displaySetService.getActiveDisplaySets().map(d => ({
  id: d.displaySetInstanceUID, modality: d.Modality, number: Number(d.SeriesNumber),
  description: d.SeriesDescription, series_uid: d.SeriesInstanceUID,
  shown_on: services.displaySetService.getDisplaySetByUID(
    d.referencedDisplaySetInstanceUID ?? '')?.SeriesInstanceUID ?? ''}))"""
_LOADED = "id => services.segmentationService.getSegmentations().some(s => s.segmentationId == id)"
_SHOW = """async uid => { const v = cornerstone.getRenderingEngines()[0].getViewports()[0];
  const i = v.getImageIds().findIndex(id => id.includes('/instances/' + uid + '/'));
  if (i < 0) return i;
  const drawn = () => new Promise(done => {
    v.element.addEventListener(cornerstone.Enums.Events.IMAGE_RENDERED, done, {once: true});
    v.render(); });
  await v.setImageIdIndex(i); await drawn();
  await new Promise(done => setTimeout(done, 500)); await drawn();  // masks follow their image
  return i; }"""
_HAS = """uid => window.cornerstone?.getRenderingEngines()[0]?.getViewports()[0]?.getImageIds()
  .some(id => id.includes('/instances/' + uid + '/'))"""
_DOCUMENT = "object[type='application/pdf'][data]"
_BYTES = """async data => { const read = new FileReader();
  read.readAsDataURL(await (await fetch(data)).blob());
  await new Promise(done => { read.onload = done; });
  return read.result.split(',')[1]; }"""
_CURRENT = """() => cornerstone.getRenderingEngines()[0].getViewports()[0].getCurrentImageId()"""
_CANVAS = """points => { const v = cornerstone.getRenderingEngines()[0].getViewports()[0];
  const scale = v.canvas.width / v.canvas.clientWidth;
  return [v.canvas.toDataURL('image/png'),
    points.map(p => v.worldToCanvas(p).map(x => x * scale))]; }"""


@dataclass(frozen=True)
class DisplaySet:
    """What the viewer lists; ``shown_on`` is the series that a SEG is drawn on."""

    id: str
    modality: str
    number: int
    description: str
    series_uid: str
    shown_on: str


class Reader:
    """One open study."""

    def __init__(self, page: Page, timeout_s: float) -> None:
        self._page = page
        self._timeout_ms = timeout_s * 1000
        self.errors: list[str] = []
        page.set_default_timeout(self._timeout_ms)
        tour = page.get_by_text("Skip all")  # shown at a first visit, some time after the images
        page.add_locator_handler(tour, tour.click)
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def _note(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(message.text)

    def open_study(self, viewer: str, study_uid: str, n_series: int) -> None:
        """Open a study and wait until all its series are listed."""
        url = f"{viewer}/viewer?StudyInstanceUIDs={study_uid}"
        self._page.goto(url, wait_until="domcontentloaded")
        listed = "window.services?.displaySetService?.getActiveDisplaySets?.().length"
        # A polling interval: a busy machine draws no frames, and frames are the default clock.
        self._page.wait_for_function(f"{listed} >= {n_series}", polling=500)

    def display_sets(self) -> list[DisplaySet]:
        """Everything that the study browser lists."""
        return [DisplaySet(**found) for found in self._page.evaluate(_DISPLAY_SETS)]

    def open_segmentation(self, wanted: DisplaySet) -> None:
        """Open a SEG by its entry in the list, and agree to load it."""
        self.open_entry(wanted)
        self._page.wait_for_function(_LOADED, arg=wanted.id, polling=500)
        self._page.get_by_role("button", name="Yes").click()
        self._page.wait_for_timeout(3000)

    def open_entry(self, wanted: DisplaySet) -> None:
        """Double-click an entry of the list."""
        entry = self._page.locator(f"[id='thumbnail-{wanted.id}']")
        entry.scroll_into_view_if_needed()
        entry.dblclick()

    def show(self, sop_instance_uid: str) -> bool:
        """Go to an image of the open series; False where it is not in there."""
        if self._page.evaluate(_SHOW, sop_instance_uid) < 0:
            return False
        return f"/instances/{sop_instance_uid}/" in self._page.evaluate(_CURRENT)

    def show_when_open(self, sop_instance_uid: str) -> bool:
        """Wait until the series of an image is open, then go to that image."""
        self._page.wait_for_function(_HAS, arg=sop_instance_uid, polling=500)
        return self.show(sop_instance_uid)

    def document(self) -> bytes:
        """The PDF that the viewer has handed to the browser."""
        frame = self._page.locator(_DOCUMENT)
        frame.wait_for()
        return base64.b64decode(self._page.evaluate(_BYTES, frame.get_attribute("data")))

    def drawn(self, image: Dataset) -> npt.NDArray[np.uint8]:
        """Colour ``(row, col, 3)`` at the centre of each pixel of ``image``, which is shown.

        Places come from the image's own header, not from what the viewer makes of it.
        """
        rows, cols = int(image.Rows), int(image.Columns)
        places = np.array(image.ImagePositionPatient, float)
        row = np.array(image.ImageOrientationPatient[:3], float) * image.PixelSpacing[1]
        column = np.array(image.ImageOrientationPatient[3:], float) * image.PixelSpacing[0]
        ends = [places, places + row * (cols - 1), places + column * (rows - 1)]
        data, at = self._page.evaluate(_CANVAS, [end.tolist() for end in ends])
        with Image.open(io.BytesIO(base64.b64decode(data.split(",")[1]))) as png:
            pixels = np.asarray(png.convert("RGB"))
        first, across, down = (np.array(point) for point in at)
        i, j = np.mgrid[:rows, :cols]
        steps = j[..., None] * (across - first) / (cols - 1)
        canvas = np.rint(first + steps + i[..., None] * (down - first) / (rows - 1)).astype(int)
        x, y = (np.clip(canvas[..., k], 0, pixels.shape[1 - k] - 1) for k in (0, 1))
        return np.asarray(pixels[y, x])

    def text(self) -> str:
        """Everything that the page says."""
        return str(self._page.locator("body").inner_text())

    def wait_for(self, text: str) -> None:
        """Wait until the page says ``text``."""
        self._page.get_by_text(text).first.wait_for()

    def press(self, name: str) -> None:
        """Press the button of this name."""
        self._page.get_by_role("button", name=name).first.click()

    def picture(self, path: Path) -> None:
        """Save the page as a picture."""
        self._page.screenshot(path=path)


def channels(colours: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
    """Strongest channel of each coloured pixel: 0 red, 1 green, 2 blue; -1 where it is grey."""
    span = colours.max(axis=-1).astype(int) - colours.min(axis=-1)
    return np.where(span >= _LEAST_COLOUR, colours.argmax(axis=-1), -1)


@contextmanager
def browser(timeout_s: float = 300) -> Iterator[Reader]:
    """Start Debian's Chromium without a screen or a GPU."""
    options: dict[str, Any] = {"executable_path": CHROMIUM, "args": _FLAGS}
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(headless=True, **options)
        try:
            yield Reader(chromium.new_page(viewport={"width": 1100, "height": 760}), timeout_s)
        finally:
            chromium.close()
