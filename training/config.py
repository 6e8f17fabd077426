"""One typed configuration for a training run; an unknown key is refused."""

from collections.abc import Mapping
from enum import IntEnum
from pathlib import Path
from typing import Any, Literal, TypeVar

import yaml
from pydantic import Field, PositiveFloat, PositiveInt

from cmr.labels import Label
from cmr.scar.labels import ScarLabel
from cmr.settings import Section
from training.config_contrast import InfarctConfig, LgeConfig, Probability, Range, SynthesisConfig

S = TypeVar("S", bound=Section)


class NetworkConfig(Section):
    """MONAI ``UNet``: slices seen at once, channels per level, residual units, activation."""

    slices: Literal[1, 3]
    channels: tuple[PositiveInt, ...]
    residual_units: int = Field(ge=0)
    activation: Literal["prelu", "leakyrelu"]


class NeighbourConfig(Section):
    """What happens to the adjacent slices, where the network sees them.

    ``lost`` replaces one by the slice itself, as at the ends of a stack and where scanners left a
    gap; ``swapped`` turns the stack round: base first or apex first.
    """

    lost: Probability
    swapped: Probability


class GeometryConfig(Section):
    """Where a sample is taken: random affine map plus a smooth random displacement.

    Scale and stretch are ranges of factors, drawn log-uniformly; a zero or ``[1, 1]`` switches
    a part off. Samples are ``matrix`` pixels large, the heart in the middle, which is quicker than
    the application's whole matrix; a share of the batches has that (:class:`StageConfig`).
    """

    matrix: tuple[PositiveInt, PositiveInt]
    rotation_deg: float = Field(ge=0, le=180)
    mirror_probability: Probability
    shift_mm: float = Field(ge=0)
    scale: Range
    stretch: Range
    elastic_probability: Probability
    elastic_mm: float = Field(ge=0)
    elastic_points: int = Field(ge=2)


class GammaConfig(Section):
    """Grey values to a random power."""

    probability: Probability
    exponent: Range


class ContrastConfig(Section):
    """Random linear map of the grey values."""

    probability: Probability
    gain: Range
    offset: Range


class TissueConfig(Section):
    """Random shift of the grey value of each labelled structure (soft-edged)."""

    probability: Probability
    sd: float = Field(ge=0)


class BiasFieldConfig(Section):
    """Smooth multiplicative shading; ``strength`` is the SD of its logarithm."""

    probability: Probability
    strength: float = Field(ge=0)
    points: int = Field(ge=2)


class BlurConfig(Section):
    """Gaussian blur."""

    probability: Probability
    sigma_px: Range


class LowResolutionConfig(Section):
    """Down to a fraction of the matrix and back."""

    probability: Probability
    factor: Range


class NoiseConfig(Section):
    """Gaussian noise."""

    probability: Probability
    sd: Range


class GhostConfig(Section):
    """Shifted copies along one image axis, as from motion in the phase-encoding direction."""

    probability: Probability
    strength: Range
    copies: PositiveInt


class AppearanceConfig(Section):
    """What happens to the grey values; probability 0 switches a part off."""

    tissue: TissueConfig
    bias_field: BiasFieldConfig
    blur: BlurConfig
    low_resolution: LowResolutionConfig
    ghost: GhostConfig
    noise: NoiseConfig
    contrast: ContrastConfig
    gamma: GammaConfig


class LossConfig(Section):
    """One of MONAI's losses; Dice is taken over the batch, as many slices hold no heart."""

    name: Literal["dice", "dice_focal", "dice_ce"]
    focal_gamma: float = Field(ge=0)
    class_weights: tuple[float, ...] = Field(min_length=4, max_length=5)


class OptimiserConfig(Section):
    """Adam or AdamW."""

    name: Literal["adam", "adamw"]
    weight_decay: float = Field(ge=0)


class StageConfig(Section):
    """A part of a run: its length, first learning rate, and share of whole-matrix batches."""

    epochs: PositiveInt
    learning_rate: PositiveFloat
    whole_share: Probability


class ScheduleConfig(Section):
    """Learning rate in each stage: warm-up, then cosine to 0, or a factor every few epochs."""

    name: Literal["cosine", "step"]
    warm_up_epochs: float = Field(ge=0)
    step_epochs: PositiveInt
    step_factor: float = Field(gt=0, le=1)


class RunConfig(Section):
    """Length, seed and selection."""

    seed: int
    fold: int | None = Field(
        ge=0, description="Selected on; null trains on all, to the last epoch."
    )
    stages: tuple[StageConfig, ...] = Field(min_length=1)
    batch_size: PositiveInt
    ema_decay: float = Field(ge=0, lt=1)
    validate_every: PositiveInt
    patience: PositiveInt
    threads: PositiveInt
    bfloat16: bool
    start: str | None = Field(
        description="Run beside it whose last weights it starts from; null starts from the seed."
    )

    @property
    def epochs(self) -> int:
        """Of all stages."""
        return sum(stage.epochs for stage in self.stages)

    def stage_at(self, epoch: float) -> tuple[StageConfig, float]:
        """Stage at an epoch counted from 0, and the epochs since it began."""
        for stage in self.stages:
            if epoch < stage.epochs:
                return stage, epoch
            epoch -= stage.epochs
        raise ValueError(f"The stages have {self.epochs} epochs.")


class ModelConfig(Section):
    """What the exported folder says of itself."""

    name: str
    version: str


class TrainingConfig(Section):
    """Everything that decides a run, paths apart."""

    model: ModelConfig
    network: NetworkConfig
    neighbours: NeighbourConfig
    geometry: GeometryConfig
    appearance: AppearanceConfig
    synthesis: SynthesisConfig | None = Field(description="null: the images stay cine images.")
    lge: LgeConfig | None = Field(description="null: ACDC alone.")
    infarct: InfarctConfig | None = Field(description="null: the ventricles alone.")
    loss: LossConfig
    optimiser: OptimiserConfig
    schedule: ScheduleConfig
    run: RunConfig

    @property
    def labels(self) -> type[IntEnum]:
        """What the network tells apart."""
        return Label if self.infarct is None else ScarLabel

    @property
    def views(self) -> int:
        """How often the network is shown each slice."""
        return 1 if self.infarct is None else self.infarct.seen.views


def read_config(path: Path) -> TrainingConfig:
    """Read a training configuration from YAML; ``base`` names a file beside it that it changes."""
    return TrainingConfig.model_validate(_content(path))


def _content(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    base = content.pop("base", None)
    return merged(_content(path.parent / base), content) if base else content


def merged(base: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """``base`` with the keys that ``change`` gives, level by level."""
    out = dict(base)
    for key, value in change.items():
        inside = isinstance(value, Mapping) and isinstance(base.get(key), Mapping)
        out[key] = merged(base[key], value) if inside else value
    return out


def read_section(app_yaml: Path, name: str, kind: type[S]) -> S:
    """Read one section of the application's settings."""
    return kind.model_validate(yaml.safe_load(app_yaml.read_text("utf-8"))[name])
