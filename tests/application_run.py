"""Running the application as a user does, and reading what it left."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from cmr.results import StudyResults
from dicomio.results_json import read_results
from tests.conftest import ROOT


@dataclass(frozen=True)
class Run:
    """Exit code, what was printed, and the output folder."""

    code: int
    stdout: str
    stderr: str
    output: Path

    @property
    def results(self) -> StudyResults:
        return read_results(self.output / "results.json")

    @property
    def metadata(self) -> dict:
        return json.loads((self.output / "metadata.json").read_text(encoding="utf-8"))

    def files(self) -> list[str]:
        return sorted(
            p.relative_to(self.output).as_posix() for p in self.output.rglob("*") if p.is_file()
        )

    def one(self, pattern: str) -> Path:
        found = list(self.output.glob(pattern))
        assert len(found) == 1, (pattern, self.files())
        return found[0]

    def texts(self) -> str:
        """Everything that is not DICOM: printed, or written."""
        written = [
            p.read_text(encoding="utf-8") for p in self.output.rglob("*.json") if p.is_file()
        ]
        return "\n".join([self.stdout, self.stderr, *self.files(), *written])


def run_app(source: Path, output: Path, *extra: str) -> Run:
    """Run ``python -m app`` in a process of its own, without the caller's HOLOSCAN variables."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("HOLOSCAN")}
    command = [sys.executable, "-m", "app", "-i", str(source), "-o", str(output), *extra]
    done = subprocess.run(
        command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=300, check=False
    )
    return Run(done.returncode, done.stdout, done.stderr, output)
