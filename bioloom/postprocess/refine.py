"""Grows, shrinks, opens or closes every object by a ball; no object takes a voxel from another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from bioloom.postprocess.blocks import Block
from bioloom.postprocess.labels import LabelPass, gather_labels
from bioloom.postprocess.nearest import Ball, deep_inside, near_own, nearest_labels
from bioloom.postprocess.passes import Pass, Source
from bioloom.postprocess.program import Setting, last_labels
from bioloom.settings.base import Section

How = Literal["dilate", "erode", "open", "close"]


class RefineOptions(Section):
    """Grows, shrinks, opens or closes every object; none takes a voxel from another."""

    name: Literal["refine"] = "refine"
    how: How = "open"
    """`dilate` grows objects into the background, `erode` shrinks them, `open` takes off what is thinner than
    the ball, `close` fills notches that are narrower than it."""
    radius: float = Field(default=1.0, ge=1, le=64)
    """Radius of the ball, in voxels of the finest axis (1 to 64); along coarser axes as long."""
    radius_um: Annotated[float, Field(gt=0)] | None = None
    """Radius of the ball in micrometres, instead of `radius`."""


@dataclass(frozen=True, kw_only=True)
class Refine(LabelPass):
    """Refines the labels of pass `of`."""

    of: str
    how: How
    ball: Ball

    def label(self, block: Block, source: Source) -> tuple[NDArray[np.uint32], int]:
        """Return the refined labels of the core; one look is always enough."""
        self.ball.check("refine")
        twice = 1 if self.how in ("dilate", "erode") else 2
        wanted = block.core.grow(tuple(twice * reach for reach in self.ball.reach))
        window = wanted.clip(source.image)
        labels = gather_labels(source, self.of, window)
        if self.how == "close":  # objects grow beyond the border, too, before they shrink
            padded = np.zeros(wanted.shape, np.uint32)
            padded[window.within(wanted).slices] = labels
            labels, window = padded, wanted
        refined = refine_labels(labels, self.how, self.ball)
        return np.ascontiguousarray(refined[block.core.within(window).slices]), 0


def refine_labels(labels: NDArray[np.uint32], how: How, ball: Ball) -> NDArray[np.uint32]:
    r"""Refine every object by a ball.

    Parameters
    ----------
    labels : ndarray of uint32, shape (\*spatial)
        0 for background.
    how : str
        ``dilate``, ``erode``, ``open`` or ``close``.
    ball : Ball
        The structuring element.

    Returns
    -------
    ndarray of uint32, shape (\*spatial)
        A voxel that several objects could grow into goes to the nearest one, of equally near ones to the
        lowest number. What lies beyond the array shrinks nothing.
    """
    if how == "dilate":
        return np.where(labels > 0, labels, nearest_labels(labels, ball))
    if how == "close":
        grown = np.where(labels > 0, labels, nearest_labels(labels, ball))
        return np.where((labels > 0) | deep_inside(grown, ball), grown, 0)
    stays = deep_inside(labels, ball)
    if how == "open":
        stays = near_own(stays, labels, ball)
    return np.where(stays, labels, 0)


def refine(options: RefineOptions, passes: Sequence[Pass], setting: Setting) -> list[Pass]:
    """Return the passes with one more that refines the current labels."""
    of = last_labels(passes, options.name).name
    ball = Ball.of(options.radius, options.radius_um, setting.spacing)
    return [*passes, Refine(name=f"{len(passes)}-refine", of=of, how=options.how, ball=ball)]
