"""The page that describes the software: what it is for, its parts, their versions."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from pathlib import Path

from cmr.model_store import ModelFolder
from deploy.image.bytecode import PACKAGES
from deploy.trust.markdown import table
from deploy.trust.pages import NOTICE
from deploy.trust.parts import pinned

_TESTS = "tests"

_TEXT = """# Software description

{notice}

## What it is

cmr-map {version} turns a cardiac MR study in DICOM into contours, maps, numbers and a structured
report, without hands. It runs as one process or one container, reads one folder and writes
another, and opens no connection of its own accord.

**Intended use.** Research on cardiac MR by people who can judge contours. **Not for**
diagnosis, treatment, screening or any decision on a patient.
{notice_of_app}

**Input.** Short-axis cine, T1, T2 and T2* mapping, and late enhancement; DICOM MR, classic or
Enhanced. **Output.** DICOM SEG, Parametric Map and SR, JSON, pictures, surfaces.
`docs/conformance.md` has the classes, the README the files and exit codes.

**Level of automation.** Fully automatic. Every result carries quality gates that pass, ask for
review or withhold numbers; contours are written so that a reader can look at them.

**Users and place.** Researchers and integrators; a workstation, a server or a hospital platform.

## Level of documentation

If it were a device, a wrong number could lead to serious harm, so the higher of FDA's two levels
of documentation and class B or C of IEC 62304 would have to be considered. No such
classification has been made: this is research software.

## Architecture

Imports point one way, which `tests/test_imports.py` holds: `app → operators → report → pictures,
meshes, dicomio, serving, texts → cmr`. The graph of operators stands in the README.

{architecture}

## Software of unknown provenance

Direct parts, pinned exactly. What they bring along is in `docs/third_party.md` with licences, and
in the list of parts (SBOM) of each image.

{packages}

## Models

{models}

## Documents that FDA's list names, and where they are

{documents}

## Clauses of IEC 62304, and what stands for them

{clauses}
"""

_DOCUMENTS = (
    ("Documentation level", "this page; not classified"),
    ("Software description", "this page"),
    ("Risk management file", "[risks.md](risks.md)"),
    ("Requirements specification", "[requirements.md](requirements.md)"),
    ("Architecture", "this page, README, `tests/test_imports.py`, `tests/test_graph.py`"),
    ("Design specification", "docstrings, `docs/mapping.md`, `docs/scar.md`, `docs/gates.md`"),
    ("Development and maintenance", "`CONTRIBUTING.md`, `.ci/run`; no certified process"),
    ("Verification and validation", "[traceability.md](traceability.md), `results.md` of a run, "
     "`docs/validation.md`"),
    ("Revision history", "`CHANGELOG.md` and the repository"),
    ("Unresolved anomalies", "[anomalies.md](anomalies.md)"),
    ("List of parts (SBOM)", "`python -m deploy.trust sbom`; `sbom.cdx.json` among an image's "
     "documents"),
    ("Cybersecurity", "[risks.md](risks.md) R-09 and R-12, the list of parts, `make audit`"),
    ("Networks: data, figures by subgroup, limits", "`models/*/README.md`, `docs/experiments.md`"),
    ("Quantitative values: bias, precision, limits", "`docs/validation.md`, `docs/mapping.md`, "
     "`docs/scar.md`, `docs/phantom.md`"),
    ("Labelling", "README, model cards, the notice in every result"),
    ("Clinical evaluation", "none"),
)  # fmt: skip

_CLAUSES = (
    ("4.3 Safety class", "not assigned"),
    ("5.1 Planning", "issues with wanted figures; no formal plan"),
    ("5.2 Requirements analysis", "[requirements.md](requirements.md)"),
    ("5.3 Architecture", "this page"),
    ("5.4 Detailed design", "modules with typed interfaces and docstrings"),
    ("5.5 Units", "tests by module, ruff, mypy (strict)"),
    ("5.6, 5.7 Integration and system tests", "whole runs on phantoms and a real study, marked "
     "with requirements"),
    ("5.8 Release", "`.ci/run`; known anomalies listed"),
    ("6 Maintenance", "issues; no post-market process"),
    ("7 Risk management", "[risks.md](risks.md)"),
    ("8 Configuration", "git, exact pins, digests of models and settings in every result"),
    ("9 Problem resolution", "issues; no formal process"),
)  # fmt: skip


def software_page(
    root: Path, version: str, notice: str, requirements: Path, models: Sequence[ModelFolder]
) -> str:
    """Make the page."""
    pins = [(r.name, str(r.specifier).removeprefix("==")) for r in pinned(requirements)]
    return _TEXT.format(
        notice=NOTICE,
        version=version,
        notice_of_app=notice,
        architecture=table(("Package", "Shipped", "What"), _packages(root)),
        packages=table(("Package", "Version"), pins),
        models=table(
            ("Model", "Version", "What", "SHA-256"),
            [(m.name, m.version, m.metadata.description, f"`{m.sha256}`") for m in models],
        ),
        documents=table(("Document", "Where"), _DOCUMENTS),
        clauses=table(("Clause", "What there is"), _CLAUSES),
    )


def _packages(root: Path) -> list[tuple[str, str, str]]:
    rows = []
    for path in sorted(root.glob("*/__init__.py")):
        name = path.parent.name
        if name != _TESTS:
            tree = ast.parse(path.read_text(encoding="utf-8"))
            first = (ast.get_docstring(tree) or "").split("\n\n")[0].replace("``", "`")
            rows.append((f"`{name}/`", "yes" if name in PACKAGES else "", first))
    return rows
