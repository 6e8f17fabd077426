"""Preprocessing: pixels of the chosen series, normalised and resampled for the network."""

from __future__ import annotations

from typing import Any

from cmr.errors import NoApplicableSeries
from cmr.preprocess import PreprocessSettings, to_model
from dicomio.pixels import read_cine
from operators.messages import PreparedCine, SelectedStudy
from operators.sdk import Fragment
from operators.step import Step


class Preprocessor(Step):
    """``selected`` → ``prepared``."""

    inputs = ("selected",)
    output = "prepared"

    def __init__(self, fragment: Fragment, *, settings: PreprocessSettings, **kwargs: Any) -> None:
        self._settings = settings
        super().__init__(fragment, **kwargs)

    def run(self, selected: SelectedStudy) -> PreparedCine:
        """Read and resample."""
        source = selected.selection.cine
        if source is None:
            raise NoApplicableSeries(selected.selection.cine_refusal)
        images = read_cine(source)
        return PreparedCine(images, to_model(images.volume, self._settings))
