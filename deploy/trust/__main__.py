"""Make the evidence.

    python -m deploy.trust documents [--results FILE ...]
    python -m deploy.trust sbom --output FILE [--site DIR]
    python -m deploy.trust audit

``documents`` writes ``docs/regulatory``, the tables of ``docs/conformance.md`` and
``docs/third_party.md``; with JUnit files of ``pytest --junitxml`` also
``docs/regulatory/results.md``. It fails where a claimed requirement has no passing test, or where
registers, marks and code do not fit. ``sbom`` lists what ``requirements.txt`` brings along here, or
all that lies in a folder of packages such as that of an image. ``audit`` asks for known
vulnerabilities: exit code 1 where there are some, 2 where any part could not be checked.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from packaging.utils import canonicalize_name

from app.settings import load_settings
from cmr.errors import ModelError
from deploy.trust import ROOT
from deploy.trust.audit import audit
from deploy.trust.conformance import PAGE, conformance_page
from deploy.trust.marks import read_marks
from deploy.trust.outcomes import read_runs
from deploy.trust.pages import (
    anomalies_page,
    requirements_page,
    results_page,
    risks_page,
    traceability_page,
)
from deploy.trust.parts import Package, models, packages, pinned
from deploy.trust.registers import read_registers
from deploy.trust.sbom import sbom
from deploy.trust.software import software_page
from deploy.trust.third_party import third_party_page
from deploy.trust.trace import Trace, failures, gaps

REGULATORY = Path("docs/regulatory")
THIRD_PARTY = Path("docs/third_party.md")
_REQUIREMENTS = ROOT / "requirements.txt"


def regulatory_pages(trace: Trace) -> dict[Path, str]:
    """Make every page that depends on no result, by its path from the top of the project."""
    application = load_settings(ROOT / "app.yaml").application
    networks = models(ROOT / "models")
    statement = (ROOT / PAGE).read_text(encoding="utf-8")
    return {
        REGULATORY / "README.md": software_page(
            ROOT, application.version, application.notice, _REQUIREMENTS, networks
        ),
        REGULATORY / "requirements.md": requirements_page(trace),
        REGULATORY / "traceability.md": traceability_page(trace),
        REGULATORY / "risks.md": risks_page(trace),
        REGULATORY / "anomalies.md": anomalies_page(trace),
        PAGE: conformance_page(statement),
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Run one of the commands; returns the exit code."""
    arguments = _parser().parse_args(argv)
    try:
        if arguments.command == "documents":
            return _documents(arguments.results)
        if arguments.command == "sbom":
            return _sbom(arguments.output, arguments.site)
        return _audit()
    except (ValueError, ModelError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deploy.trust")
    commands = parser.add_subparsers(dest="command", required=True)
    documents = commands.add_parser("documents", help="write the documents, fail on gaps")
    documents.add_argument(
        "--results", type=Path, nargs="+", default=[], help="JUnit files of runs of all tests"
    )
    parts = commands.add_parser("sbom", help="write the list of parts (CycloneDX)")
    parts.add_argument("--output", type=Path, required=True)
    parts.add_argument("--site", type=Path, help="folder of packages, all of which are listed")
    commands.add_parser("audit", help="ask for known vulnerabilities")
    return parser


def _documents(results: Sequence[Path]) -> int:
    trace = Trace(read_registers(), read_marks(ROOT))
    pages = regulatory_pages(trace)
    pages[THIRD_PARTY] = third_party_page(
        _runtime(),
        frozenset(canonicalize_name(r.name) for r in pinned(_REQUIREMENTS)),
        models(ROOT / "models"),
    )
    missing: list[str] = []
    if results:
        run = read_runs(results)
        pages[REGULATORY / "results.md"] = results_page(trace, run)
        missing += failures(trace, run)
    for path, text in pages.items():
        (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / path).write_text(text, encoding="utf-8")
        print(path)
    missing += gaps(trace, ROOT)
    for line in missing:
        print(f"missing: {line}", file=sys.stderr)
    return 1 if missing else 0


def _sbom(output: Path, site: Path | None) -> int:
    version = load_settings(ROOT / "app.yaml").application.version
    listed = packages(site) if site else _runtime()
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(sbom(version, listed, models(ROOT / "models")), encoding="utf-8")
    print(f"{output}: {len(listed)} packages")
    return 0


def _audit() -> int:
    found = audit(_runtime())
    print(*found.lines(), sep="\n")
    return found.verdict


def _runtime() -> list[Package]:
    """Packages of this environment that the application needs."""
    return packages(roots=_REQUIREMENTS)


if __name__ == "__main__":
    sys.exit(main())
