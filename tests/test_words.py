"""The table of texts: complete in every language, the same names in braces."""

import string

import pytest

from texts import LANGUAGES, Words
from texts.fonts import BOLD, EAST_ASIAN, REGULAR
from texts.words import table

pytestmark = pytest.mark.requirement("REP-02")


def names(text):
    return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name)


@pytest.mark.parametrize("language", [name for name in LANGUAGES if name != "en"])
def test_every_text_stands_in_every_language(language):
    for english, translations in table().items():
        assert translations.get(language), f"{english}: no {language}"
        assert names(translations[language]) == names(english), english


def test_no_language_is_half_there():
    assert {name for row in table().values() for name in row} == set(LANGUAGES) - {"en"}


def test_a_text_unknown_to_the_table_stays_english():
    assert Words("zh")("Nobody translated this {n}", n=3) == "Nobody translated this 3"


def test_the_fonts_hold_every_sign_of_the_table():
    from fontTools.ttLib import TTFont

    held = {font: set(TTFont(font).getBestCmap()) for font in (REGULAR, BOLD, EAST_ASIAN)}
    for english, translations in table().items():
        for language, text in {**translations, "en": english}.items():
            fonts = [EAST_ASIAN] if language == "zh" else [REGULAR, BOLD]
            missing = {c for c in text for font in fonts if ord(c) not in held[font]}
            assert not missing, f"{language}, {english}: {missing}"
