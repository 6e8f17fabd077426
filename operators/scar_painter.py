"""Scar painter: pictures of the scar as PNG files, its surfaces as STL and glTF."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from cmr.scar.assemble import mesh_name
from operators.messages import JudgedScar, StudyJob
from operators.sdk import Fragment
from operators.step import Step
from pictures.scar_page import ScarPage
from texts import Words


class ScarPainter(Step):
    """``study``, ``judged_scar`` → ``scar_pictures``, the files written."""

    part: ClassVar[str] = "scar"
    inputs = ("study", "judged_scar")
    output = "scar_pictures"

    def __init__(self, fragment: Fragment, *, notice: str, words: Words, **kwargs: Any) -> None:
        self._notice = notice
        self._words = words
        super().__init__(fragment, **kwargs)

    def run(self, job: StudyJob, judged: JudgedScar) -> tuple[Path, ...]:
        """Paint the slices, the bullseyes and the surfaces; write the surfaces."""
        # Matplotlib takes most of a second to import; studies without scar do not wait for it.
        from meshes.files import glb_bytes, stl_bytes
        from pictures.scar_pages import bullseye_page, overlay_page, surface_page

        page = self._page(judged)
        made = {"scar-slices.png": overlay_page(page), "scar-bullseyes.png": bullseye_page(page)}
        if judged.surfaces:
            made["scar-surfaces.png"] = surface_page(page, judged.surfaces)
            made["scar-surfaces.glb"] = glb_bytes(judged.surfaces)
            made |= {mesh_name(name): stl_bytes(one) for name, one in judged.surfaces.items()}
        written = {name: content for name, content in made.items() if content is not None}
        for name, content in written.items():
            (job.folder / name).write_bytes(content)
        return tuple(job.folder / name for name in written)

    def _page(self, judged: JudgedScar) -> ScarPage:
        scar = judged.scar
        return ScarPage(
            images=judged.values,
            ventricle=scar.ventricle,
            scar=scar.scar,
            core=scar.core,
            gray=scar.gray,
            no_reflow=scar.no_reflow,
            results=scar.results,
            notice=self._notice,
            words=self._words,
        )
