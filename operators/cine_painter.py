"""Cine painter: contours, curves and wall of the cine as PNG files, the beating heart as WebP."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from operators.messages import JudgedCine, StudyJob
from operators.sdk import Fragment
from operators.step import Step
from pictures.cine_page import CinePage
from texts import Words


class CinePainter(Step):
    """``study``, ``judged`` → ``cine_pictures``, the files written."""

    part: ClassVar[str] = "cine"
    inputs = ("study", "judged")
    output = "cine_pictures"

    def __init__(self, fragment: Fragment, *, notice: str, words: Words, **kwargs: Any) -> None:
        self._notice = notice
        self._words = words
        super().__init__(fragment, **kwargs)

    def run(self, job: StudyJob, judged: JudgedCine) -> tuple[Path, ...]:
        """Paint what the cine has."""
        # Matplotlib takes most of a second to import; studies without a cine do not wait for it.
        from pictures.cine_pages import PICTURES

        page = cine_page(judged, self._notice, self._words)
        painted = {name: paint(page) for name, paint in PICTURES.items()}
        written = {name: content for name, content in painted.items() if content is not None}
        for name, content in written.items():
            (job.folder / name).write_bytes(content)
        return tuple(job.folder / name for name in written)


def cine_page(judged: JudgedCine, notice: str, words: Words) -> CinePage:
    """What the pictures show of a judged cine."""
    cine, measurement = judged.measured.cine, judged.measured.measurement
    return CinePage(
        images=cine.images.volume.data,
        labels=cine.labels.data,
        pixel_spacing_mm=cine.labels.geometry.pixel_spacing_mm,
        base_first=measurement.base_first,
        volumes_ml=measurement.volumes_ml,
        excluded=frozenset(measurement.phases.excluded),
        slice_agreement=cine.slice_agreement,
        results=judged.results,
        notice=notice,
        words=words,
    )
