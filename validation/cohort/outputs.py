"""``cases.csv`` and ``summary.json`` of a run."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Any

from validation.cohort.records import CaseRow

CASES, SUMMARY = "cases.csv", "summary.json"
_LAST = ("undefined", "gates", "seconds")


def write_cases(folder: Path, rows: Sequence[CaseRow]) -> Path:
    """Write a line a case; an undefined number is an empty cell."""
    lines = [_line(row) for row in rows]
    held = dict.fromkeys(key for line in lines for key in line)
    path = folder / CASES
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [key for key in held if key not in _LAST] + [*_LAST])
        writer.writeheader()
        writer.writerows(lines)
    return path


def write_summary(folder: Path, content: Mapping[str, Any]) -> Path:
    """Write the summary; its undefined numbers are None already."""
    path = folder / SUMMARY
    path.write_text(json.dumps(content, indent=1, allow_nan=False) + "\n", "utf-8")
    return path


def _line(row: CaseRow) -> dict[str, str]:
    numbers = dict(row.overlap)
    for key, value in row.measured.items():
        numbers[key] = value
        if key in row.reference:
            numbers[f"{key}.reference"] = row.reference[key]
    numbers |= row.agreement
    return {
        "case": row.case,
        "status": "failed" if row.failure else "ok",
        "reason": row.failure,
        **row.subgroups,
        **{key: _text(value) for key, value in numbers.items()},
        "undefined": "; ".join(f"{key}: {reason}" for key, reason in row.undefined.items()),
        "gates": " ".join(row.gates),
        "seconds": _text(row.seconds),
    }


def _text(value: float) -> str:
    return f"{value:.6g}" if isfinite(value) else ""
