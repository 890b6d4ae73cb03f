r"""The resolutions of an encoder-decoder, every number spelled out; torch-free.

::

    level 0   16 ------------------------------ 16      full resolution
                 \ pooling[0]       upsampling /
    level 1       32 ----------------------- 32         kernels[1], dropouts[1]
                     \ pooling[1]         /
    level 2           64 ---- bottleneck                the last level has no skip
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from bioloom.errors import BioLoomError
from bioloom.models.options import (
    DEFAULT_KERNEL,
    DEFAULT_POOLING,
    DEFAULT_WIDTH,
    UNetFamilyOptions,
)

AXES = {2: "(y, x)", 3: "(z, y, x)"}


@dataclass(frozen=True)
class Levels:
    """The resolutions of a network, from the full one down to the bottleneck.

    Parameters
    ----------
    feature_maps : tuple of int
        Channels of each level.
    kernels : tuple of tuple of int
        Convolution sides in voxels, per level and spatial axis.
    pooling : tuple of tuple of int
        Shrinking factors, per step down (one fewer than levels) and spatial axis.
    dropouts : tuple of float
        Dropout rate of each level.
    """

    feature_maps: tuple[int, ...]
    kernels: tuple[tuple[int, ...], ...]
    pooling: tuple[tuple[int, ...], ...]
    dropouts: tuple[float, ...]

    @property
    def divisor(self) -> tuple[int, ...]:
        """What the patch sides must be multiples of, per spatial axis: the product of all poolings."""
        return tuple(prod(factors) for factors in zip(*self.pooling, strict=True))


def plan_levels(options: UNetFamilyOptions, ndim: int) -> Levels:
    """Fill in what `options` leave to ``auto`` and check the lists against the number of axes.

    Raises
    ------
    BioLoomError
        If a list has not one entry per spatial axis.
    """
    count = options.levels
    kernel = DEFAULT_KERNEL if options.kernel == "auto" else options.kernel
    pooling = DEFAULT_POOLING if options.pooling == "auto" else options.pooling
    if options.feature_maps == "auto":
        feature_maps = [DEFAULT_WIDTH * 2**level for level in range(count)]
    else:
        feature_maps = options.feature_maps
    dropout = options.dropout if isinstance(options.dropout, list) else [options.dropout] * count
    return Levels(
        feature_maps=tuple(feature_maps),
        kernels=_per_axis("kernel", kernel, count, ndim),
        pooling=_per_axis("pooling", pooling, count - 1, ndim),
        dropouts=tuple(dropout),
    )


def check_sides(sides: Sequence[int], divisor: Sequence[int]) -> None:
    """Refuse a patch whose sides the network cannot halve down to its bottleneck and double again.

    Raises
    ------
    BioLoomError
        With the sides, the divisor and the nearest allowed size.
    """
    if all(side > 0 and side % d == 0 for side, d in zip(sides, divisor, strict=True)):
        return
    raise BioLoomError(
        f"a patch of {_join(sides)} voxels {AXES[len(divisor)]} does not fit the model",
        allowed=f"sides that are multiples of {_join(divisor)}",
        fix=f"patch.size (to train) or infer.patch_size (to predict): {list(nearest_size(sides, divisor))}",
    )


def nearest_size(sides: Sequence[int], divisor: Sequence[int]) -> tuple[int, ...]:
    """Return the allowed size nearest to `sides`: per axis the nearest multiple, at a tie the larger."""
    return tuple(max(d, (side + d // 2) // d * d) for side, d in zip(sides, divisor, strict=True))


def _per_axis(name: str, value: int | list[list[int]], count: int, ndim: int) -> tuple[tuple[int, ...], ...]:
    rows = value if isinstance(value, list) else [[value] * ndim] * count
    for row in rows:
        if len(row) != ndim:
            raise BioLoomError(
                f"model.{name}: {row} has {len(row)} entries",
                allowed=f"{ndim} entries {AXES[ndim]}, since the images have {ndim} spatial axes",
            )
    return tuple(tuple(row) for row in rows)


def _join(sides: Sequence[int]) -> str:
    return " x ".join(str(side) for side in sides)
