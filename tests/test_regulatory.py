"""Requirements, marks, risks and results: made-up projects with known gaps, and this one."""

import subprocess
import sys
from dataclasses import replace

import pytest
import yaml

from deploy.trust import ROOT
from deploy.trust.__main__ import regulatory_pages
from deploy.trust.marks import MarkedTests, TestRef, read_marks
from deploy.trust.outcomes import Outcome, TestRun, read_runs
from deploy.trust.pages import results_page
from deploy.trust.registers import RegisterError, Registers, read_registers
from deploy.trust.trace import Trace, failures, gaps

pytestmark = pytest.mark.requirement("TRU-01")

CLAIMED = {"id": "X-01", "issue": 1, "text": "It adds.", "code": ["adding.py"]}
RISK = {
    "id": "R-01",
    "hazard": "Wrong sum",
    "cause": "Carry",
    "sequence": "Carry is lost; a sum is read",
    "harm": "None",
    "severity": "minor",
    "before": "probable",
    "measures": [
        {"text": "Sums", "requirement": "X-01", "test": "tests/test_sums.py::test_by_hand"}
    ],
    "after": "remote",
    "rest": "none",
}
TESTS = """
import pytest

pytestmark = [pytest.mark.slow, pytest.mark.requirement("X-02")]


@pytest.mark.parametrize("n", [1, 2])
@pytest.mark.requirement("X-01", "X-03")
def test_by_hand(n):
    assert n < 3


def helper():
    pass


def test_carry():
    pytest.skip("no carry here")


@pytest.mark.requirement("X-04")
def test_overflow():
    assert False
"""
BY_HAND = TestRef("tests/test_sums.py", "test_by_hand")


def registers(*requirements, risks=(), anomalies=()):
    return Registers(requirements=requirements, risks=risks, anomalies=anomalies)


def written(folder, **entries):
    for name in ("requirements", "risks", "anomalies"):
        text = yaml.safe_dump(entries.get(name, []))
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """Root of a project with three tests of which one passes, and the JUnit file of their run."""
    root = tmp_path_factory.mktemp("project")
    (root / "tests").mkdir()
    (root / "tests" / "__init__.py").touch()
    (root / "tests" / "test_sums.py").write_text(TESTS, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--junitxml=r.xml"]
    subprocess.run(command, cwd=root, capture_output=True, timeout=120, check=False)
    return root


def test_marks_of_functions_and_files_are_found(project):
    found = read_marks(project)
    assert found.functions == {
        "tests/test_sums.py": ("test_by_hand", "test_carry", "test_overflow")
    }
    assert found.marked == {
        "X-01": (BY_HAND,),
        "X-02": (TestRef("tests/test_sums.py"),),
        "X-03": (BY_HAND,),
        "X-04": (TestRef("tests/test_sums.py", "test_overflow"),),
    }
    assert len(found.expand(TestRef("tests/test_sums.py"))) == 3
    assert found.expand(TestRef("tests/test_sums.py", "helper")) == ()


def test_marks_that_pytest_finds_are_those_that_are_read():
    """A file with marks of both kinds, as pytest itself collects it."""
    code = (
        "import pytest\n"
        "class P:\n"
        "    def pytest_collection_modifyitems(self, items):\n"
        "        for i in items:\n"
        "            for m in i.iter_markers('requirement'):\n"
        "                for a in m.args: print('MARK', i.originalname, a)\n"
        "pytest.main(['--collect-only', '-q', 'tests/test_volumetry.py'], plugins=[P()])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    collected = {tuple(x.split()[1:]) for x in done.stdout.splitlines() if x.startswith("MARK")}
    tests = read_marks(ROOT)
    read = {
        (function.function, identifier)
        for identifier, references in tests.marked.items()
        for reference in references
        if reference.file == "tests/test_volumetry.py"
        for function in tests.expand(reference)
    }
    assert read == collected
    assert {i for _, i in read} >= {"CINE-21", "CINE-22"}


def test_a_computed_identifier_is_refused(tmp_path):
    (tmp_path / "tests").mkdir()
    text = 'import pytest\npytestmark = pytest.mark.requirement("X" + "1")\n'
    (tmp_path / "tests" / "test_x.py").write_text(text)
    with pytest.raises(ValueError, match="written out"):
        read_marks(tmp_path)


def test_a_run_of_pytest_is_counted(project):
    run = read_runs([project / "r.xml"])
    assert run.cases == {
        BY_HAND: Outcome(passed=2),
        TestRef("tests/test_sums.py", "test_carry"): Outcome(skipped=1),
        TestRef("tests/test_sums.py", "test_overflow"): Outcome(failed=1),
    }
    assert run.started[0].startswith("20")
    assert run.of([BY_HAND, BY_HAND]) == Outcome(passed=2)


def junit(path, **verdicts):
    """A JUnit file with a case of each name; nothing in a case that passed."""
    cases = "".join(
        f"<testcase classname='tests.test_sums' name='{name}'>{'' if v == 'passed' else f'<{v}/>'}"
        "</testcase>"
        for name, v in verdicts.items()
    )
    path.write_text(
        f"<testsuites><testsuite timestamp='{path.stem}'>{cases}</testsuite></testsuites>"
    )
    return path


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("skipped", "passed", Outcome(passed=1)),
        ("passed", "skipped", Outcome(passed=1)),
        ("skipped", "skipped", Outcome(skipped=1)),
        ("failure", "passed", Outcome(failed=1)),
        ("skipped", "error", Outcome(failed=1)),
    ],
)
def test_a_test_of_two_runs_counts_once_where_it_was_carried_out(tmp_path, first, second, expected):
    """As the tests of the image, which the run of all tests skips."""
    paths = [junit(tmp_path / "1.xml", test_a=first), junit(tmp_path / "2.xml", test_a=second)]
    run = read_runs(paths)
    assert run.cases == {TestRef("tests/test_sums.py", "test_a"): expected}
    assert run.started == ("1", "2")


