"""The pages that people read lead somewhere, and say what the code does."""

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from app.exit_codes import ExitCode
from cmr.records import Status
from tests.conftest import ROOT
from tests.test_imports import ALLOWED
from texts.words import LANGUAGES

pytestmark = pytest.mark.requirement("REP-08")

PAGES = sorted(
    page
    for pattern in ("*.md", "docs/**/*.md", "deploy/**/README.md", "models/*/README.md")
    for page in ROOT.glob(pattern)
)


def tokens(page: Path) -> list[Token]:
    """What Markdown is made of, without what stands in code."""
    blocks = MarkdownIt("commonmark").enable("table").parse(page.read_text(encoding="utf-8"))
    return [inner for block in blocks for inner in (block, *(block.children or ()))]


def targets(page: Path) -> Iterator[str]:
    """Where the links and pictures of a page lead."""
    for token in tokens(page):
        if address := token.attrs.get("href") or token.attrs.get("src"):
            yield str(address)
        elif token.type in ("html_inline", "html_block"):
            yield from re.findall(r"""\b(?:href|src)\s*=\s*["']?([^"'\s>]+)""", token.content)


@cache
def anchors(page: Path) -> frozenset[str]:
    """Names of the headings, made as GitHub makes them."""
    found, seen = [], Counter[str]()
    blocks = MarkdownIt("commonmark").enable("table").parse(page.read_text(encoding="utf-8"))
    for opening, text in pairwise(blocks):
        if opening.type == "heading_open":
            words = "".join(t.content for t in text.children or () if t.type != "softbreak")
            name = re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")
            found.append(f"{name}-{seen[name]}" if seen[name] else name)
            seen[name] += 1
    return frozenset(found)


def dead_ends(page: Path, root: Path) -> list[str]:
    """Links and pictures of a page that lead nowhere, or out of the project."""
    return [target for target in targets(page) if not _leads(page, target, root)]


def _leads(page: Path, target: str, root: Path) -> bool:
    parts = urlsplit(target)
    if parts.scheme:
        return True
    place = (page.parent / unquote(parts.path)).resolve() if parts.path else page
    if not (place.exists() and place.is_relative_to(root.resolve())):
        return False
    return not parts.fragment or (place.suffix == ".md" and parts.fragment in anchors(place))


def rows(page: str, heading: str) -> list[list[str]]:
    """Cells of the first table below a heading, without its header."""
    text = (ROOT / page).read_text(encoding="utf-8").split(f"## {heading}\n", 1)[1]
    table = re.search(r"(?:^\|.*\n)+", text, re.MULTILINE)
    assert table is not None
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in table[0].splitlines()[2:]]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_and_picture_leads_somewhere(page):
    assert dead_ends(page, ROOT) == []


def test_pages_of_every_reader_are_looked_at_and_have_pictures():
    for name in ("clinician", "integrator", "developer"):
        page = ROOT / "docs" / f"{name}.md"
        assert page in PAGES
        assert [t for t in targets(page) if t.startswith("pictures/")]


def test_dead_ends_are_noticed(tmp_path):
    (tmp_path / "there.md").write_text("# `a_b`: two, 3-D\n\n## Twice\n\n## Twice\n")
    (tmp_path / "table.md").write_text("| a |\n|---|\n| [cell](gone.md) |\n")
    (tmp_path / "page.md").write_text(
        "# Top\n\n[a](there.md) [b](there.md#a_b-two-3-d) [c](there.md#twice-1) [d](#top)\n"
        "[e](https://example.org/x) ![f](gone.png) [g](there.md#twice-2) [h](#bottom)\n"
        f"[i](../{tmp_path.name}-beside) `[j](code.md)` <img src='lost.png'>\n\n"
        "```\n[k](fenced.md)\n```\n\n[l][kept]\n\n[kept]: missing/\n"
    )
    (tmp_path.parent / f"{tmp_path.name}-beside").mkdir()
    assert dead_ends(tmp_path / "page.md", tmp_path) == [
        "gone.png",
        "there.md#twice-2",
        "#bottom",
        f"../{tmp_path.name}-beside",
        "lost.png",
        "missing/",
    ]
    assert dead_ends(tmp_path / "table.md", tmp_path) == ["gone.md"]


def test_exit_codes_are_those_of_the_application():
    assert {int(code) for code, _ in rows("README.md", "Exit codes")} == set(map(int, ExitCode))


def test_every_kind_of_dicom_result_is_listed():
    """The conformance statement's table is held against the code elsewhere."""
    written = rows("docs/conformance.md", "Written")
    kinds = {match[1] for row in written if (match := re.match(r"`([\w-]+)-\*\.dcm`", row[2]))}
    assert len(kinds) == len(written)
    listed = [name for row in rows("README.md", "What it writes") for name in row[0].split("`")]
    assert kinds == {kind for kind in kinds for name in listed if name.startswith(f"{kind}-")}


def test_the_clinician_reads_the_marks_that_gates_give():
    marks = {mark for mark, *_ in rows("docs/clinician.md", "Read the marks first")}
    assert marks == {status.value for status in Status}


def test_the_developer_finds_every_room():
    named = {
        name
        for cell, *_ in rows("docs/developer.md", "Rooms")
        for name in re.findall(r"`(\w+)/`", cell)
    }
    assert named == set(ALLOWED)


def test_the_integrator_finds_every_language():
    text = (ROOT / "docs/integrator.md").read_text(encoding="utf-8")
    (named,) = re.findall(r"`report\.language` in `app\.yaml` \(([a-z, ]+)\)", text)
    assert tuple(named.split(", ")) == tuple(LANGUAGES)
