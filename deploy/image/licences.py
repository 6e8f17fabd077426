"""``python -m deploy.image.licences FOLDER``: the licence texts of all installed packages."""

from __future__ import annotations

import re
import shutil
import sys
from importlib.metadata import Distribution, PackagePath, distributions
from pathlib import Path

LICENCE = re.compile(r"(licen[cs]e|copying|notice|eula|authors)", re.IGNORECASE)


def collect(target: Path) -> list[str]:
    """Copy to ``target/NAME-VERSION``; returns the packages whose wheel has no such text."""
    without = []
    for package in sorted(distributions(), key=lambda d: d.name.lower()):
        texts = _texts(package)
        folder = target / f"{package.name}-{package.version}"
        folder.mkdir(parents=True)
        # The metadata names the licence, where a wheel lacks its text.
        (folder / "METADATA").write_text(package.read_text("METADATA") or "", encoding="utf-8")
        for text in texts:
            place = folder.joinpath(*text.parts[1:])
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(str(text.locate()), place)
        if not texts:
            without.append(package.name)
    return without


def _texts(package: Distribution) -> list[PackagePath]:
    """Licence files that the package's own record names: beside its metadata, or at its top."""
    files = package.files or ()
    top = [f for f in files if ".dist-info" in f.parts[0] or len(f.parts) == 2]
    named = [f for f in top if LICENCE.search(f.name) or "licenses" in f.parts]
    return [f for f in named if f.suffix not in (".py", ".pyc")]


if __name__ == "__main__":
    print("no licence text in the wheel of:", ", ".join(collect(Path(sys.argv[1]))) or "none")
