"""Output folders of runs that went well, failed, or left something else behind."""

import json
from pathlib import Path

from PIL import Image

from app.outcome import failure
from app.publish import METADATA
from cmr.errors import NothingReadable
from cmr.results import StudyResults
from dicomio.results_json import write_results
from tests.terminal_sample import whole_study

HOSTILE = "<script>alert(1)</script><img src=http://x.example/a onerror=alert(2)> =1+2 {{ 7*7 }}"


def measured(folder: Path, uid="1.2.826.1", pictures=(), **changes) -> StudyResults:
    """``results.json`` of a study, as the application writes it."""
    folder.mkdir(parents=True)
    for name, size in pictures:
        Image.new("RGBA", size, (200, 30, 40, 255)).save(folder / name)
    results = whole_study().model_copy(update={"study_instance_uid": uid, **changes})
    return write_results(results, folder)


def failed(folder: Path, message="Input: none of 3 files holds an image.") -> None:
    """What a run that failed leaves."""
    folder.mkdir(parents=True)
    content = failure(NothingReadable(message))
    (folder / METADATA).write_text(json.dumps(content), encoding="utf-8")


def folders(root: Path) -> list[Path]:
    """One of each kind: two studies in one, one with pictures, failed, broken, empty."""
    measured(root / "two" / "study-2", "1.2.826.22", cine=None)
    measured(root / "two" / "study-1", "1.2.826.21", mapping=None, scar=None)
    pictures = (("cine-contours-ed.png", (900, 700)), ("map-bullseyes.png", (1600, 500)))
    measured(root / "one", "1.2.826.1", pictures)
    failed(root / "failed", f"Input: {HOSTILE}")
    (root / "broken").mkdir()
    (root / "broken" / "results.json").write_text('{"schema_version": "1.4.0"', "utf-8")
    (root / "empty").mkdir()
    return [root / name for name in ("two", "one", "failed", "broken", "empty")]
