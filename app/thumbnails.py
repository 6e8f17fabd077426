"""Pictures of earlier runs, small enough for a table of many."""

from __future__ import annotations

import base64
import io
import struct
import zlib
from pathlib import Path

from PIL import Image

PICTURES = {
    "cine-contours-ed.png": "Contours at end-diastole",
    "map-bullseyes.png": "Bullseyes of the maps",
    "scar-bullseyes.png": "Bullseyes of the scar",
}
"""File names, and what they show."""

_SIZE = (320, 200)
_LARGEST_BYTES = 32 * 1024 * 1024
_LARGEST_PIXELS = 64_000_000
_QUALITY = 82
# What Pillow is known to raise on files that are no pictures.
_FAULTS = (OSError, ValueError, SyntaxError, EOFError, struct.error, zlib.error, MemoryError)


def thumbnails(folder: Path) -> list[tuple[str, str]]:
    """Title and ``data:`` URI of each picture that is there and can be read."""
    made = ((title, _thumbnail(folder / name)) for name, title in PICTURES.items())
    return [(title, uri) for title, uri in made if uri]


def _thumbnail(path: Path) -> str:
    """Empty where there is no such picture; drawn anew, so that nothing else is taken over."""
    try:
        if not path.is_file() or path.stat().st_size > _LARGEST_BYTES:
            return ""
        with Image.open(path, formats=["PNG"]) as picture:
            if picture.width * picture.height > _LARGEST_PIXELS:
                return ""
            small = picture.convert("RGBA")
        small.thumbnail(_SIZE, Image.Resampling.LANCZOS)
        paper = Image.new("RGB", small.size, "white")
        paper.paste(small, mask=small.getchannel("A"))
        buffer = io.BytesIO()
        paper.save(buffer, "JPEG", quality=_QUALITY)
    except (*_FAULTS, Image.DecompressionBombError):
        return ""
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()
