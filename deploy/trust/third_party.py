"""The page of third-party parts: every package with its licence, and the models."""

from __future__ import annotations

from collections.abc import Sequence

from cmr.model_store import ModelFolder
from deploy.trust.markdown import table
from deploy.trust.parts import MODEL_LICENCE, Package

_INTRODUCTION = """# Third-party parts and their licences

Written by `python -m deploy.trust documents` from the packages installed for `requirements.txt`;
licences are those that the packages state. Pinned packages have the version of their pin. What
they bring along has the version that was installed when this page was written; the list of parts
(SBOM) inside an image has the versions of that image. Wheels hold libraries of others (OpenBLAS,
OpenJPEG, CharLS and more), whose licences lie in a package's `dist-info` folder, where it ships
them.

**Duties when you pass on an installation or an image:**

- `pylibjpeg-libjpeg` (GPL-3.0) decodes JPEG. Whoever passes on an image with it has to offer its
  source under that licence.
- `nvidia-cuda-runtime` is under NVIDIA's own licence, and `holoscan-cu13` brings NVIDIA's terms
  beside Apache-2.0: read them before you pass anything on.
- The networks are under CC BY-NC-SA 4.0: name their data, no commercial use, same licence.

`make audit` asks the package index for known vulnerabilities of what is listed here. It fails where
there is one, and where a package could not be asked about.
"""


def third_party_page(
    packages: Sequence[Package], direct: frozenset[str], models: Sequence[ModelFolder]
) -> str:
    """Make the page; ``direct`` are the canonical names of the pinned packages."""
    rows = [
        (p.name, p.version.split("+")[0], p.licence, "yes" if p.key in direct else "")
        for p in packages
    ]
    networks = [(m.name, m.version, MODEL_LICENCE, f"`{m.sha256}`") for m in models]
    return "\n".join(
        (
            _INTRODUCTION,
            "## Packages\n",
            table(("Package", "Version", "Licence", "Pinned"), rows),
            "\n## Models\n",
            table(("Model", "Version", "Licence", "SHA-256"), networks),
            "",
        )
    )
