"""``python -m deploy.fonts``: makes ``texts/fonts`` from Debian's fonts.

They come from the packages fonts-noto-core and fonts-noto-cjk. Kept are letters of European
languages and Vietnamese, punctuation, symbols, and the Chinese, Japanese and Korean signs of
GB 2312, Big5 level 1, JIS X 0208 and KS X 1001.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTCollection, TTFont

from texts.fonts import BOLD, EAST_ASIAN, REGULAR

_DEBIAN = Path("/usr/share/fonts")
_CJK = _DEBIAN / "opentype/noto/NotoSansCJK-Regular.ttc"
# Latin to Cyrillic with its supplement, Latin Extended Additional, punctuation to operators.
_LETTERS = (range(0x20, 0x530), range(0x1E00, 0x1F00), range(0x2000, 0x2300), range(0x25A0, 0x2600))
# First and last lead byte that counts.
_CODECS = {"gb2312": (0xA1, 0xFE), "big5": (0xA1, 0xC6), "shift_jis": (0x81, 0xFC)}
_CODECS |= {"euc_kr": (0xA1, 0xFE)}


def main() -> None:
    """Write the three fonts."""
    letters = {sign for block in _LETTERS for sign in block}
    for target in (REGULAR, BOLD):
        _reduce(TTFont(_DEBIAN / "truetype/noto" / target.name), letters, target)
    family = TTCollection(_CJK).fonts
    simplified = next(f for f in family if f["name"].getDebugName(1) == "Noto Sans CJK SC")
    east = {sign for codec, ends in _CODECS.items() for sign in _signs(codec, *ends)}
    _reduce(simplified, east | set(range(0x20, 0x180)), EAST_ASIAN)


def _reduce(font: TTFont, signs: set[int], target: Path) -> None:
    options = Options(hinting=False, notdef_outline=True, name_IDs=[0, 1, 2, 3, 4, 5, 6, 13, 14])
    options.layout_features = ["kern", "mark", "mkmk", "ccmp", "liga", "tnum", "lnum"]
    # The date of the making would change the bytes.
    font.recalcTimestamp = False
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=signs)
    subsetter.subset(font)
    font.save(target)


def _signs(codec: str, first: int, last: int) -> Iterator[int]:
    """Code points of the two-byte signs of a codec."""
    for pair in ((a, b) for a in range(first, last + 1) for b in range(0x40, 0xFF)):
        text = bytes(pair).decode(codec, errors="ignore")
        if len(text) == 1:
            yield ord(text)


if __name__ == "__main__":
    main()
