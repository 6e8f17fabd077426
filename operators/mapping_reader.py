"""Mapping reader: pixels of every T1, T2, T2* and ECV acquisition of a study."""

from __future__ import annotations

from typing import Any, ClassVar

from cmr.errors import NothingReadable, NotInStudy
from cmr.mapping.plausible import PlausibleSettings
from dicomio.acquired_map import ReadMap, read_acquisitions
from operators.messages import Maps, SelectedStudy
from operators.sdk import Fragment
from operators.step import Step


class MappingReader(Step):
    """``selected`` → ``acquired``."""

    part: ClassVar[str] = "mapping"
    inputs = ("selected",)
    output = "acquired"

    def __init__(self, fragment: Fragment, *, settings: PlausibleSettings, **kwargs: Any) -> None:
        self._settings = settings
        super().__init__(fragment, **kwargs)

    def run(self, selected: SelectedStudy) -> Maps[ReadMap]:
        """Read; what cannot be read is named."""
        study = selected.selection.mapping
        if not (study.sources or study.maps):
            raise NotInStudy("The study holds no mapping series that can be used.")
        read, lost = read_acquisitions(study, self._settings)
        if not read:
            raise NothingReadable(" ".join(lost))
        return Maps(read, {f"acquisition {n}": text for n, text in enumerate(lost, 1)})
