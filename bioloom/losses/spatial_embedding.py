"""The loss of embeddings: every object gathers its voxels, and no others."""

from __future__ import annotations

from math import log

import torch
from torch import Tensor

from bioloom.losses.lovasz import lovasz_hinge
from bioloom.losses.options import SpatialEmbeddingOptions
from bioloom.losses.weighting import TINY, count_only_weighted

HALF = 0.5
"""The width that an output of 0 stands for, in median radii."""
FAR = log(1e4)
"""Voxels of other objects whose membership is below one in ten thousand are left out."""


class SpatialEmbedding:
    """Membership in each object by the Lovasz hinge, even widths, and seeds that know their membership.

    A voxel at x with the offset o is a member of an object with the center c by
    ``phi = exp(-|x + o - c|^2 / (2 sigma^2))``, where sigma is ``0.5 exp`` of the mean width output in the
    object. The loss of an image is the mean over objects of the Lovasz hinge of ``2 phi - 1`` and of
    `evenness` times the variance of widths, plus the mean over voxels of the squared difference of the seed
    from phi in objects (times `foreground`) and from 0 in the background.

    Sources: Neven et al., CVPR 2019; Lalit et al., Medical Image Analysis 2022. Objects are told apart by the
    centers that the target points to, so no channel of ids is needed.

    Parameters
    ----------
    options : SpatialEmbeddingOptions
        `evenness`, `foreground`.
    """

    def __init__(self, options: SpatialEmbeddingOptions) -> None:
        self.options = options

    def __call__(self, logits: Tensor, target: Tensor, weight: Tensor) -> Tensor:
        """Compute the loss of a batch.

        Parameters
        ----------
        logits, target, weight : Tensor, (N, ndim + 2, *spatial)
            Offsets along the axes, width, seediness (raw); the target `embeddings`; voxels whose weights are
            not all above 0 do not count.

        Returns
        -------
        Tensor, scalar, float32
            Mean over the images that have any weight; 0 without any weight.

        Raises
        ------
        ValueError
            If the number of channels does not suit that of the axes.
        """
        if logits.shape[1] != logits.ndim:
            raise ValueError(f"{logits.ndim - 2} axes need {logits.ndim} channels, not {logits.shape[1]}")
        logits, target, weight = count_only_weighted(logits, target, weight.amin(1, True).expand_as(weight))
        losses = [self._of_image(*arrays) for arrays in zip(logits, target, weight[:, 0] > 0, strict=True)]
        counts = (weight.flatten(1) > 0).any(1).sum()
        return torch.stack(losses).sum() / counts.clamp(min=1)

    def _of_image(self, output: Tensor, target: Tensor, counted: Tensor) -> Tensor:
        axes = output.shape[0] - 2
        objects = counted & (target[-1] > 0.5)
        steps = voxel_steps(target[:axes], objects)
        column = (-1, *(1,) * axes)
        places = torch.nonzero(counted).T * steps[:, None]
        sent = places + output[:axes, counted]
        width, seed = output[-2][counted], output[-1][counted].sigmoid()
        member = objects[counted]
        wanted = places + target[:axes, counted]
        number = torch.round(wanted[:, member] / steps.reshape(column[:2])).T
        centers, own = torch.unique(number, dim=0, return_inverse=True)
        group = torch.full(member.shape, -1, device=output.device)
        group[member] = own
        total = self._seeds(seed[~member], torch.zeros_like(seed[~member]), 1.0)
        gathered, uneven = output.new_zeros(()), output.new_zeros(())
        for index, center in enumerate(centers * steps):
            inside = group == index
            mean = width[inside].mean()
            distance = (sent - center[:, None]).square().sum(0) / (2 * (HALF * mean.exp()).square())
            phi = torch.exp(-distance)
            near = inside | (distance.detach() < FAR)
            gathered = gathered + lovasz_hinge(2 * phi[near] - 1, inside[near])
            uneven = uneven + (width[inside] - mean.detach()).square().mean()
            total = total + self._seeds(seed[inside], phi[inside].detach(), self.options.foreground)
        shared = (gathered + self.options.evenness * uneven) / max(1, len(centers))
        return shared + total / counted.sum().clamp(min=1)

    @staticmethod
    def _seeds(seed: Tensor, wanted: Tensor, factor: float) -> Tensor:
        return factor * (seed - wanted).square().sum()


def voxel_steps(offsets: Tensor, objects: Tensor) -> Tensor:
    """Return the side of a voxel along every axis, in the unit of the offsets, which it can be read off.

    Of two neighbours in one object, the offset of the first is longer by just that; of neighbours in
    different objects it differs by a multiple of it.

    Parameters
    ----------
    offsets : Tensor, (ndim, *spatial)
        From each voxel of an object to the voxel at its center.
    objects : Tensor, (*spatial), bool
        Which voxels are in objects.

    Returns
    -------
    Tensor, (ndim,)
        Along axes without neighbours in objects the mean of the others, or 1.
    """
    found = []
    for axis, along in enumerate(offsets):
        length = along.shape[axis] - 1
        low, high = along.narrow(axis, 0, length), along.narrow(axis, 1, length)
        both = objects.narrow(axis, 0, length) & objects.narrow(axis, 1, length)
        differences = (low - high)[both]
        differences = differences[differences > 1e-4]
        found.append(differences.min() if differences.numel() else along.new_zeros(()))
    steps = torch.stack(found)
    known = steps > 0
    usual = torch.where(known.any(), steps.sum() / known.sum().clamp(min=1), 1.0)
    return torch.where(known, steps, usual).clamp(min=TINY)
