"""The arrows of the house: app → operators → dicomio → cmr, and nothing back."""

import ast
from pathlib import Path

import pytest

from tests.conftest import ROOT

OWN = {"app", "operators", "dicomio", "cmr", "phantom", "training", "validation"}
ALLOWED = {
    "cmr": {"cmr"},
    "dicomio": {"dicomio", "cmr"},
    "operators": {"operators", "dicomio", "cmr"},
    "app": {"app", "operators", "dicomio", "cmr"},
    "phantom": {"phantom", "cmr"},
    "training": {"training", "cmr"},
    "validation": {"validation", "training", "phantom", "dicomio", "cmr"},
}
FORBIDDEN_OUTSIDE = {
    "cmr": {"pydicom", "highdicom", "holoscan", "monai.deploy"},
    "dicomio": {"holoscan", "monai"},
    "phantom": {"holoscan", "highdicom", "torch"},
}


def imported_modules(source: str) -> set[str]:
    """Every module that a source file imports, at any depth of its code."""
    modules: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide the arrow"
            modules |= {node.module or ""} | {f"{node.module}.{a.name}" for a in node.names}
    return modules


def files(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


@pytest.mark.parametrize("package", sorted(ALLOWED))
def test_imports_point_one_way(package):
    assert files(package), package
    for path in files(package):
        modules = imported_modules(path.read_text(encoding="utf-8"))
        own = {m.split(".")[0] for m in modules} & OWN
        assert own <= ALLOWED[package], f"{path}: {own - ALLOWED[package]}"


def test_a_sites_validation_run_stands_without_the_projects_own_evidence():
    paths = files("validation/cohort")
    assert paths
    for path in paths:
        modules = imported_modules(path.read_text(encoding="utf-8"))
        own = {m for m in modules if m.split(".")[0] == "validation"}
        rest = {m for m in own if not m.startswith("validation.cohort")}
        assert rest <= {"validation", "validation.PROJECT_ROOT"}, f"{path}: {rest}"


@pytest.mark.parametrize("package", sorted(FORBIDDEN_OUTSIDE))
def test_inner_rings_stay_free_of_the_outer_libraries(package):
    for path in files(package):
        modules = imported_modules(path.read_text(encoding="utf-8"))
        found = {
            m
            for m in modules
            for name in FORBIDDEN_OUTSIDE[package]
            if m == name or m.startswith(f"{name}.")
        }
        assert not found, f"{path}: {found}"


def test_the_sdk_has_one_door():
    doors = {
        path.relative_to(ROOT).as_posix()
        for package in OWN
        for path in files(package)
        if any(
            m.startswith(("holoscan", "monai.deploy"))
            for m in imported_modules(path.read_text(encoding="utf-8"))
        )
    }
    assert doors == {"operators/sdk.py"}


def test_the_reader_of_imports_sees_nested_ones():
    found = imported_modules("def f():\n    from app.cli import parse\n    import a.b\n")
    assert {"app.cli", "app.cli.parse", "a.b"} <= found
