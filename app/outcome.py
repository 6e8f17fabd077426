"""What orchestrators read: ``metadata.json`` (Workflow Manager) and ``result.json`` (mercure).

Neither holds patient data. ``metadata.json`` keys become conditions in clinical workflows, so
they are flat where there is one study.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from app.exit_codes import exit_code_of, public_message
from cmr.errors import NoApplicableSeries
from cmr.records import Status, most_severe
from cmr.results import StudyResults

NAME = "cmr-map"
RESULT = "result.json"


def success(results: Sequence[StudyResults]) -> dict[str, Any]:
    """``metadata.json`` of a run that measured something."""
    summaries = [_summary(r) for r in results]
    first = (
        summaries[0]
        if len(summaries) == 1
        else {"qc_status": most_severe(r.quality_status for r in results).value}
    )
    return {
        "application": NAME,
        "inference_status": True,
        **first,
        "studies": summaries,
    }


def failure(error: BaseException) -> dict[str, Any]:
    """``metadata.json`` of a run that ended without results.

    Where series were looked at, their decisions stand in it, so that a refusal can be understood.
    """
    found = error.decisions if isinstance(error, NoApplicableSeries) else ()
    decisions = [d.model_dump(mode="json") for d in found]
    return {
        "application": NAME,
        "inference_status": False,
        "exception": type(error).__name__,
        "exception_message": public_message(error),
        "exit_code": int(exit_code_of(error)),
        **({"series": decisions} if decisions else {}),
        "files": [],
    }


def write_result_json(results: Sequence[StudyResults], folder: Path) -> None:
    """``result.json``: what mercure shows, whom it tells, where it sends, and the numbers in short.

    What a gate wants reviewed asks for a notification and for the rule's alternate target; mercure
    heeds both only where the rule allows it.
    """
    summaries = [_summary(r) for r in results]
    doubtful = most_severe(r.quality_status for r in results) is not Status.PASS
    text = "; ".join(_sentence(s) for s in summaries)
    content = {
        "__mercure_notification": {"text": text, "requested": doubtful},
        **({"__mercure_routing": {"use_alternate_target": True}} if doubtful else {}),
        "studies": summaries,
    }
    (folder / RESULT).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _summary(results: StudyResults) -> dict[str, Any]:
    summary: dict[str, Any] = {
        "study_instance_uid": results.study_instance_uid,
        "qc_status": results.quality_status.value,
        "refusals": results.refusals,
    }
    if results.cine is not None:
        for name, part in (("lv", results.cine.lv), ("rv", results.cine.rv)):
            summary |= {f"{name}_{q.key}": value for q, value in part.values()}
    if results.mapping is not None:
        for key, one in results.mapping.maps.items():
            for name, region in (("global", one.global_), ("septal", one.septal)):
                values = ((q.key, v) for q, v in region.values() if q.key.startswith("median_"))
                summary |= {f"{key}_{name}_{quantity}": value for quantity, value in values}
    if results.scar is not None:
        summary |= {f"scar_{q.key}": value for q, value in results.scar.values()}
        summary["scar_method"] = results.scar.method
    return summary


def _sentence(summary: dict[str, Any]) -> str:
    shown = [
        f"{label} {summary[key]:g} {unit}"
        for key, label, unit in (
            ("lv_ef_pct", "LV EF", "%"),
            ("lv_edv_ml", "LV EDV", "ml"),
            ("rv_ef_pct", "RV EF", "%"),
            ("native_t1_global_median_ms", "native T1", "ms"),
            ("t2_global_median_ms", "T2", "ms"),
            ("ecv_global_median_pct", "ECV", "%"),
            ("scar_pct_lv_mass", "scar", "% of LV mass"),
        )
        if key in summary
    ]
    numbers = ", ".join(shown) or "no numbers"
    return f"Cardiac MR (research use only): {numbers}; quality: {summary['qc_status']}"
