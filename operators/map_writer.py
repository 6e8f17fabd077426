"""Map writer: parametric maps and segments of every map."""

from __future__ import annotations

from typing import Any, ClassVar

from dicomio.map_objects import WrittenMap, write_maps
from dicomio.seg import WriterSettings
from dicomio.uids import ResultIdentity
from operators.messages import JudgedMaps, StudyJob
from operators.sdk import Fragment
from operators.step import Step


class MapWriter(Step):
    """``study``, ``judged_maps`` → ``maps``."""

    part: ClassVar[str] = "mapping"
    inputs = ("study", "judged_maps")
    output = "maps"

    def __init__(
        self,
        fragment: Fragment,
        *,
        settings: WriterSettings,
        identity: ResultIdentity,
        **kwargs: Any,
    ) -> None:
        self._settings = settings
        self._identity = identity
        super().__init__(fragment, **kwargs)

    def run(self, job: StudyJob, judged: JudgedMaps) -> tuple[WrittenMap, ...]:
        """Write the maps that were measured."""
        return write_maps(judged.mapped, self._identity, self._settings, job.folder)
