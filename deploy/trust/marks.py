"""Which test shows which requirement: ``pytest.mark.requirement`` read from the test files.

The files are parsed, not imported, so that the table can be made without the tests' tools.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

MARK = "requirement"


@dataclass(frozen=True, order=True)
class TestRef:
    """A test function, or all of a file where ``function`` is empty."""

    __test__ = False  # not a test class of pytest's

    file: str
    function: str = ""

    def __str__(self) -> str:
        return f"{self.file}::{self.function}" if self.function else self.file


@dataclass(frozen=True)
class MarkedTests:
    """The test functions of each file, and the tests that each requirement is marked with."""

    functions: dict[str, tuple[str, ...]]
    marked: dict[str, tuple[TestRef, ...]]

    def expand(self, reference: TestRef) -> tuple[TestRef, ...]:
        """Return the functions that a reference stands for; none where it names nothing."""
        known = self.functions.get(reference.file, ())
        if reference.function:
            return (reference,) if reference.function in known else ()
        return tuple(TestRef(reference.file, name) for name in known)


def parse_reference(text: str) -> TestRef:
    """Read ``tests/test_x.py::test_y`` or ``tests/test_x.py``."""
    file, _, function = text.partition("::")
    return TestRef(file, function)


def read_marks(root: Path) -> MarkedTests:
    """Read every ``tests/test_*.py`` below ``root``."""
    functions: dict[str, tuple[str, ...]] = {}
    marked: dict[str, set[TestRef]] = {}
    for path in sorted((root / "tests").glob("test_*.py")):
        name = path.relative_to(root).as_posix()
        tree = ast.parse(path.read_text(encoding="utf-8"))
        functions[name] = tuple(f.name for f in _functions(tree))
        for identifier, function in _marks(tree):
            marked.setdefault(identifier, set()).add(TestRef(name, function))
    return MarkedTests(functions, {k: tuple(sorted(v)) for k, v in sorted(marked.items())})


def _functions(tree: ast.Module) -> list[ast.FunctionDef]:
    found = (node for node in tree.body if isinstance(node, ast.FunctionDef))
    return [node for node in found if node.name.startswith("test_")]


def _marks(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Identifier and function of each mark; no function for a mark of the whole file."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and _names(node) == ["pytestmark"]:
            values = node.value.elts if isinstance(node.value, ast.List) else [node.value]
            yield from ((identifier, "") for identifier in _identifiers(values))
    for function in _functions(tree):
        yield from ((i, function.name) for i in _identifiers(function.decorator_list))


def _names(node: ast.Assign) -> list[str]:
    return [target.id for target in node.targets if isinstance(target, ast.Name)]


def _identifiers(expressions: Iterable[ast.expr]) -> Iterator[str]:
    for expression in expressions:
        if not isinstance(expression, ast.Call) or not _is_mark(expression.func):
            continue
        for argument in expression.args:
            if not (isinstance(argument, ast.Constant) and isinstance(argument.value, str)):
                raise ValueError(f"A mark '{MARK}' takes identifiers written out.")
            yield argument.value


def _is_mark(function: ast.expr) -> bool:
    return ast.unparse(function) == f"pytest.mark.{MARK}"
