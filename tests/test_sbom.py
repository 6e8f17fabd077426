"""List of parts against CycloneDX's schema, the pins and pip; what an audit that fails says."""

import hashlib
import json
import os
import subprocess
import sys

import pytest
from packaging.utils import canonicalize_name

from deploy.trust import ROOT
from deploy.trust.__main__ import main
from deploy.trust.audit import Audit, Verdict, audit, read_answer
from deploy.trust.parts import Package, models, packages, pinned
from deploy.trust.sbom import sbom
from deploy.trust.third_party import third_party_page
from tests.conftest import require

PAGE = ROOT / "docs" / "third_party.md"


def wheel(site, name, version, *lines, folder=""):
    """Metadata of an installed package, as a wheel leaves them."""
    path = site / f"{folder or name}-{version}.dist-info"
    path.mkdir(parents=True)
    head = ["Metadata-Version: 2.4", f"Name: {name}", f"Version: {version}", *lines]
    (path / "METADATA").write_text("\n".join(head) + "\n", encoding="utf-8")


@pytest.fixture
def site(tmp_path):
    """Five packages: a needs b, and c on another system; its extra needs d. E is alone."""
    folder = tmp_path / "site"
    wheel(
        folder,
        "A.Pkg",
        "1.0+cpu",
        "License-Expression: MIT OR Apache-2.0",
        "Requires-Dist: b>=1",
        "Requires-Dist: c; sys_platform == 'amiga'",
        "Requires-Dist: d; extra == 'more'",
        folder="a_pkg",
    )
    wheel(folder, "b", "2", "Classifier: License :: OSI Approved :: MIT License")
    wheel(folder, "c", "3", "License: Apache License 2.0")
    wheel(folder, "d", "4", "License: All mine\n        and nobody's", "Requires-Dist: b")
    wheel(folder, "e", "5")
    return folder


def requirements(tmp_path, *lines):
    path = tmp_path / "requirements.txt"
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.requirement("TRU-03")
def test_all_packages_of_a_folder_with_their_licences(site):
    assert [(p.name, p.version, p.licence) for p in packages(site)] == [
        ("A.Pkg", "1.0+cpu", "MIT OR Apache-2.0"),
        ("b", "2", "MIT"),
        ("c", "3", "Apache-2.0"),
        ("d", "4", "All mine"),
        ("e", "5", "not stated in the package"),
    ]


@pytest.mark.requirement("TRU-03")
@pytest.mark.parametrize(
    ("lines", "names"),
    [
        (["# pins", "", "a-pkg==1.0"], ["A.Pkg", "b"]),
        (["a_pkg[more]==1.0  # with d"], ["A.Pkg", "b", "d"]),
        (["-r other.txt", "e==5", "c==3"], ["c", "e"]),
    ],
)
def test_what_requirements_bring_along(site, tmp_path, lines, names):
    found = packages(site, requirements(tmp_path, *lines))
    assert [p.name for p in found] == names


@pytest.mark.requirement("TRU-03")
def test_a_package_that_is_not_there_is_named(site, tmp_path):
    with pytest.raises(ValueError, match="Not installed: gone"):
        packages(site, requirements(tmp_path, "gone==1"))


@pytest.mark.requirement("CINE-01")
@pytest.mark.parametrize("path", sorted(ROOT.glob("requirements*.txt")), ids=lambda p: p.name)
def test_every_dependency_has_an_exact_pin(path):
    found = pinned(path)
    assert found
    for requirement in found:
        [specifier] = requirement.specifier
        assert specifier.operator == "==", requirement
        assert "*" not in specifier.version, requirement


@pytest.mark.requirement("TRU-03")
def test_pins_are_given_as_registries_know_them(site):
    assert packages(site)[0].pin == "a-pkg==1.0"


@pytest.fixture(scope="module")
def document(tmp_path_factory):
    """What the command writes for this environment."""
    output = tmp_path_factory.mktemp("sbom") / "docs" / "sbom.cdx.json"
    assert main(["sbom", "--output", str(output)]) == 0
    return output


