"""The parts of an installation: packages with version, licence and needs, and the models."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email.message import Message
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import cast

from cyclonedx.spdx import is_expression, is_supported_id
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from cmr.model_store import METADATA, ModelFolder, open_model

# Words of packages that name one licence; others, such as "BSD License", leave it open.
_SPDX = {
    "MIT License": "MIT",
    "Apache Software License": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "3-Clause BSD License": "BSD-3-Clause",
    "ISC License (ISCL)": "ISC",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "GNU General Public License v3 (GPLv3)": "GPL-3.0-only",
}
_UNKNOWN = "not stated in the package"
MODEL_LICENCE = "CC-BY-NC-SA-4.0"


@dataclass(frozen=True)
class Package:
    """An installed Python package. ``needs`` are canonical names of others that are installed."""

    name: str
    version: str
    licence: str
    summary: str
    needs: tuple[str, ...]

    @property
    def key(self) -> str:
        """Canonical name."""
        return canonicalize_name(self.name)

    @property
    def pin(self) -> str:
        """``name==version`` as registries know it, without the label of a local build."""
        return f"{self.key}=={self.version.split('+')[0]}"


def packages(site: Path | None = None, roots: Path | None = None) -> list[Package]:
    """List installed packages.

    Parameters
    ----------
    site
        Folder of packages; by default those that this interpreter imports.
    roots
        Requirements file: only what it brings along.

    Raises
    ------
    ValueError
        A package that the requirements name is not installed.
    """
    path = sys.path if site is None else [str(site)]
    installed: dict[str, Distribution] = {
        canonicalize_name(d.metadata["Name"]): d for d in reversed(list(distributions(path=path)))
    }
    names = set(installed) if roots is None else _closure(installed, pinned(roots))
    return [_package(installed, name) for name in sorted(names)]


def pinned(requirements: Path) -> list[Requirement]:
    """Read the pins of a requirements file, without files that it includes."""
    lines = (
        line.split(" #")[0].strip()
        for line in requirements.read_text(encoding="utf-8").splitlines()
    )
    return [Requirement(line) for line in lines if line and line[0] not in "#-"]


def models(folder: Path) -> list[ModelFolder]:
    """Open the models of a repository.

    Raises
    ------
    ModelError
        A network is not the one that its metadata describes.
    """
    names = sorted(path.parent.name for path in folder.glob(f"*/{METADATA}"))
    return [open_model(folder, name) for name in names]


def _closure(installed: dict[str, Distribution], roots: Iterable[Requirement]) -> set[str]:
    pending = [(canonicalize_name(r.name), frozenset(r.extras)) for r in roots]
    missing = sorted(name for name, _ in pending if name not in installed)
    if missing:
        raise ValueError(f"Not installed: {', '.join(missing)}.")
    seen: set[tuple[str, frozenset[str]]] = set()
    while pending:
        item = pending.pop()
        if item in seen or item[0] not in installed:
            continue
        seen.add(item)
        needs = _needs(installed[item[0]], item[1])
        pending += [(canonicalize_name(r.name), frozenset(r.extras)) for r in needs]
    return {name for name, _ in seen}


def _needs(distribution: Distribution, extras: frozenset[str]) -> Iterator[Requirement]:
    """Yield what a package needs here, with the extras that are asked of it."""
    for text in distribution.requires or ():
        requirement = Requirement(text)
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": e}) for e in (extras or {""})):
            yield requirement


def _package(installed: dict[str, Distribution], name: str) -> Package:
    distribution = installed[name]
    needs = {canonicalize_name(r.name) for r in _needs(distribution, frozenset())}
    metadata = cast(Message, distribution.metadata)
    return Package(
        name=metadata["Name"],
        version=metadata["Version"],
        licence=_licence(metadata),
        summary=metadata.get("Summary", ""),
        needs=tuple(sorted(needs & set(installed))),
    )


def _licence(metadata: Message) -> str:
    """Give the SPDX expression where one is stated, else the licence in the package's words."""
    words = metadata.get("License-Expression") or metadata.get("License") or ""
    stated = next(iter(words.strip().splitlines()), "")
    stated = _SPDX.get(stated, stated)
    if stated and (is_supported_id(stated) or is_expression(stated)):
        return stated
    classified = [
        c.rsplit(" :: ", 1)[1]
        for c in metadata.get_all("Classifier", [])
        if c.startswith("License :: OSI Approved :: ")
    ]
    known = " or ".join(_SPDX.get(c, c) for c in classified)
    return known or stated or _UNKNOWN
