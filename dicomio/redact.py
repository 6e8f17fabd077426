"""File paths that may be shown: no patient data, nothing that breaks a log line."""

from __future__ import annotations

from collections.abc import Iterable

PLACEHOLDER = "[removed]"
_SHORTEST_SECRET = 3
_LONGEST_PATH = 240


class Redactor:
    """Replaces every path component that holds a secret.

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
        return PLACEHOLDER if telling else printable


def _forms(text: str) -> tuple[str, str]:
    """Case folded, and the same without punctuation (``12-34`` is ``1234`` in a path)."""
    folded = text.strip().casefold()
    return folded, "".join(filter(str.isalnum, folded))
