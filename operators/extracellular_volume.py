"""Extracellular volume from native and post-contrast T1 and the haematocrit."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from cmr.mapping.about import MapAbout
from cmr.mapping.ecv import T1Map, ecv_map
from cmr.mapping.ecv_pair import NoEcvError, choose_pair, haematocrit_for, has_scanner_ecv
from cmr.mapping.measure import measure_with_segments
from cmr.mapping.settings import MappingSettings
from cmr.mapping.terms import Contrast, MapKind
from cmr.tissue.settings import TissueSettings
from dicomio.haematocrit import stated_haematocrit
from dicomio.source import ImageSource
from operators.messages import Maps, MeasuredEcv, MeasuredMap, MeasuredMaps
from operators.sdk import Fragment
from operators.step import Step


class ExtracellularVolume(Step):
    """``measured`` → ``with_ecv``. Why there is none is said in the results."""

    part: ClassVar[str] = "mapping"
    inputs = ("measured",)
    output = "with_ecv"

    def __init__(
        self,
        fragment: Fragment,
        *,
        input_folder: Path,
        settings: MappingSettings,
        tissue: TissueSettings,
        **kwargs: Any,
    ) -> None:
        self._input_folder = input_folder
        self._settings = settings
        self._tissue = tissue
        super().__init__(fragment, **kwargs)

    def run(self, measured: Maps[MeasuredMap]) -> MeasuredMaps:
        """Compute ECV where a pair of T1 maps and a haematocrit are there."""
        abouts = [one.fitted.chosen.about for one in measured.each]
        if not any(about.kind is MapKind.T1 for about in abouts) or has_scanner_ecv(abouts):
            return MeasuredMaps(measured, None)
        try:
            native, post = (measured.each[i] for i in choose_pair(abouts))
            return MeasuredMaps(measured, self._ecv(native, post))
        except NoEcvError as reason:
            lost = {**measured.not_measured, "ecv": str(reason)}
            return MeasuredMaps(Maps(measured.each, lost), None)

    def _ecv(self, native: MeasuredMap, post: MeasuredMap) -> MeasuredEcv:
        images = native.fitted.images
        stated = stated_haematocrit(
            self._input_folder,
            images.study_uid,
            (images.frames[0][0].path, post.fitted.images.frames[0][0].path),
            self._tissue.haematocrit.fraction,
        )
        about = native.fitted.chosen.about
        haematocrit, record = haematocrit_for(
            about,
            native.measured.statistics.blood.median,
            (stated.fraction, stated.origin, stated.reason),
            self._tissue.haematocrit,
        )
        found = ecv_map(
            _t1_map(native), _t1_map(post), native.fitted.region, haematocrit,
            self._settings.motion, self._tissue,
        )  # fmt: skip
        if found.reason:
            raise NoEcvError(found.reason)
        measured = measure_with_segments(found.tissue, native.measured, self._tissue)
        origin = _about(about, post.fitted.chosen.about)
        both = _images(images, post.fitted.images, found.post_slices)
        shown = native.fitted.chosen.shown
        return MeasuredEcv(origin, both, measured, found, record, about.key, shown)


def _t1_map(one: MeasuredMap) -> T1Map:
    return T1Map(one.measured, one.fitted.chosen.shown)


def _about(native: MapAbout, post: MapAbout) -> MapAbout:
    return MapAbout(
        key="ecv",
        kind=MapKind.ECV,
        contrast=Contrast.UNDECIDED,
        contrast_reason=f"{native.contrast_reason}; {post.contrast_reason}",
        sequence=f"{native.sequence} / {post.sequence}",
        source="fitted",
        source_reason=f"From {native.key} ({native.source}) and {post.key} ({post.source}).",
        series_uids=(*native.series_uids, *post.series_uids),
        field_strength_t=native.field_strength_t,
        manufacturer=native.manufacturer,
        left_out=(*native.left_out, *post.left_out),
        notes=(),
    )


def _images(
    native: ImageSource, post: ImageSource, post_slices: tuple[int | None, ...]
) -> ImageSource:
    """Native images with the post-contrast ones of the same places, where every slice has some."""
    frames = native.frames
    matched = [z for z in post_slices if z is not None]
    if len(matched) == len(post_slices):
        frames = (*frames, *(tuple(row[z] for z in matched) for row in post.frames))
    return ImageSource(native.study_uid, frames, native.geometry)
