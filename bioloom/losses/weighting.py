"""How weights of voxels enter a loss."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from bioloom.tasks.loss_terms import check_class_weights

# Stands in for a total weight of 0, so that 0 / 0 becomes 0 and its gradient too.
TINY = torch.finfo(torch.float32).tiny


def count_only_weighted(logits: Tensor, target: Tensor, weight: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Bring the three arrays of a loss to float32, with 0 in all of them wherever the weight is not above 0.

    Unlike a multiplication by 0 this also silences NaN and infinity, in the value and in the gradient.

    Parameters
    ----------
    logits, target, weight : Tensor, (N, C, *spatial)
        Raw network values, wanted values, weights; of one shape.

    Returns
    -------
    tuple of Tensor, (N, C, *spatial), float32
        The same three.

    Raises
    ------
    ValueError
        If the shapes differ, which broadcasting would hide.
    """
    if not logits.shape == target.shape == weight.shape:
        shapes = ", ".join(str(tuple(array.shape)) for array in (logits, target, weight))
        raise ValueError(f"logits, target and weight must have one shape, not {shapes}")
    counts = weight > 0
    return (
        torch.where(counts, logits.float(), 0.0),
        torch.where(counts, target.float(), 0.0),
        torch.where(counts, weight.float(), 0.0),
    )


def weighted_mean(values: Tensor, weight: Tensor) -> Tensor:
    """Return ``sum(weight * values) / sum(weight)`` over all voxels, 0 where there is no weight."""
    return (values * weight).sum() / weight.sum().clamp(min=TINY)


def weighted_by_class(weight: Tensor, class_weights: Sequence[float] | str) -> Tensor:
    """Return the weights, ``(N, C, *spatial)``, times those of their channels; words weigh all the same.

    Raises
    ------
    BioLoomError
        If there is not one weight per channel.
    """
    if isinstance(class_weights, str):
        return weight
    check_class_weights(class_weights, weight.shape[1])
    factors = torch.tensor(class_weights, dtype=weight.dtype, device=weight.device)
    return weight * factors.reshape(1, -1, *(1,) * (weight.ndim - 2))


def against_the_others(logits: Tensor) -> Tensor:
    """Return the logits of each channel of a softmax group against all others together.

    The sigmoid of these is the softmax of the group, so that losses of yes-or-no channels suit groups::

        x_c - log(sum of exp(x_k) over the other channels k)

    Parameters
    ----------
    logits : Tensor, (N, C, *spatial)
        Two channels or more.
    """
    channels = range(logits.shape[1])
    others = [logits[:, [k for k in channels if k != c]].logsumexp(1) for c in channels]
    return logits - torch.stack(others, 1)
