"""Smooths the outlines of objects: the median of every object's mask, where it meets the background."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from bioloom.postprocess.blocks import Block
from bioloom.postprocess.labels import LabelPass, gather_labels
from bioloom.postprocess.nearest import Ball
from bioloom.postprocess.passes import Pass, Source
from bioloom.postprocess.program import Setting, last_labels
from bioloom.settings.base import Section

_AT_ONCE = 2**22


class SmoothOutlinesOptions(Section):
    """Smooths objects against the background by a majority of voxels; borders between objects stay."""

    name: Literal["smooth_outlines"] = "smooth_outlines"
    radius: float = Field(default=2.0, ge=1, le=16)
    """Radius of the ball that votes, in voxels of the finest axis (1 to 16); along coarser axes as long."""
    radius_um: Annotated[float, Field(gt=0)] | None = None
    """Radius of the ball in micrometres, instead of `radius`."""


@dataclass(frozen=True, kw_only=True)
class SmoothOutlines(LabelPass):
    """Smooths the labels of pass `of`."""

    of: str
    ball: Ball

    def label(self, block: Block, source: Source) -> tuple[NDArray[np.uint32], int]:
        """Return the smoothed labels of the core; one look is always enough."""
        self.ball.check("smooth_outlines")
        window = block.core.grow(self.ball.reach).clip(source.image)
        smooth = smooth_labels(gather_labels(source, self.of, window), self.ball)
        return np.ascontiguousarray(smooth[block.core.within(window).slices]), 0


def smooth_labels(labels: NDArray[np.uint32], ball: Ball) -> NDArray[np.uint32]:
    r"""Let the voxels of a ball vote on its centre.

    Parameters
    ----------
    labels : ndarray of uint32, shape (\*spatial)
        0 for background.
    ball : Ball
        Who votes, as far as there are voxels.

    Returns
    -------
    ndarray of uint32, shape (\*spatial)
        A voxel of an object becomes background where more than half of the ball is; one of the background
        gets the label that more than half of the ball has. For a single object this is the median filter.
    """
    from scipy.ndimage import convolve  # the options are read without scipy

    footprint = np.zeros([2 * reach + 1 for reach in ball.reach], np.int32)
    footprint[tuple((ball.offsets + ball.reach).T)] = 1
    objects = convolve((labels > 0).astype(np.int32), footprint, mode="constant")
    voters = convolve(np.ones(labels.shape, np.int32), footprint, mode="constant")
    smooth = np.where(2 * (voters - objects) > voters, 0, labels)
    grows = np.flatnonzero((labels == 0) & (2 * objects > voters))
    padded = np.pad(labels, [(reach, reach) for reach in ball.reach])
    steps = ball.offsets @ (np.array(padded.strides) // padded.itemsize)
    for first in range(0, grows.size, max(1, _AT_ONCE // steps.size)):
        here = grows[first : first + max(1, _AT_ONCE // steps.size)]
        place = np.array(np.unravel_index(here, labels.shape)) + np.array(ball.reach)[:, np.newaxis]
        votes = np.sort(
            padded.ravel()[np.ravel_multi_index(tuple(place), padded.shape)[:, None] + steps], axis=1
        )
        smooth.ravel()[here] = _majority(votes, voters.ravel()[here])
    return smooth


def _majority(votes: NDArray[np.uint32], voters: NDArray[np.int32]) -> NDArray[np.uint32]:
    """Return the label that more than half of the voters chose, else 0; votes are sorted, those beyond 0."""
    # whoever has more than half of the voters is at one of the places half of them before the end
    candidate = np.take_along_axis(votes, (votes.shape[1] - 1 - voters // 2)[:, None], axis=1)
    return np.where(2 * (votes == candidate).sum(axis=1) > voters, candidate[:, 0], 0).astype(np.uint32)


def smooth_outlines(options: SmoothOutlinesOptions, passes: Sequence[Pass], setting: Setting) -> list[Pass]:
    """Return the passes with one more that smooths the current labels."""
    of = last_labels(passes, options.name).name
    ball = Ball.of(options.radius, options.radius_um, setting.spacing)
    return [*passes, SmoothOutlines(name=f"{len(passes)}-smooth_outlines", of=of, ball=ball)]
