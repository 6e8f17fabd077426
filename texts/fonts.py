"""The fonts that reports and pictures are set in; fonts of the machine change nothing.

Noto Sans for letters, Noto Sans CJK SC (reduced, see ``fonts/README.md``) for Chinese, Japanese and
Korean, both under the SIL Open Font License 1.1.
"""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent / "fonts"
REGULAR = FOLDER / "NotoSans-Regular.ttf"
BOLD = FOLDER / "NotoSans-Bold.ttf"
EAST_ASIAN = FOLDER / "NotoSansCJKsc-Regular.otf"
