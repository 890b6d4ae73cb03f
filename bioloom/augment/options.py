"""Options of all augmentations. This module must stay free of torch: the config is checked without it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from bioloom.settings.base import Section


def _ascending(value: tuple[float, float]) -> tuple[float, float]:
    if value[0] > value[1]:
        raise ValueError(f"the first number must not exceed the second, got {list(value)}")
    return value


Share = Annotated[float, Field(ge=0, le=1)]
Range = Annotated[tuple[float, float], AfterValidator(_ascending)]
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
PositiveRange = Annotated[tuple[Positive, Positive], AfterValidator(_ascending)]
NotNegativeRange = Annotated[tuple[NotNegative, NotNegative], AfterValidator(_ascending)]


class AugmentationOptions(Section):
    """What every augmentation has."""

    name: str
    """Name of the augmentation."""
    probability: Share
    """Probability (0 to 1)."""


class SpatialOptions(AugmentationOptions):
    """Of an augmentation that moves voxels."""


class IntensityOptions(AugmentationOptions):
    """Of an augmentation that changes values."""


class FlipOptions(SpatialOptions):
    """Mirrors the patch along every axis in half of the draws; exact, nothing is interpolated."""

    name: Literal["flip"] = "flip"
    """Name of the augmentation."""
    probability: Share = 1.0
    """Probability (0 to 1) that axes are drawn at all."""
    axes: Literal["ZYX", "ZY", "ZX", "YX", "Z", "Y", "X"] = "ZYX"
    """Axes that may be mirrored; Z means nothing in 2D."""


class Rotate90Options(SpatialOptions):
    """Turns the patch by 0, 90, 180 or 270 degrees, equally often; exact, nothing is interpolated.

    Where the two sides of the patch or of the voxel differ, by 0 or 180 degrees.
    """

    name: Literal["rotate90"] = "rotate90"
    """Name of the augmentation."""
    probability: Share = 1.0
    """Probability (0 to 1) that a turn is drawn at all."""
    planes: Literal["YX", "all"] = "YX"
    """Planes to turn in: of the slices, or any plane of a volume."""


class AffineOptions(SpatialOptions):
    """Rotates, scales, shears and shifts, in micrometres, so that unequal voxel sides are honoured."""

    name: Literal["affine"] = "affine"
    """Name of the augmentation."""
    probability: Share = 0.5
    """Probability (0 to 1)."""
    rotation: float = Field(180.0, ge=0, le=180)
    """Largest angle in the plane of the slices, in degrees (0 to 180), in both directions."""
    tilt: float = Field(0.0, ge=0, le=180)
    """Largest angle out of the plane of the slices, in degrees (0 to 180); means nothing in 2D."""
    scale: PositiveRange = (0.8, 1.25)
    """Smallest and largest magnification (above 0); as many draws enlarge as shrink for (1/a, a)."""
    shear: float = Field(5.0, ge=0, le=45)
    """Largest shear angle in the plane of the slices, in degrees (0 to 45), in both directions."""
    translation: float = Field(0.0, ge=0)
    """Largest shift along every axis, in voxels (0 or more). Patches are drawn at random places anyway."""


class ElasticOptions(SpatialOptions):
    """Bends the patch by a smooth random displacement."""

    name: Literal["elastic"] = "elastic"
    """Name of the augmentation."""
    probability: Share = 0.3
    """Probability (0 to 1)."""
    magnitude: float = Field(4.0, gt=0)
    """Standard deviation of the control points' displacement, in voxels of the finest axis (above 0); draws
    end at twice this value."""
    control_spacing: float = Field(32.0, ge=4)
    """Distance between control points, in voxels of the finest axis (4 or more, and at least 5 times the
    magnitude, so that the picture never folds over)."""

    @model_validator(mode="after")
    def _must_not_fold(self) -> ElasticOptions:
        if self.control_spacing < 5 * self.magnitude:
            raise ValueError(
                f"control_spacing {self.control_spacing:g} is less than 5 x magnitude {self.magnitude:g}: "
                "the picture could fold over"
            )
        return self


class GammaOptions(IntensityOptions):
    """Bends the intensity scale between each channel's minimum and maximum of the patch."""

    name: Literal["gamma"] = "gamma"
    """Name of the augmentation."""
    probability: Share = 0.3
    """Probability (0 to 1)."""
    range: PositiveRange = (0.7, 1.5)
    """Smallest and largest exponent (above 0); one draw per channel."""


class BrightnessOptions(IntensityOptions):
    """Adds a constant."""

    name: Literal["brightness"] = "brightness"
    """Name of the augmentation."""
    probability: Share = 0.3
    """Probability (0 to 1)."""
    range: Range = (-0.1, 0.1)
    """Smallest and largest constant, in normalised intensities; one draw per channel."""


class ContrastOptions(IntensityOptions):
    """Stretches intensities around each channel's mean of the patch."""

    name: Literal["contrast"] = "contrast"
    """Name of the augmentation."""
    probability: Share = 0.3
    """Probability (0 to 1)."""
    range: PositiveRange = (0.75, 1.33)
    """Smallest and largest factor (above 0); one draw per channel."""


class NoiseOptions(IntensityOptions):
    """Adds independent Gaussian noise to every voxel."""

    name: Literal["noise"] = "noise"
    """Name of the augmentation."""
    probability: Share = 0.3
    """Probability (0 to 1)."""
    range: NotNegativeRange = (0.0, 0.1)
    """Smallest and largest standard deviation, in normalised intensities (0 or more)."""


class BlurOptions(IntensityOptions):
    """Blurs with a Gaussian."""

    name: Literal["blur"] = "blur"
    """Name of the augmentation."""
    probability: Share = 0.2
    """Probability (0 to 1)."""
    range: PositiveRange = (0.5, 1.2)
    """Smallest and largest standard deviation, in voxels of the finest axis (above 0)."""