@pytest.mark.parametrize("text", ["", "<testsuites/>", "not xml"])
def test_what_is_no_run_is_refused(tmp_path, text):
    path = tmp_path / "r.xml"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"r\.xml"):
        read_runs([path])


@pytest.mark.parametrize(
    ("function", "missing"),
    [
        ("test_by_hand", []),
        ("test_carry", ["X-01: 0 passed, 1 skipped."]),
        ("test_overflow", ["X-01: 0 passed, 1 failed."]),
        ("test_gone", ["X-01: not run."]),
    ],
)
def test_a_requirement_without_a_passing_test_is_a_failure(project, function, missing):
    reference = TestRef("tests/test_sums.py", function)
    tests = MarkedTests({reference.file: (function,)}, {"X-01": (reference,)})
    trace = Trace(registers(CLAIMED), tests)
    assert failures(trace, read_runs([project / "r.xml"])) == missing


def test_one_failing_test_undoes_the_passing_ones(project):
    whole = replace(read_marks(project), marked={"X-01": (TestRef("tests/test_sums.py"),)})
    found = failures(Trace(registers(CLAIMED), whole), read_runs([project / "r.xml"]))
    assert found == ["X-01: 2 passed, 1 failed, 1 skipped."]


def test_a_failing_test_of_a_missed_requirement_counts_too(project):
    missed = CLAIMED | {"state": "missed", "evidence": "3"}
    overflow = TestRef("tests/test_sums.py", "test_overflow")
    marks = replace(read_marks(project), marked={"X-01": (overflow,)})
    assert failures(Trace(registers(missed), marks), read_runs([project / "r.xml"]))


NOT_RUN = CLAIMED | {"state": "not run", "evidence": "no card"}


@pytest.mark.parametrize(
    ("outcome", "missing"),
    [
        (Outcome(skipped=2), []),
        (Outcome(), []),
        (Outcome(passed=1), ["X-01 is said to be not run (no card), but: 1 passed. Claim it."]),
        (Outcome(failed=1), ["X-01: 0 passed, 1 failed."]),
    ],
)
def test_what_is_said_to_be_not_run_may_neither_pass_nor_fail(project, outcome, missing):
    marks = replace(read_marks(project), marked={"X-01": (BY_HAND,)})
    run = TestRun((), {BY_HAND: outcome})
    assert failures(Trace(registers(NOT_RUN), marks), run) == missing


def test_what_is_said_to_be_not_run_has_tests(project):
    (project / "adding.py").touch()
    bare = Trace(registers(NOT_RUN), replace(read_marks(project), marked={}))
    assert "X-01 is not run, but no test is marked with it." in gaps(bare, project)


def test_a_measure_of_a_risk_needs_its_passing_test(project):
    trace = Trace(registers(CLAIMED, risks=[RISK]), read_marks(project))
    assert failures(trace, read_runs([project / "r.xml"])) == []
    stopped = TestRun((), {BY_HAND: Outcome(skipped=2)})
    assert failures(trace, stopped) == [
        "X-01: 0 passed, 2 skipped.",
        "R-01, tests/test_sums.py::test_by_hand: 0 passed, 2 skipped.",
    ]


