"""Affinities: whether a voxel and another one at a given offset belong to one object."""

from __future__ import annotations

import re
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, field_validator

from bioloom.errors import BioLoomError
from bioloom.settings.base import Auto, Section
from bioloom.targets.base import Channel, Cut, Floats, Labels, Target
from bioloom.targets.facts import ObjectFacts

Offset = Annotated[list[Annotated[int, Field(ge=-64, le=64)]], Field(min_length=2, max_length=3)]

OFFSETS: dict[int, tuple[tuple[int, ...], ...]] = {
    2: ((1, 0), (0, 1), (3, 0), (0, 3), (9, 0), (0, 9)),
    3: ((1, 0, 0), (0, 1, 0), (0, 0, 1), (2, 0, 0), (0, 3, 0), (0, 0, 3), (0, 9, 0), (0, 0, 9)),
}
"""The offsets by default, in voxels: neighbours, which are enough to build objects, and long ones."""


class AffinitiesOptions(Section):
    """Whether a voxel and the one at an offset belong to the same object, for several offsets."""

    name: Literal["affinities"] = "affinities"
    """Name of the target."""
    offsets: Annotated[list[Offset], Field(min_length=1, max_length=32)] | Auto = "auto"
    """Offsets in voxels, in the order of the spatial axes; `auto` is 1, 3, 9 along y and x, 1 and 2 along z.
    Those of one voxel along each axis are needed to build objects."""

    @field_validator("offsets")
    @classmethod
    def _once(cls, offsets: list[list[int]] | str) -> list[list[int]] | str:
        """Refuse offsets of another number of axes, no length, or that stand there twice (also negated)."""
        if isinstance(offsets, str):
            return offsets
        seen = {max(tuple(o), tuple(-step for step in o)) for o in offsets}
        if len({len(o) for o in offsets}) > 1:
            raise ValueError("all offsets need the same number of axes")
        if len(seen) < len(offsets) or any(not any(o) for o in offsets):
            raise ValueError("an offset is 0 or stands there twice; one and its negative say the same")
        return offsets


class Affinities(Target):
    """1 where both voxels belong to the same object, 0 where they do not or one is background.

    Weight 0 where the other voxel lies beyond a cut or the border of the image. Source: Turaga et al., Neural
    Computation 2010; long offsets as in Lee et al., 2017 (arXiv:1706.00120).
    """

    activation = "sigmoid"
    losses = ({"name": "binary_cross_entropy"}, {"name": "dice"})

    def channels(self, ndim: int) -> tuple[Channel, ...]:
        """Return a channel per offset, which is part of its name: ``affinities-y3``."""
        return tuple(
            Channel(f"affinities-{offset_name(offset)}", self.activation, offset=offset)
            for offset in self._offsets(ndim)
        )

    def margin(self, median_radius_um: float, spacing: tuple[float, ...]) -> tuple[int, ...]:
        """Return the longest offset along each axis. See `Target.margin`."""
        offsets = self._offsets(len(spacing))
        return tuple(max(abs(step) for step in steps) for steps in zip(*offsets, strict=True))

    def make(
        self, labels: Labels, facts: ObjectFacts, spacing: tuple[float, ...], cut: Cut
    ) -> tuple[Floats, Floats]:
        """Compare each voxel with the ones at the offsets. See `Target.make`.

        Raises
        ------
        BioLoomError
            For offsets that are configured for another number of axes.
        """
        offsets = self._offsets(labels.ndim)
        if len(offsets[0]) != labels.ndim:
            raise BioLoomError(
                f"train.targets: the offsets of affinities have {len(offsets[0])} numbers, the images "
                f"{labels.ndim} spatial axes",
                fix="one number per spatial axis",
            )
        values = np.zeros((len(offsets), *labels.shape), np.float32)
        weight = np.zeros_like(values)
        for offset, value, count in zip(offsets, values, weight, strict=True):
            here, there = pairs(offset, labels.shape)
            value[here] = (labels[here] > 0) & (labels[here] == labels[there])
            count[here] = (labels[here] >= 0) & (labels[there] >= 0)
        return values * weight, weight

    def _offsets(self, ndim: int) -> tuple[tuple[int, ...], ...]:
        given = self.options.offsets
        return OFFSETS[ndim] if isinstance(given, str) else tuple(tuple(offset) for offset in given)


def pairs(offset: tuple[int, ...], shape: tuple[int, ...]) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    """Return the part of an array whose voxels have a partner at `offset` in it, and those partners."""
    reach = [min(abs(step), side) for step, side in zip(offset, shape, strict=True)]
    sides = list(zip(offset, reach, shape, strict=True))
    here = tuple(slice(0, n - r) if step > 0 else slice(r, n) for step, r, n in sides)
    there = tuple(slice(r, n) if step > 0 else slice(0, n - r) for step, r, n in sides)
    return here, there


def offset_name(offset: tuple[int, ...]) -> str:
    """Return an offset as a part of a name: ``y3`` for ``(0, 3, 0)``, ``y4xm4`` for ``(4, -4)``."""
    letters = zip("zyx"[-len(offset) :], offset, strict=True)
    return "".join(f"{letter}{'m' * (step < 0)}{abs(step)}" for letter, step in letters if step)


def read_offset(name: str, ndim: int) -> tuple[int, ...] | None:
    """Return the offset behind a name of :func:`offset_name`, None if it is none.

    Where the name has more axes than `ndim`, the first ones are left out: what is compiled to know the names
    of passes need not know the number of axes.
    """
    parts = re.fullmatch(r"(?:z(m?\d+))?(?:y(m?\d+))?(?:x(m?\d+))?", name)
    if not name or parts is None:
        return None
    return tuple(int((part or "0").replace("m", "-")) for part in parts.groups()[-ndim:])
