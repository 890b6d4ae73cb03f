"""Options of the models; torch-free, so that a config is checked without importing torch."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from bioloom.settings.base import Auto, Section

Normalization = Literal["batch", "group", "instance", "none"]
Activation = Literal["relu", "elu", "leaky_relu", "gelu", "silu"]
Downsampling = Literal["blur", "max"]
Upsampling = Literal["smooth", "transpose"]


def _odd(side: int) -> int:
    if side % 2 == 0:
        raise ValueError(f"{side} is even; allowed: an odd side, which keeps the size of the image")
    return side


Width = Annotated[int, Field(ge=1, le=4096)]
OddSide = Annotated[int, Field(ge=1, le=15), AfterValidator(_odd)]
Factor = Annotated[int, Field(ge=1, le=8)]
Rate = Annotated[float, Field(ge=0, lt=1)]
PerAxis = Field(min_length=2, max_length=3)
PerLevel = Field(min_length=2, max_length=10)

DEFAULT_LEVELS = 5
DEFAULT_WIDTH = 16
DEFAULT_KERNEL = 3
DEFAULT_POOLING = 2


class UNetFamilyOptions(Section):
    """What every encoder-decoder with skip connections shares."""

    name: str

    feature_maps: Annotated[list[Width], PerLevel] | Auto = "auto"
    """Channels of each level, from the full resolution down; auto: 16, doubled at every level, five levels
    (or as many as the other lists have)."""

    kernel: OddSide | Annotated[list[Annotated[list[OddSide], PerAxis]], PerLevel] | Auto = "auto"
    """Side of the convolutions in voxels, odd: one number, or per level a list that follows `axes`, such as
    [[1, 3, 3], [3, 3, 3]]; auto: 3."""

    pooling: Annotated[list[Annotated[list[Factor], PerAxis]], Field(min_length=1, max_length=9)] | Auto = (
        "auto"
    )
    """Shrinking factor between one level and the next, per step down a list that follows `axes`, such as
    [[1, 2, 2], [2, 2, 2]] (one entry fewer than levels); auto: 2 along every axis."""

    normalization: Normalization = "batch"
    """Normalisation after each convolution. `instance` and `group` take their statistics from the patch
    itself, so that results depend on where the patch grid lies."""

    activation: Activation = "relu"
    """Activation after each normalisation."""

    dropout: Rate | Annotated[list[Rate], PerLevel] = 0.0
    """Share of the channels switched off after each block in training, 0 to below 1: one number or one per
    level."""

    convolutions: int = Field(2, ge=1, le=8)
    """Convolutions of each block."""

    downsampling: Downsampling = "blur"
    """How a level shrinks to the next: `blur` smooths first, so that results hardly depend on where the patch
    grid lies; `max` takes the largest value of each window."""

    upsampling: Upsampling = "smooth"
    """How a decoder level enlarges: `smooth` interpolates, which leaves no checkerboard pattern; `transpose`
    learns it (transposed convolution)."""

    @property
    def levels(self) -> int:
        """The number of resolutions, bottleneck included."""
        return next(iter(self._stated_levels().values()), DEFAULT_LEVELS)

    def _stated_levels(self) -> dict[str, int]:
        """Return the number of levels that each option given as a list stands for."""
        lists = ("feature_maps", "kernel", "dropout", "pooling")
        given = {name: getattr(self, name) for name in lists if isinstance(getattr(self, name), list)}
        return {name: len(value) + (name == "pooling") for name, value in given.items()}

    @model_validator(mode="after")
    def _lists_agree(self) -> Self:
        stated = self._stated_levels()
        if len(set(stated.values())) > 1:
            counts = ", ".join(f"{name} {levels}" for name, levels in stated.items())
            raise ValueError(
                f"lists for different numbers of levels ({counts}); allowed: one entry per level in "
                "feature_maps, kernel and dropout, one fewer in pooling"
            )
        return self


class UNetOptions(UNetFamilyOptions):
    """U-Net: plain convolution blocks."""

    name: Literal["unet"] = "unet"


class ResidualUNetOptions(UNetFamilyOptions):
    """Residual U-Net: every block adds its input to its output."""

    name: Literal["residual_unet"] = "residual_unet"
