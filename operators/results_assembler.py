"""Results assembler: the parts of a study joined into the one results record."""

from __future__ import annotations

from typing import Any

from cmr.errors import NotInStudy
from cmr.results import Application, StudyResults
from operators.messages import JudgedCine, JudgedMaps, JudgedScar, Refusal, SelectedStudy
from operators.sdk import Fragment
from operators.step import Step


class ResultsAssembler(Step):
    """``selected``, ``judged``, ``judged_maps``, ``judged_scar`` → ``results``.

    A refused part is named with its reason, unless the study has no images of it.
    """

    inputs = ("selected", "judged", "judged_maps", "judged_scar")
    output = "results"
    optional = ("judged", "judged_maps", "judged_scar")

    def __init__(self, fragment: Fragment, *, application: Application, **kwargs: Any) -> None:
        self._application = application
        super().__init__(fragment, **kwargs)

    def run(
        self,
        selected: SelectedStudy,
        judged: JudgedCine | Refusal,
        maps: JudgedMaps | Refusal,
        scar: JudgedScar | Refusal,
    ) -> StudyResults:
        """Join what was measured."""
        parts = (judged, maps, scar)
        refused = [one for one in parts if isinstance(one, Refusal)]
        return StudyResults(
            application=self._application,
            study_instance_uid=selected.job.study.uid,
            input=selected.job.input_count,
            series=list(selected.selection.decisions),
            cine=judged.results if isinstance(judged, JudgedCine) else None,
            mapping=maps.results if isinstance(maps, JudgedMaps) else None,
            scar=scar.results if isinstance(scar, JudgedScar) else None,
            quality=[
                gate for part in parts if not isinstance(part, Refusal) for gate in part.gates
            ],
            refusals={
                one.part: str(one.error) for one in refused if not isinstance(one.error, NotInStudy)
            },
        )
