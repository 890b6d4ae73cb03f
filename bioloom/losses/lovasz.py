"""The Lovasz hinge: the convex surrogate of one minus the IoU of a region."""

from __future__ import annotations

import torch
from torch import Tensor


def lovasz_hinge(scores: Tensor, inside: Tensor) -> Tensor:
    """Return the Lovasz hinge of a region.

    Errors are sorted, the largest first, and each is weighed by how much the Jaccard loss grows when its
    voxel joins the wrong ones. Source: Berman et al., The Lovasz-softmax loss, CVPR 2018.

    Parameters
    ----------
    scores : Tensor, (n,), float32
        Above 0 for voxels that are said to be in the region.
    inside : Tensor, (n,), bool
        Which are.

    Returns
    -------
    Tensor, scalar
        0 where all scores are right by a margin of 1 or more, and without any voxel.
    """
    signs = inside.to(scores.dtype) * 2 - 1
    errors, order = torch.sort(1 - scores * signs, descending=True)
    return (errors.clamp(min=0) * jaccard_steps(inside[order])).sum()


def jaccard_steps(inside: Tensor) -> Tensor:
    """Return by how much the Jaccard loss grows when voxels, in their order, become wrong one by one."""
    members = inside.float()
    missed, invented = members.cumsum(0), (1 - members).cumsum(0)
    total = members.sum()
    loss = 1 - (total - missed) / (total + invented).clamp(min=1)
    return torch.diff(loss, prepend=loss.new_zeros(1))
