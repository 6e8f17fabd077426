"""Which stack of parallel cine slices is the short axis, and which view the other cines show.

The left ventricle points to the left, forward and down in every body but a mirrored one: 38° ± 10°
below the horizontal in the frontal plane, 46° ± 7° forward in the transverse plane (MRI of 94
healthy adults, Engblom et al., Am Heart J 2005;150:507). A short-axis plane is normal to it, so the
normal of a short-axis stack lies in a cone about that direction, while the normals of axial,
coronal and sagittal planes lie outside and those of long-axis planes about 90° away.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cmr.settings import Section
from dicomio.names import names_other_view
from dicomio.slices import SliceImages
from dicomio.stacks import Stack, latest

_AXES = (("sagittal", (1.0, 0.0, 0.0)), ("coronal", (0.0, 1.0, 0.0)), ("axial", (0.0, 0.0, 1.0)))


class ShortAxisSettings(Section):
    """What makes a stack of parallel cine slices the short axis."""

    long_axis_lps: tuple[float, float, float]
    max_angle_deg: float
    min_slices: int
    body_plane_deg: float
    min_long_axis_deg: float


@dataclass(frozen=True, eq=False)
class Choice:
    """The short-axis stack with the reason it was taken, or the reason there is none."""

    stack: Stack | None
    reason: str


@dataclass(frozen=True, eq=False)
class Axis:
    """What the short axis of a study is measured against: its cine, else the usual heart."""

    cine: Stack | None
    settings: ShortAxisSettings

    @property
    def normal(self) -> npt.ArrayLike:
        """``(3,)`` direction that a short-axis plane stands on."""
        return self.cine.normal if self.cine else self.settings.long_axis_lps

    @property
    def named(self) -> str:
        """What ``normal`` is, in words."""
        return "short axis of the cine" if self.cine else "usual short axis"

    def angle_deg(self, normal: npt.ArrayLike) -> float:
        """Angle of planes with this normal to the short axis."""
        return angle_deg(normal, self.normal)

    def holds(self, normal: npt.ArrayLike) -> bool:
        """Tell whether planes with this normal are short axis.

        A body plane is none, near as it may come, unless the cine itself lies there.
        """
        angle = self.angle_deg(normal)
        plain = bool(body_plane(normal, self.settings)) and angle > self.settings.body_plane_deg
        return angle <= self.settings.max_angle_deg and not plain

    def elsewhere(self, normal: npt.ArrayLike) -> str:
        """Where planes with this normal lie that are not short axis, in words."""
        angle = self.angle_deg(normal)
        plane = body_plane(normal, self.settings)
        along = "along the long axis" if angle >= self.settings.min_long_axis_deg else "oblique"
        return f"{plane or along}, {angle:.0f}° off the short-axis direction"


def choose(stacks: Sequence[Stack], settings: ShortAxisSettings, forced: bool) -> Choice:
    """Take the stack with most slices, of several the one acquired last.

    Stacks of processed images, and stacks of which every name speaks of another view (a short
    axis of the aortic valve lies in the cone too), give way to others.

    ``forced`` stacks are taken whatever their direction.
    """
    if not stacks:
        return Choice(None, "no cine: no series has one heart beat of images at a position")
    fitting = [s for s in stacks if forced or is_short_axis(s, settings)]
    long_enough = [s for s in fitting if len(s.slices) >= settings.min_slices]
    if not long_enough:
        return Choice(None, _refusal(stacks, fitting, settings))
    likely = _prefer(_is_original, _prefer(_is_of_left_heart, long_enough))
    most = max(len(s.slices) for s in likely)
    tied = [s for s in likely if len(s.slices) == most]
    last = latest([s.slices[0] for s in tied])
    stack = next(s for s in tied if s.slices[0] is last)
    angle = angle_deg(stack.normal, settings.long_axis_lps)
    reason = (
        f"short-axis stack of {most} parallel slices with {stack.n_phases} phases, "
        f"normal {angle:.0f}° from the usual long axis of the left ventricle"
    )
    return Choice(stack, f"{reason}; forced by a rule" if forced else reason)


def is_short_axis(stack: Stack, settings: ShortAxisSettings) -> bool:
    """Tell whether the normal lies in the cone."""
    return angle_deg(stack.normal, settings.long_axis_lps) <= settings.max_angle_deg


def _prefer(wanted: Callable[[Stack], bool], stacks: list[Stack]) -> list[Stack]:
    return [stack for stack in stacks if wanted(stack)] or stacks


def _is_original(stack: Stack) -> bool:
    return not any("DERIVED" in s.first.image_type for s in stack.slices)


def _is_of_left_heart(stack: Stack) -> bool:
    return named_fittingly(stack.slices)


def named_fittingly(slices: Sequence[SliceImages]) -> bool:
    """Tell whether some name speaks of no other view than those of the left heart."""
    return not all(names_other_view(s.first.description) for s in slices)


def body_plane(normal: npt.ArrayLike, settings: ShortAxisSettings) -> str:
    """Name of the body plane that a normal stands on, empty for oblique ones."""
    for name, axis in _AXES:
        if angle_deg(normal, axis) <= settings.body_plane_deg:
            return name
    return ""


def angle_deg(one: npt.ArrayLike, two: npt.ArrayLike) -> float:
    """Angle between two lines, 0 to 90 degrees."""
    u, v = np.asarray(one, dtype=float), np.asarray(two, dtype=float)
    cosine = abs(float(u @ v)) / float(np.linalg.norm(u) * np.linalg.norm(v))
    return math.degrees(math.acos(min(1.0, cosine)))


def _refusal(stacks: Sequence[Stack], fitting: Sequence[Stack], settings: ShortAxisSettings) -> str:
    if fitting:
        most = max(len(s.slices) for s in fitting)
        return (
            f"the largest cine stack in short-axis direction has {most} slices, "
            f"at least {settings.min_slices} are needed"
        )
    largest = max(stacks, key=lambda s: len(s.slices))
    angle = angle_deg(largest.normal, settings.long_axis_lps)
    plane = body_plane(largest.normal, settings) or "oblique"
    return (
        f"no cine lies in short-axis direction: the largest stack ({len(largest.slices)} slices, "
        f"{plane}) has its normal {angle:.0f}° from the usual long axis of the left ventricle, "
        f"up to {settings.max_angle_deg:.0f}° is accepted; a rule in app.yaml can force it"
    )
