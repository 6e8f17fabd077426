"""A study with SEG, report, PDF, key pictures and the list of them all, for tests of the last."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from dicomio.encapsulated_pdf import write_pdf
from dicomio.key_object import write_key_object
from dicomio.key_pictures import key_pictures
from dicomio.origin import Origin, origin_of
from dicomio.rendering import WrittenRendering
from dicomio.secondary_capture import KeyPicture, write_captures
from dicomio.sr import WrittenObjects
from tests.writer_case import IDENTITY, SETTINGS, Case, write_case

PAGE = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 100]>>endobj\n"
    b"trailer<</Root 1 0 R>>\n%%EOF\n"
)
# Odd and even numbers of bytes; rows and columns both odd in one picture.
ODD_PDF, EVEN_PDF = (PAGE + b"\n" * ((len(PAGE) + n) % 2) for n in (0, 1))
SHAPES = {"cine-contours-es": (31, 45), "cine-contours-ed": (40, 20), "cine-curves": (16, 8)}


@dataclass(frozen=True)
class Rendered:
    case: Case
    origin: Origin
    pdf: WrittenRendering
    pictures: list[KeyPicture]
    captures: tuple[WrittenRendering, ...]
    key_object: WrittenRendering

    @property
    def listed(self) -> list[Path]:
        return [*self.case.files, self.pdf.path, *(c.path for c in self.captures)]

    @property
    def files(self) -> list[Path]:
        return [*self.listed, self.key_object.path]


def write_pngs(folder: Path) -> None:
    """Noise, the same each time."""
    random = np.random.default_rng(7)
    for name, shape in SHAPES.items():
        colours = random.integers(0, 256, (*shape, 3), dtype=np.uint8)
        Image.fromarray(colours, "RGB").save(folder / f"{name}.png")


def write_rendered(folder: Path, *, pdf=ODD_PDF, identity=IDENTITY, **options) -> Rendered:
    """Write everything below ``folder``."""
    case = write_case(folder, **options)
    results = case.report.parent
    (folder / "report.pdf").write_bytes(pdf)
    origin = origin_of([case.source.images], identity)
    written = write_pdf(pdf, origin, SETTINGS, results)
    write_pngs(folder)
    pictures = key_pictures(folder, WrittenObjects(case.segs))
    captures = write_captures(pictures, origin, SETTINGS, results)
    key_object = write_key_object(sorted(results.glob("*.dcm")), origin, SETTINGS, results)
    return Rendered(case, origin, written, pictures, captures, key_object)
