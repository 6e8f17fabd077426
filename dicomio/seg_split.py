"""A SEG cut by source series, for viewers that tie a SEG to one series (docs/viewers.md)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from dicomio import equipment
from dicomio.origin import Origin
from dicomio.seg_object import Masks, SegObject, build_seg
from dicomio.uids import file_name

_LABEL = 15  # letters and number of a content label, beside the line between them


@dataclass(frozen=True, eq=False)
class Whole:
    """A SEG to be cut: ``key`` enters UIDs and file names, ``title`` the series' descriptions."""

    key: str
    title: str
    seg: SegObject
    masks: Masks


def write_parts(
    wholes: Sequence[Whole], first_series_number: int, origin: Origin, folder: Path
) -> list[Path]:
    """Write a SEG for each source series of each of ``wholes``, each in a series of its own.

    A stack that is one series has no parts, nor has a series without a mask. Slices keep the
    extent that they have in the whole stack, so volumes of the parts add up to those of the whole.
    """
    parts = [part for whole in wholes for part in _parts(whole, origin)]
    paths = []
    for number, part in enumerate(parts, first_series_number):
        path = folder / file_name(f"seg-{part.key}", part.seg.sop_instance_uid)
        seg = build_seg(replace(part.seg, series_number=number), part.masks, origin)
        seg.save_as(path, enforce_file_format=True)
        paths.append(path)
    return paths


def _parts(whole: Whole, origin: Origin) -> Iterator[Whole]:
    """Cut by series, in slice order; the count tells a reader which are missing."""
    series = dict.fromkeys(f.series_uid for images in whole.seg.images for f in images)
    if len(series) == 1:
        return
    for n, series_uid in enumerate(series, 1):
        images = [[f for f in found if f.series_uid == series_uid] for found in whole.seg.images]
        kept = np.array([bool(found) for found in images])
        masks = {label: mask & kept[:, None, None] for label, mask in whole.masks.items()}
        segments = [s for s in whole.seg.segments if masks[s.structure.label].any()]
        if not segments:
            continue
        count = f"{n} of {len(series)}"
        seg = replace(
            whole.seg,
            sop_instance_uid=origin.uid(f"seg/{whole.key}/part/{n}"),
            series_uid=origin.uid(f"seg/series/{whole.key}/part/{n}"),
            instance_number=1,
            content_label=f"{whole.seg.content_label[: _LABEL - len(str(n))]}_{n}",
            content_description=f"{whole.seg.content_description}, series {count}",
            series_description=f"{whole.title} {count}, masks ({equipment.SERIES_NOTE})",
            segments=[replace(s, number=number) for number, s in enumerate(segments, 1)],
            images=images,
        )
        yield Whole(f"{whole.key}-part{n}", whole.title, seg, masks)
