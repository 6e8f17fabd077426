"""Map painter: bullseyes of all maps, and every map with its contours, as PNG files."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from dicomio.key_pictures import MAP_BULLSEYES, map_name
from operators.messages import JudgedMaps, StudyJob
from operators.sdk import Fragment
from operators.step import Step
from texts import Words


class MapPainter(Step):
    """``study``, ``judged_maps`` → ``pictures``, the files written."""

    part: ClassVar[str] = "mapping"
    inputs = ("study", "judged_maps")
    output = "pictures"

    def __init__(self, fragment: Fragment, *, notice: str, words: Words, **kwargs: Any) -> None:
        self._notice = notice
        self._words = words
        super().__init__(fragment, **kwargs)

    def run(self, job: StudyJob, judged: JudgedMaps) -> tuple[Path, ...]:
        """Paint every map, and the bullseyes of those with segments."""
        # Matplotlib takes most of a second to import; studies without maps do not wait for it.
        from pictures.map_pages import bullseye_page, overlay_page

        painted = {
            f"{map_name(p.key)}.png": overlay_page(p, self._notice, self._words)
            for p in judged.pages
        }
        bullseyes = bullseye_page(judged.pages, self._notice, self._words)
        if bullseyes is not None:
            painted[f"{MAP_BULLSEYES}.png"] = bullseyes
        for name, content in painted.items():
            (job.folder / name).write_bytes(content)
        return tuple(job.folder / name for name in painted)