def test_gaps_between_registers_marks_and_code_are_named(project):
    (project / "adding.py").touch()
    open_one = CLAIMED | {"id": "X-03", "state": "open", "code": []}
    unmarked = CLAIMED | {"id": "X-09", "code": ["gone.py"]}
    lost = RISK | {"measures": [RISK["measures"][0] | {"test": "tests/test_sums.py::test_gone"}]}
    trace = Trace(registers(CLAIMED, open_one, unmarked, risks=[lost]), read_marks(project))
    assert sorted(gaps(trace, project)) == [
        "R-01 names tests/test_sums.py::test_gone, which is no test.",
        "X-03 is open, but tests are marked with it.",
        "X-09 is claimed, but no test is marked with it.",
        "X-09 names gone.py, which is no file.",
        "tests/test_sums.py is marked with X-02, which is no requirement.",
        "tests/test_sums.py::test_overflow is marked with X-04, which is no requirement.",
    ]


def test_a_measure_whose_test_shows_something_else_is_named(project):
    stray = RISK | {"measures": [RISK["measures"][0] | {"test": "tests/test_sums.py::test_carry"}]}
    (project / "adding.py").touch()
    trace = Trace(registers(CLAIMED, risks=[stray]), read_marks(project))
    assert "R-01: tests/test_sums.py::test_carry does not show X-01." in gaps(trace, project)


def test_a_file_of_tests_without_a_mark_is_named(project):
    trace = Trace(registers(), MarkedTests({"tests/test_a.py": ("test_b",)}, {}))
    assert "tests/test_a.py is marked with no requirement." in gaps(trace, project)


def test_a_module_that_serves_nothing_is_named(project):
    package = project / "cmr" / "deep"
    package.mkdir(parents=True)
    (package / "lost.py").touch()
    trace = Trace(registers(), MarkedTests({}, {}))
    assert gaps(trace, project) == ["cmr/deep/lost.py serves no requirement."]


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"requirements": [CLAIMED, CLAIMED]}, "Twice in a register: X-01"),
        ({"risks": [RISK]}, "R-01 names what no register holds: X-01"),
        ({"requirements": [CLAIMED | {"state": "measured"}]}, "measured and gives no figure"),
        (
            {"requirements": [CLAIMED | {"state": "not run"}]},
            "not run and gives no figure or reason",
        ),
        ({"requirements": [NOT_RUN]}, "not run, but no anomaly"),
        (
            {"requirements": [CLAIMED | {"state": "missed", "evidence": "3"}]},
            "missed, but no anomaly",
        ),
    ],
)
def test_registers_that_contradict_themselves_are_refused(tmp_path, entries, message):
    with pytest.raises(RegisterError, match=message):
        read_registers(written(tmp_path, **entries))


def test_a_missing_register_is_refused(tmp_path):
    with pytest.raises(RegisterError, match="No register of requirements"):
        read_registers(tmp_path)


def test_the_page_of_results_says_what_is_not_shown(project):
    trace = Trace(registers(CLAIMED, risks=[RISK]), read_marks(project))
    good = results_page(trace, read_runs([project / "r.xml"]))
    assert "no test of one fails" in good
    bad = results_page(trace, TestRun(("2026",), {}))
    assert "- X-01: not run." in bad


@pytest.fixture(scope="module")
def own():
    return Trace(read_registers(), read_marks(ROOT))


def test_this_project_has_no_gaps(own):
    assert gaps(own, ROOT) == []


def test_every_issue_has_requirements_and_the_pages_show_them_all(own):
    pages = regulatory_pages(own)
    for name in ("requirements.md", "traceability.md"):
        page = next(text for path, text in pages.items() if path.name == name)
        for entry in own.registers.requirements:
            assert f"| {entry.id} |" in page
    assert {r.issue for r in own.registers.requirements} == {2, 3, 4, 5, 6, 7}


def test_the_documents_are_those_that_the_command_makes(own):
    stale = [
        path.as_posix()
        for path, text in regulatory_pages(own).items()
        if (ROOT / path).read_text(encoding="utf-8") != text
    ]
    assert stale == [], "run: python -m deploy.trust documents"


def test_every_document_says_that_this_is_no_device(own):
    for path, text in regulatory_pages(own).items():
        words = " ".join(text.lower().split())
        assert "not a medical device" in words, path
