"""Options of the losses; torch-free, so that a config is checked without importing torch."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from bioloom.settings.base import Auto, Section

ClassWeights = Literal["none"] | Auto | list[Annotated[float, Field(gt=0, allow_inf_nan=False)]]


class LossOptions(Section):
    """What every loss shares."""

    of_group: ClassVar[bool] = False
    """Whether the loss needs the raw values of one softmax group, all of them and no others."""
    of_target: ClassVar[str] = ""
    """The target whose channels the loss needs, all of them and no others; empty: any channels will do."""

    name: str

    weight: float = Field(1.0, gt=0, allow_inf_nan=False)
    """Factor of this loss in the sum of all losses, above 0."""

    target: str = ""
    """Name of the target whose channels the loss is applied to; empty: every channel."""


class BinaryCrossEntropyOptions(LossOptions):
    """Cross entropy of yes-or-no targets."""

    name: Literal["binary_cross_entropy"] = "binary_cross_entropy"


class CrossEntropyOptions(LossOptions):
    """Cross entropy of classes that exclude each other."""

    of_group = True

    name: Literal["cross_entropy"] = "cross_entropy"

    class_weights: ClassWeights = "none"
    """Factors of the classes, in the order of their ids, above 0; auto: inverse to their share of the
    training voxels, at most ten times the smallest; none: every voxel counts the same."""


class DiceOptions(LossOptions):
    """One minus the soft Dice coefficient of yes-or-no targets."""

    name: Literal["dice"] = "dice"

    smooth: float = Field(1.0, ge=0, allow_inf_nan=False)
    """Added to numerator and denominator, in voxels: keeps batches with hardly any foreground calm."""


class FocalOptions(LossOptions):
    """Cross entropy that hardly minds what is right already, of yes-or-no targets or of classes."""

    name: Literal["focal"] = "focal"

    gamma: float = Field(2.0, ge=1, le=10)
    """Exponent of the probability of what is wrong, 1 to 10: the larger, the less what is right counts."""

    class_weights: ClassWeights = "none"
    """As for `cross_entropy`."""


class HeatmapFocalOptions(LossOptions):
    """Cross entropy of heat maps with few peaks: what is right already counts little."""

    name: Literal["heatmap_focal"] = "heatmap_focal"

    power: float = Field(2.0, ge=0, le=8, allow_inf_nan=False)
    """Power of the difference that the cross entropy is multiplied by; 0: all voxels count alike."""


class L1Options(LossOptions):
    """Mean absolute difference."""

    name: Literal["l1"] = "l1"


class MeanSquaredErrorOptions(LossOptions):
    """Mean squared difference."""

    name: Literal["mse"] = "mse"


class SmoothL1Options(LossOptions):
    """Squared difference where it is small, absolute difference where it is large."""

    name: Literal["smooth_l1"] = "smooth_l1"

    beta: float = Field(1.0, gt=0, allow_inf_nan=False)
    """Difference at which the square becomes a straight line, in units of the target, above 0."""


class SpatialEmbeddingOptions(LossOptions):
    """How well embeddings gather the voxels of objects; for the target embeddings."""

    of_target = "embeddings"

    name: Literal["spatial_embedding"] = "spatial_embedding"

    evenness: float = Field(10.0, ge=0, allow_inf_nan=False)
    """Factor of the variance of widths within an object, at least 0."""

    foreground: float = Field(10.0, gt=0, allow_inf_nan=False)
    """Factor of the errors of seeds inside of objects over those in the background, above 0."""
