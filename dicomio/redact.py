"""File paths that may be shown: no patient data, nothing that breaks a log line.

The headers do not know every name: the folder of pseudonymised files may still have the old one.
So a component is shown only where each word of it is one that exports use.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

PLACEHOLDER = "[removed]"
_SHORTEST_SECRET = 3
_LONGEST_PATH = 240
_EXPORT_WORDS = """
    ch cine csv dcm desktop dicom dicomdir dir ds ecv ed enhanced es export file files flow
    frame frames git gz haematocrit html im ima image images img ini input ir jpeg jpg json lax
    lge license loc log lv mag map maps md molli mr mri native nii pc pdf ph phase phases png
    post pre psir raw readme rest rv sa sasha sax scan scans scout se seg ser series shmolli
    slice slices sr st store stress study tags task thumbs txt version xml yaml yml zip
"""
_TECHNICAL = frozenset(_EXPORT_WORDS.split())
_WORD = re.compile(r"[^\W\d_]{2,}")
_UID = re.compile(r"[0-9]+(\.[0-9]+){5,}")
# Dates, and what may be an identifier: more digits than a count of images has.
_NUMBER = re.compile(r"\d{6,}|(19|20)\d\d([-._ ])\d\d?\2\d\d?|\d\d?([-._ ])\d\d?\3(19|20)\d\d")


class Redactor:
    """Replaces every path component that holds a secret, or a word that may be a name.

    Parameters
    ----------
    secrets
        Name parts, IDs and birth dates. Shorter ones than three characters are left out: they
        would match almost any path.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        forms = {form for secret in secrets for form in _forms(secret)}
        self._secrets = tuple(sorted(s for s in forms if len(s) >= _SHORTEST_SECRET))

    def path(self, relative: str) -> str:
        """``relative`` with each telling component replaced, printable and not too long."""
        shown = "/".join(map(self._component, relative.split("/")))
        return shown if len(shown) <= _LONGEST_PATH else f"…{shown[-_LONGEST_PATH:]}"

    def _component(self, component: str) -> str:
        printable = "".join(c if c.isprintable() else "?" for c in component)
        telling = any(s in form for form in _forms(printable) for s in self._secrets)
        return PLACEHOLDER if telling or not _technical(printable) else printable


def _technical(component: str) -> bool:
    """Nothing but words of exports, short numbers and UIDs."""
    rest = _UID.sub("", component.casefold())
    words = _WORD.findall(rest)
    return rest.isascii() and not _NUMBER.search(rest) and _TECHNICAL.issuperset(words)


def _forms(text: str) -> tuple[str, str]:
    """Case folded, and the same without punctuation (``12-34`` is ``1234`` in a path)."""
    folded = text.strip().casefold()
    return folded, "".join(filter(str.isalnum, folded))
