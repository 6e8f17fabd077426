"""A small cohort on disk whose images say what their labels are, and a reader of reports."""

from html.parser import HTMLParser
from pathlib import Path

import nibabel
import numpy as np

from cmr.labels import Label
from tests.conftest import ROOT
from tests.heart_masks import geometry, heart
from validation.cohort.cine_manifest import ManifestPhase
from validation.cohort.cine_path import read_settings
from validation.cohort.manifest import ManifestCase

SETTINGS = read_settings(ROOT / "app.yaml")
ED_RADII, ES_RADII = (0, 24, 24, 22, 19, 14, 0), (0, 0, 18, 17, 15, 12, 0)
ALL = (Label.RV, Label.MYOCARDIUM, Label.LV)
LEVELS = np.array([0.0, 0.3, 0.55, 0.8], np.float32)  # grey value of each label
VOID = {"meta", "img", "br", "link", "input", "hr"}
FAT = 1.0  # of a strip that gives every slice the same 99th percentile


class Reader:
    """A network that knows each label by its grey value."""

    input_channels = 1

    def run(self, images):
        scores = -20 * np.abs(images - LEVELS[:, None, None])
        scores[:, :1] = np.maximum(scores[:, :1], -20 * np.abs(images - FAT))
        return scores


def labels(radii) -> np.ndarray:
    """(z, row, col) of one phase."""
    stack = geometry(n_slices=len(radii), pitch_mm=8, spacing_mm=(1.5, 1.5), shape=(128, 120))
    return heart([radii], stack)[0]


def write(path: Path, stack, affine=None) -> Path:
    """Write (z, row, col) as NIfTI (x, y, z)."""
    affine = np.diag([-1.5, -1.5, 8, 1]) if affine is None else affine
    nibabel.save(nibabel.Nifti1Image(np.asarray(stack).T, affine), path)
    return path


def write_phase(folder: Path, name: str, radii, structures=ALL) -> ManifestPhase:
    """Image and reference of one phase; the name ends with it."""
    mask = labels(radii)
    image = LEVELS[mask]
    image[:, :3] = FAT
    return ManifestPhase(
        phase=name[-2:],
        image=write(folder / f"{name}.nii.gz", (4000 * image).astype(np.int16)),
        result=None,
        reference=write(folder / f"{name}_label.nii.gz", mask),
        structures=structures,
    )


def case_of(*phases: ManifestPhase) -> ManifestCase:
    """A sound case of these phases."""
    return ManifestCase("a", {p.phase: p for p in phases}, {"group": "x"}, "")


class Page(HTMLParser):
    """Tags, attributes and text of a page; refuses tags that do not close in order."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.words, self._open = [], [], [], []
        self.feed(text)
        self.close()
        assert not self._open, self._open

    def handle_starttag(self, tag, attrs):
        self.handle_startendtag(tag, attrs)
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        if not self._open or self._open[-1] not in {"style", "script"}:
            self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())

    def values(self, *names):
        return [value for name, value in self.attributes if name in names]
