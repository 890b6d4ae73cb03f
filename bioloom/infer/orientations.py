"""Patches turned and mirrored, and what the network says of them turned back.

A network has seen its images in all orientations but does not treat them alike; the mean over them errs less
than each. In 2D there are 8 (four turns, mirrored or not), in 3D 16: the first axis is mirrored but never
exchanged with another, since light microscopes and sections do not treat it like the others. Without
exchanging y and x there remain 4 and 8::

    patch --turned--> network --> output --turned back--> its own channels --+
      |                                                                      +--> mean
      +-------------> network --> output ------------------------------------+

Turning back moves voxels, and for channels that look into a direction it also finds the channel that now
looks there: components of vectors are exchanged and negated, rays renumbered. The affinity to an offset that
only exists negated is that of the other voxel, so it is shifted, and unknown where that voxel lies outside.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import torch
from torch import Tensor

from bioloom.settings.infer import Combine, Orientations

Move = tuple[int, float, tuple[int, ...]]
"""Where a channel comes from: the index of a channel, a factor, and a shift in voxels."""


@dataclass(frozen=True)
class Orientation:
    """A signed permutation of the spatial axes.

    Parameters
    ----------
    order : tuple of int
        Axis ``i`` of the turned array is axis ``order[i]`` of the array.
    mirrored : tuple of bool
        Whether axis ``i`` of the turned array runs backwards.
    """

    order: tuple[int, ...]
    mirrored: tuple[bool, ...]

    def turn(self, array: Tensor) -> Tensor:
        r"""Turn ``(n, channel, *spatial)``; the result is contiguous if the array is, up to a copy."""
        turned = array.permute(0, 1, *(axis + 2 for axis in self.order))
        return turned.flip([axis + 2 for axis, flipped in enumerate(self.mirrored) if flipped])

    def turn_back(self, array: Tensor) -> Tensor:
        """Undo `turn`."""
        unflipped = array.flip([axis + 2 for axis, flipped in enumerate(self.mirrored) if flipped])
        return unflipped.permute(0, 1, *(axis + 2 for axis in np.argsort(self.order)))

    def seen(self, vector: Sequence[float]) -> tuple[float, ...]:
        """Return the components of a vector of the array along the axes of the turned array."""
        return tuple(
            -vector[axis] if flipped else vector[axis]
            for axis, flipped in zip(self.order, self.mirrored, strict=True)
        )


def orientations(ndim: int, exchange: bool) -> list[Orientation]:
    """Return all orientations, the unturned one first; `exchange` says whether y and x may change places."""
    upright = tuple(range(ndim))
    orders = [upright, (*upright[:-2], ndim - 1, ndim - 2)] if exchange else [upright]
    return [Orientation(order, flips) for order in orders for flips in product((False, True), repeat=ndim)]


def oriented(
    forward: Callable[[Tensor], Tensor],
    channels: Sequence[dict[str, Any]],
    spacing: Sequence[float],
    chosen: Orientations,
    combine: Combine = "mean",
) -> Callable[[Tensor], Tensor]:
    """Return `forward` over several orientations of its patches.

    Parameters
    ----------
    forward : callable
        From ``(n, channel, *size)`` to ``(n, target, *size)``, float32.
    channels : sequence of dict
        The target channels, as in `ModelSpec`.
    spacing : sequence of float
        Voxel size of the patches. Only where y and x are alike, here and in the size of the patch, do they
        change places.
    chosen : str
        ``none`` is the patch as it is.
    combine : str
        How values of scalar channels are combined; those that look into a direction take their mean.

    Returns
    -------
    callable
        Takes and returns what `forward` does. Orientations for which a channel has no counterpart, such as
        turns of rays that are not spread evenly, are left out.
    """
    if chosen == "none":
        return forward
    ndim, square = len(spacing), spacing[-1] == spacing[-2]
    plain = [set(channel) <= {"name", "activation"} for channel in channels]
    ways = {exchange: _ways(channels, orientations(ndim, exchange)) for exchange in (False, True)}

    def combined(batch: Tensor) -> Tensor:
        exchange = chosen == "all" and square and batch.shape[-1] == batch.shape[-2]
        parts = (
            _moved(way.turn_back(forward(way.turn(batch).contiguous())), moves)
            for way, moves in ways[exchange]
        )
        total, count = next(parts)  # of the patch as it is
        for values, known in parts:
            total, count = _joined(total, values, plain, combine), count + known
        return total / _divisor(count, plain, combine)

    return combined


def _ways(
    channels: Sequence[dict[str, Any]], turns: Sequence[Orientation]
) -> list[tuple[Orientation, list[Move]]]:
    """Return the orientations in which every channel has a counterpart, and where it is."""
    found = ((turn, counterparts(channels, turn)) for turn in turns)
    return [(turn, moves) for turn, moves in found if moves is not None]


def counterparts(channels: Sequence[dict[str, Any]], orientation: Orientation) -> list[Move] | None:
    """Return where each channel is found in the output of a turned patch, None if one is not found.

    Returns
    -------
    list of (int, float, tuple of int) or None
        Per channel: the channel of the turned output, the factor of its values, and by how many voxels of
        the unturned patch it must be moved.
    """
    found = [_counterpart(channels, channel, index, orientation) for index, channel in enumerate(channels)]
    known = [move for move in found if move is not None]
    return known if len(known) == len(found) else None


def _counterpart(
    channels: Sequence[dict[str, Any]], channel: dict[str, Any], index: int, orientation: Orientation
) -> Move | None:
    still = (0,) * len(orientation.order)
    group = channel["name"].rpartition("-")[0]
    others = [(i, c) for i, c in enumerate(channels) if c["name"].rpartition("-")[0] == group]
    if "axis" in channel:
        axis = orientation.order.index(channel["axis"])
        sign = -1.0 if orientation.mirrored[axis] else 1.0
        return next(((i, sign, still) for i, c in others if c.get("axis") == axis), None)
    if "offset" in channel:
        return _partner(others, channel["offset"], orientation)
    if "direction" in channel:
        wanted = orientation.seen(channel["direction"])
        rays = ((i, c["direction"]) for i, c in others if "direction" in c)
        return next(((i, 1.0, still) for i, ray in rays if np.allclose(ray, wanted, atol=1e-4)), None)
    return index, 1.0, still


def _partner(
    others: Sequence[tuple[int, dict[str, Any]]], offset: Sequence[int], orientation: Orientation
) -> Move | None:
    """Return the channel of an affinity: to the turned offset, or as seen from the other voxel."""
    wanted = list(orientation.seen(offset))
    known = {tuple(c["offset"]): i for i, c in others if "offset" in c}
    if tuple(wanted) in known:
        return known[tuple(map(int, wanted))], 1.0, (0,) * len(offset)
    back = tuple(-int(step) for step in wanted)
    return (known[back], 1.0, tuple(offset)) if back in known else None


def _moved(output: Tensor, moves: Sequence[Move]) -> tuple[Tensor, Tensor]:
    """Return the channels at their places, 0 where unknown, and 1 where known."""
    known = torch.ones((1, len(moves), *output.shape[2:]), device=output.device)
    if all(move == (index, 1.0, (0,) * len(move[2])) for index, move in enumerate(moves)):
        return output, known
    values = torch.zeros_like(output)
    for index, (origin, factor, shift) in enumerate(moves):
        target, source = values[:, index], factor * output[:, origin]
        for axis, step in enumerate(shift, start=1):
            length = max(0, target.shape[axis] - abs(step))
            target = target.narrow(axis, 0 if step > 0 else target.shape[axis] - length, length)
            source = source.narrow(axis, source.shape[axis] - length if step > 0 else 0, length)
        target.copy_(source)
        known[0, index] = _within(shift, output.shape[2:]).to(output.device)
    return values, known


def _within(shift: Sequence[int], sides: Sequence[int]) -> Tensor:
    """Return 1 for the voxels whose partner at `shift` lies in the patch, 0 for the others."""
    inside = torch.ones(tuple(sides))
    for axis, (step, side) in enumerate(zip(shift, sides, strict=True)):
        places = torch.arange(side) + step
        fits = ((places >= 0) & (places < side)).float()
        inside = inside * fits.reshape([-1 if a == axis else 1 for a in range(len(sides))])
    return inside


def _joined(total: Tensor, values: Tensor, plain: Sequence[bool], combine: Combine) -> Tensor:
    """Return the running sum, or for scalar channels that are not to be averaged, the extreme."""
    if combine == "mean":
        return total + values
    extreme = torch.minimum(total, values) if combine == "min" else torch.maximum(total, values)
    return torch.where(_column(plain, total), extreme, total + values)


def _divisor(count: Tensor, plain: Sequence[bool], combine: Combine) -> Tensor:
    count = count.clamp(min=1)
    return count if combine == "mean" else torch.where(_column(plain, count), 1.0, count)


def _column(plain: Sequence[bool], like: Tensor) -> Tensor:
    return torch.tensor(plain, device=like.device).reshape(1, -1, *(1,) * (like.ndim - 2))
