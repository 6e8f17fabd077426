"""``results.json``: the results record as a file, and its published JSON Schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cmr.results import StudyResults

RESULTS = "results.json"
_LISTED = {".dcm", ".png", ".webp", ".stl", ".glb", ".pdf", ".html"}


def write_results(results: StudyResults, folder: Path) -> StudyResults:
    """Write ``results.json`` beside the other files of ``folder`` and list them in it.

    A missing value is absent, not null; inside lists, where position counts, it is null.
    """
    names = sorted(p.name for p in folder.iterdir() if p.suffix in _LISTED)
    complete = results.model_copy(update={"files": names})
    text = complete.model_dump_json(indent=2, exclude_none=True)
    (folder / RESULTS).write_text(text + "\n", encoding="utf-8")
    return complete


def read_results(path: Path) -> StudyResults:
    """Read and check a ``results.json``; raises ``pydantic.ValidationError`` if it is not one."""
    return StudyResults.model_validate_json(path.read_bytes())


def json_schema() -> dict[str, Any]:
    """The schema that ``docs/results.schema.json`` publishes."""
    schema = StudyResults.model_json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def schema_text() -> str:
    """The schema as it is committed."""
    return json.dumps(json_schema(), indent=2) + "\n"


if __name__ == "__main__":
    (Path(__file__).resolve().parents[1] / "docs" / "results.schema.json").write_text(schema_text())
