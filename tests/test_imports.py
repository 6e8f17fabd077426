"""The arrows: app → operators → dicomio, pictures and meshes → cmr, and nothing back."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.requirement("CINE-03")

OWN = {
    "app",
    "operators",
    "dicomio",
    "pictures",
    "meshes",
    "report",
    "texts",
    "serving",
    "cmr",
    "phantom",
    "training",
    "validation",
    "deploy",
}
APP = {
    "app",
    "operators",
    "report",
    "dicomio",
    "pictures",
    "meshes",
    "serving",
    "texts",
    "cmr",
}
ALLOWED = {
    "cmr": {"cmr"},
    "dicomio": {"dicomio", "cmr"},
    "texts": {"texts"},
    "pictures": {"pictures", "texts", "cmr"},
    "report": {"report", "pictures", "dicomio", "texts", "cmr"},
    "meshes": {"meshes", "cmr"},
    "operators": {"operators", "report", "dicomio", "pictures", "meshes", "texts", "cmr"},
    "serving": {"serving", "cmr"},
    "app": APP,
    "phantom": {"phantom", "cmr"},
    "training": {"training", "cmr"},
    "validation": {"validation", "training", "phantom", "dicomio", "texts", "cmr"},
    # Nothing but tests imports deploy.
    "deploy": {"deploy", *APP},
}
FORBIDDEN_OUTSIDE = {
    "cmr": {"pydicom", "highdicom", "holoscan", "monai.deploy", "matplotlib", "trimesh"},
    "dicomio": {"holoscan", "monai", "matplotlib", "trimesh"},
    "report": {"pydicom", "highdicom", "holoscan", "monai", "matplotlib", "trimesh"},
    "operators": {"matplotlib", "trimesh", "typst", "jinja2"},
    "app": {"matplotlib", "trimesh"},
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


def test_servers_are_asked_through_one_door():
    doors = {
        path.relative_to(ROOT).as_posix()
        for package in OWN
        for path in files(package)
        if any(
            m.split(".")[0] in {"tritonclient", "gevent", "geventhttpclient"}
            for m in imported_modules(path.read_text(encoding="utf-8"))
        )
    }
    assert doors == {"serving/triton.py"}


def test_pictures_need_nothing_but_arrays_and_what_draws():
    allowed = {
        "pictures",
        "texts",
        "cmr",
        "numpy",
        "matplotlib",
        "contourpy",
        "PIL",
        "scipy",  # cmr has it too
    } | sys.stdlib_module_names
    for path in files("pictures"):
        modules = imported_modules(path.read_text(encoding="utf-8"))
        assert {m.split(".")[0] for m in modules} <= allowed, path
        # It keeps figures in the process and asks for a display.
        assert not {m for m in modules if m.startswith(("matplotlib.pyplot", "pylab"))}, path


def test_the_application_starts_without_matplotlib():
    code = "import sys, app.main; sys.exit('matplotlib' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=60)


def test_the_reader_of_imports_sees_nested_ones():
    found = imported_modules("def f():\n    from app.cli import parse\n    import a.b\n")
    assert {"app.cli", "app.cli.parse", "a.b"} <= found
