"""Nothing of the report is left untranslated: titles, gates, and the sentences of the program."""

import ast
import re

import pytest

from cmr.records import Measured
from cmr.results_mapping import TITLES
from cmr.results_scar import GRAY_TITLES, METHOD_TITLES
from dicomio.kinds import SeriesKind
from report.gate_titles import GATE_TITLES, MAP_GATE_TITLES, gate_title
from tests.conftest import ROOT
from texts import LANGUAGES, Words
from texts.sentences import translated
from texts.words import table

pytestmark = pytest.mark.requirement("REP-02")

OTHERS = [language for language in LANGUAGES if language != "en"]
GATES = sorted((ROOT / "cmr").glob("gates_*.py"))
# What may stand for a name in a message: a word that is a sentence itself, or a number.
FILLED = {
    "message": "Median of blood.",
    "name": "lv",
    "side.upper()": "LV",
    "'; '.join(sorted(bad_ends))": "LV volume jumps away from both neighbouring phases",
    "_WRONG_IMAGES": "inverted phase-sensitive images, a wrong inversion time or no contrast agent",
    "about.flags[0]": "no pixel in the middle of the map has a value",
    "told or 'none known'": "none known",
    "about.kind.unit": "ms",
}


def quantities():
    todo, found = [Measured], set()
    while todo:
        kind = todo.pop()
        todo += kind.__subclasses__()
        found |= {quantity.title for quantity in kind.quantities()}
    return found


def rendered(node):
    """Text of a string of the source, with what changes filled in."""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(
            part.value
            if isinstance(part, ast.Constant)
            else FILLED.get(ast.unparse(part.value), "7")
            for part in node.values
        )
    return None


def messages():
    """Every text that a gate can say, from the source of the gates."""
    for path in GATES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            values = []
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in ("message", "text"):
                values = [node.value]
            elif isinstance(node, ast.Call) and ast.unparse(node.func) == "Finding":
                values = node.args[4:5]
            for value in values:
                parts = value.values if isinstance(value, ast.BoolOp) else [value]
                found = (rendered(part) for part in parts)
                yield from ((path.name, text) for text in found if text)


def names():
    """Every name of a gate, from the source; a map's key is left as ``native_t1``."""
    for path in GATES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "Finding":
                yield from possible(node.args[0])


def possible(node):
    text = rendered(node)
    if text is None:
        return []
    if "gates_mapping" in text or not isinstance(node, ast.JoinedStr):
        return [text]
    first = ast.unparse(node.values[0].value)
    heads = {"about.key": ["native_t1"], "side": ["lv", "rv"], "name": ["lv", "rv", "myocardium"]}
    tail = node.values[1].value
    if len(node.values) > 2:
        return [f"native_t1_{one}" for one in ("blood", "range")]
    return [f"{head}{tail}" for head in heads[first]]


@pytest.mark.parametrize("language", OTHERS)
def test_every_title_is_in_the_table(language):
    titles = {*quantities(), *TITLES.values(), *METHOD_TITLES.values(), *GRAY_TITLES.values()}
    titles |= {*GATE_TITLES.values(), *MAP_GATE_TITLES.values()}
    titles |= {kind.value for kind in SeriesKind}
    assert len(titles) > 100
    assert {title for title in titles if not table().get(title, {}).get(language)} == set()


def test_every_gate_has_a_title():
    found = set(names())
    assert len(found) > 35
    assert {name for name in found if gate_title(name, Words("en")) == name} == set()
    # And no title is left over from a gate that is gone.
    assert set(GATE_TITLES) <= found


def test_titles_of_map_gates_say_which_map():
    assert gate_title("t2_star_fit", Words("en")) == "T2*: goodness of fit"
    assert gate_title("native_t1-2_heart", Words("en")) == "Native T1 (2): heart found"
    assert gate_title("unheard_of", Words("de")) == "unheard_of"


@pytest.mark.parametrize("language", OTHERS)
def test_every_message_of_a_gate_is_translated(language):
    found = dict.fromkeys(text for _, text in messages())
    assert len(found) > 40
    left = [text for text in found if translated(text, language) == text]
    assert left == []


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_of_the_report_is_in_the_table(language):
    """Every literal that the report asks ``say`` or ``words`` for."""
    asked = set()
    for path in (ROOT / "report").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            says = isinstance(node, ast.Call) and ast.unparse(node.func) in ("say", "context.words")
            if says and isinstance(node.args[0], ast.Constant):
                asked.add(node.args[0].value)
    assert len(asked) > 80
    assert {text for text in asked if not table().get(text, {}).get(language)} == set()


def test_numbers_pass_through_untouched():
    english = "The stack has 13 positions; volumes need 6."
    assert translated(english, "de") == "Der Stapel hat 13 Positionen; Volumina brauchen 6."
    for language in OTHERS:
        assert re.findall(r"\d+", translated(english, language)) == ["13", "6"]


def test_sentences_are_taken_apart():
    english = "Median of blood. Expected 1200 to 2400 ms."
    assert translated(english, "fr") == "Médiane du sang. Attendu de 1200 à 2400 ms."
    english = "no cine: no series has one heart beat of images at a position"
    assert translated(english, "es").startswith("sin cine")
    english = (
        "inversion recovery, 1 image a position; not used: 13 x magnitude stack of 13 slices: "
        "another was acquired later"
    )
    assert translated(english, "fr") == (
        "inversion-récupération, 1 image par position ; non utilisé : 13 x pile module de 13 "
        "coupes : une autre a été acquise plus tard"
    )
    english = "acquired last; corrected for motion"
    assert translated(english, "de") == "zuletzt aufgenommen; bewegungskorrigiert"
    assert translated(english, "fr") == "acquise en dernier ; corrigée du mouvement"
    assert translated(english, "zh") == "最后采集；已作运动校正"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("text", ["", "Nobody wrote this.", "a; b", "{x} {0} {", "x " * 5000])
def test_what_nobody_translated_stays(text, language):
    assert translated(text, language) == text
