"""The packages of the image are those that were tested, and all that the application needs."""

import ast
import re
import sys
from importlib.metadata import packages_distributions, version

import pytest

from deploy.image.bytecode import PACKAGES
from tests.conftest import ROOT
from tests.test_imports import files

pytestmark = pytest.mark.requirement("PKG-01")

# In requirements.txt, not in the image: it runs networks with ONNX Runtime and is packaged already.
NOT_IN_IMAGE = {"torch", "monai", "holoscan-cli"}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(path) -> dict[str, str]:
    lines = (ROOT / path).read_text(encoding="utf-8").splitlines()
    found = [line.split("==") for line in lines if line and not line.startswith(("#", "-r"))]
    assert all(len(pair) == 2 for pair in found), path
    return {normal(name): pin for name, pin in found}


def image_pins(variant: str) -> dict[str, str]:
    return pins("deploy/image/requirements.txt") | pins(f"deploy/image/requirements-{variant}.txt")


def built() -> dict[str, str]:
    used = pins("deploy/image/requirements-build.txt") | pins("deploy/image/requirements-sbom.txt")
    return image_pins("cpu") | used


def test_the_image_has_the_pins_of_requirements_txt():
    stated = pins("requirements.txt")
    assert {k: v for k, v in image_pins("cpu").items() if k in stated} == {
        k: v for k, v in stated.items() if k not in NOT_IN_IMAGE
    }
    assert set(stated) >= NOT_IN_IMAGE


@pytest.mark.parametrize("name", sorted(built()))
def test_the_image_has_the_versions_that_the_tests_run_with(name):
    assert built()[name] == version(name)


def test_the_gpu_image_differs_in_onnx_runtime_and_nvidias_libraries_alone():
    cpu, gpu = pins("deploy/image/requirements-cpu.txt"), pins("deploy/image/requirements-gpu.txt")
    assert gpu["onnxruntime-gpu"] == cpu["onnxruntime"]
    assert all(name == "onnxruntime-gpu" or name.startswith("nvidia-") for name in gpu)


def test_every_import_of_the_application_comes_from_a_package_of_the_image():
    known = packages_distributions()
    ours = set(PACKAGES)
    for path in (path for package in PACKAGES for path in files(package)):
        for module in direct_imports(path):
            if module in ours or module in sys.stdlib_module_names or module == "monai":
                continue
            providers = {normal(name) for name in known[module]}
            assert providers & set(image_pins("cpu")), (path, module)


def direct_imports(path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(str(node.module).split(".")[0])
    return found


def test_the_version_in_the_dockerfile_is_the_applications():
    stated = re.findall(r"^ARG VERSION=(.+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    [version_] = re.findall(r"^  version: (.+)$", (ROOT / "app.yaml").read_text(), re.MULTILINE)
    assert set(stated) == {version_}
