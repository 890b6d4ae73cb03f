"""Sides of patches that suit the poolings of a network."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from bioloom.errors import BioLoomError


def check_patch(option: str, sides: Sequence[int] | str, pooling: Sequence[Sequence[int]] | str) -> None:
    """Raise if a network cannot shrink a patch down to its bottleneck and enlarge it again.

    Parameters
    ----------
    option : str
        The option that says how large the patch is: ``patch.size`` or ``infer.patch_size``.
    sides : sequence of int or "auto"
        Its sides in voxels.
    pooling : sequence of sequence of int or "auto"
        ``model.pooling``: for every step down, one factor per axis. ``auto`` suits all sides.

    Raises
    ------
    BioLoomError
        With the option and the nearest sizes that are allowed.
    """
    if isinstance(sides, str) or isinstance(pooling, str):
        return
    other = next((factors for factors in pooling if len(factors) != len(sides)), None)
    if other is not None:
        raise BioLoomError(
            f"model.pooling: {list(other)} has {len(other)} entries, {option} has {len(sides)}",
            allowed="one per spatial axis",
        )
    divisor = divisor_of(pooling, len(sides))
    pairs = list(zip(sides, divisor, strict=True))
    if all(side > 0 and side % d == 0 for side, d in pairs):
        return
    below, above = [max(d, side // d * d) for side, d in pairs], [-(-side // d) * d for side, d in pairs]
    raise BioLoomError(
        f"{option}: {list(sides)} does not fit the network, whose poolings (model.pooling) are "
        f"{_times(divisor)} in all",
        allowed=f"sides that are multiples of {_times(divisor)}",
        fix=f"{option}: " + " or ".join(dict.fromkeys(map(str, (below, above)))),
    )


def divisor_of(pooling: Sequence[Sequence[int]], ndim: int) -> tuple[int, ...]:
    """Return what the sides of a patch must be multiples of: per axis the product of all poolings."""
    return tuple(prod(factors[axis] for factors in pooling) for axis in range(ndim))


def _times(sides: Sequence[int]) -> str:
    return " x ".join(map(str, sides))
