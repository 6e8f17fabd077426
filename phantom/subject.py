"""One phantom: heart, chest, contrast, scanner and planning, all drawn from a seed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from phantom.appearance import load_appearance
from phantom.body import draw_body
from phantom.heart import draw_heart
from phantom.planes import Planning, draw_planning
from phantom.render import Scene
from phantom.scanner import Scanner, draw_scanner
from phantom.settings import PhantomSettings
from phantom.tissue import Contrast, draw_contrast


class Stream(IntEnum):
    """Independent random streams of one seed, so that a new draw in one moves no other."""

    HEART = 1
    BODY = 2
    CONTRAST = 3
    SCANNER = 4
    PLANNING = 5
    BREATH_HOLD = 6
    NOISE = 7


@dataclass(frozen=True, eq=False)
class PhantomSubject:
    """Who and what is imaged, and how."""

    scene: Scene
    contrast: Contrast
    scanner: Scanner
    planning: Planning


def stream(seed: int, which: Stream, *parts: int) -> np.random.Generator:
    """Random generator of one purpose."""
    return np.random.default_rng([seed, which, *parts])


def draw_subject(settings: PhantomSettings) -> PhantomSubject:
    """The phantom of these settings."""
    ranges, seed = load_appearance(), settings.seed
    shape = draw_heart(
        ranges.heart,
        stream(seed, Stream.HEART),
        settings.phases,
        settings.edv_ml,
        settings.ef_pct,
    )
    body = draw_body(ranges.body, shape, stream(seed, Stream.BODY))
    contrast, signals = draw_contrast(ranges, stream(seed, Stream.CONTRAST))
    return PhantomSubject(
        scene=Scene(shape, body, signals),
        contrast=contrast,
        scanner=draw_scanner(ranges.scan, stream(seed, Stream.SCANNER)),
        planning=draw_planning(ranges.scan, stream(seed, Stream.PLANNING)),
    )