@pytest.fixture(scope="module")
def parts(document):
    return json.loads(document.read_text(encoding="utf-8"))


@pytest.mark.requirement("TRU-03")
def test_the_list_is_valid_cyclonedx(document):
    """By the schema that its authors publish, as their library carries it."""
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    text = document.read_text(encoding="utf-8")
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    spoilt = text.replace('"type": "library"', '"type": "novel"', 1)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(spoilt) is not None


@pytest.mark.requirement("TRU-03")
def test_every_pin_is_listed_with_its_version_and_a_licence(parts):
    listed = {c["purl"].split("@")[0].split("/")[1]: c for c in parts["components"] if "purl" in c}
    for pin in pinned(ROOT / "requirements.txt"):
        component = listed[canonicalize_name(pin.name)]
        assert pin.specifier.contains(component["version"].split("+")[0]), pin
    assert all(c["licenses"] for c in parts["components"])


@pytest.mark.requirement("TRU-03")
def test_needs_agree_with_pip(parts):
    """For the packages of the DICOM side, whose needs do not hang on extras."""
    names = ["highdicom", "pydicom", "pylibjpeg"]
    command = [sys.executable, "-m", "pip", "show", *names]
    told = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
    for block in told.split("---"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
        wanted = {canonicalize_name(n) for n in fields["Requires"].split(", ") if n}
        reference = f"{fields['Name']}=={fields['Version']}"
        [edge] = [d for d in parts["dependencies"] if d["ref"] == reference]
        assert {canonicalize_name(r.split("==")[0]) for r in edge.get("dependsOn", [])} == wanted


@pytest.mark.requirement("TRU-03")
def test_models_stand_with_digest_and_licence(parts):
    found = {c["name"]: c for c in parts["components"] if c["type"] == "machine-learning-model"}
    folders = sorted(p.parent.parent for p in (ROOT / "models").glob("*/1/model.onnx"))
    assert sorted(found) == [f.name for f in folders]
    for folder in folders:
        digest = hashlib.sha256((folder / "1" / "model.onnx").read_bytes()).hexdigest()
        component = found[folder.name]
        assert component["hashes"] == [{"alg": "SHA-256", "content": digest}]
        assert component["licenses"] == [{"license": {"id": "CC-BY-NC-SA-4.0"}}]


@pytest.mark.requirement("TRU-03")
def test_the_same_parts_give_the_same_bytes(document, tmp_path):
    again = tmp_path / "again.json"
    assert main(["sbom", "--output", str(again)]) == 0
    assert again.read_bytes() == document.read_bytes()


@pytest.mark.requirement("TRU-03")
def test_another_list_has_another_serial_number(site):
    shipped = models(ROOT / "models")
    variants = [
        ("1.0.0", packages(site), shipped),
        ("1.0.1", packages(site), shipped),
        ("1.0.0", packages(site)[1:], shipped),
        ("1.0.0", packages(site), shipped[1:]),
    ]
    assert len({json.loads(sbom(*variant))["serialNumber"] for variant in variants}) == 4


@pytest.mark.requirement("TRU-03")
def test_a_folder_of_packages_is_listed_whole(site, tmp_path):
    output = tmp_path / "image.json"
    assert main(["sbom", "--output", str(output), "--site", str(site)]) == 0
    content = json.loads(output.read_text(encoding="utf-8"))
    names = [c["name"] for c in content["components"] if c["type"] == "library"]
    assert sorted(names) == ["A.Pkg", "b", "c", "d", "e"]
    assert content["metadata"]["component"]["licenses"] == [{"license": {"id": "Apache-2.0"}}]


@pytest.mark.requirement("TRU-03")
def test_the_page_of_licences_has_every_pin_and_model():
    """Versions of what the pins bring along may be those of another day."""
    page = PAGE.read_text(encoding="utf-8")
    cells = [
        [c.strip() for c in line.split("|")[1:-1]] for line in page.splitlines() if "|" in line
    ]
    listed = {canonicalize_name(row[0]): row for row in cells}
    for pin in pinned(ROOT / "requirements.txt"):
        name, version, licence, marked = listed[canonicalize_name(pin.name)]
        assert (marked, bool(licence)) == ("yes", True), name
        assert pin.specifier.contains(version), pin
    for model in models(ROOT / "models"):
        assert listed[canonicalize_name(model.name)][3] == f"`{model.sha256}`"
    assert all(row[2] for row in cells)


@pytest.mark.requirement("TRU-03")
def test_copyleft_among_the_parts_is_told():
    """Of every package whose licence asks for its source when it is passed on."""
    page = PAGE.read_text(encoding="utf-8")
    told = page.split("## Packages")[0]
    for package in packages(roots=ROOT / "requirements.txt"):
        if "GPL" in package.licence and " OR " not in package.licence.upper():
            assert f"`{package.name}`" in told


def test_bars_and_lines_in_a_licence_do_not_break_the_table():
    odd = Package("x", "1", "one | two\nthree", "", ())
    page = third_party_page([odd], frozenset(), [])
    assert "| x | 1 | one \\| two three |  |" in page


ANSWER = {
    "dependencies": [
        {"name": "a", "version": "1", "vulns": []},
        {
            "name": "b",
            "version": "2",
            "vulns": [{"id": "PYSEC-1", "fix_versions": ["3"], "aliases": [], "description": ""}],
        },
        {"name": "c", "skip_reason": "Dependency not found on PyPI"},
    ],
    "fixes": [],
}


@pytest.mark.requirement("TRU-04")
@pytest.mark.parametrize(
    ("kept", "verdict"),
    [
        ("a", Verdict.CLEAN),
        ("ab", Verdict.VULNERABLE),
        ("ac", Verdict.NOT_CHECKED),
        ("abc", Verdict.VULNERABLE),
        ("", Verdict.NOT_CHECKED),
    ],
)
def test_a_check_that_did_not_happen_is_no_pass(kept, verdict):
    answer = {"dependencies": [d for d in ANSWER["dependencies"] if d["name"] in kept]}
    assert read_answer(json.dumps(answer)).verdict == verdict


@pytest.mark.requirement("TRU-04")
def test_the_answer_is_told_line_by_line():
    assert read_answer(json.dumps(ANSWER)) == Audit(
        checked=2,
        vulnerable=("b 2: PYSEC-1 (mended in 3)",),
        not_checked=("c: Dependency not found on PyPI",),
    )


@pytest.mark.requirement("TRU-04")
def test_every_package_that_was_not_checked_is_named_beside_those_that_were():
    assert read_answer(json.dumps(ANSWER)).lines() == [
        "b 2: PYSEC-1 (mended in 3)",
        "c: Dependency not found on PyPI",
        "2 packages checked, 1 known vulnerabilities, 1 packages not checked",
    ]


@pytest.mark.requirement("TRU-04")
@pytest.mark.parametrize("text", ["", "Traceback", "[]", "{}"])
def test_what_is_no_answer_is_none(text):
    assert read_answer(text) is None


@pytest.mark.requirement("TRU-04")
def test_a_service_out_of_reach_is_said(monkeypatch):
    """pip-audit itself, behind a proxy that is not there."""
    probe = subprocess.run([sys.executable, "-m", "pip_audit", "--version"], capture_output=True,
                           timeout=120, check=False)  # fmt: skip
    require(probe.returncode == 0, "pip-audit")
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    assert os.environ["HTTPS_PROXY"]
    found = audit([Package("pydicom", "3.0.2", "MIT", "", ())])
    assert found.verdict == Verdict.NOT_CHECKED
    [told] = found.not_checked
    assert told.startswith("pydicom: pip-audit failed (")
    assert found.lines() == [
        f"Nothing was checked: no data on vulnerabilities could be had: {told}",
        "0 packages checked, 0 known vulnerabilities, 1 packages not checked",
    ]
