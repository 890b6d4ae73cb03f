"""Which part of a file an image is: one of its time points, all of it or a region of it.

Files are opened by the jobs that convert them, never while the workflow is parsed. So a table names a region
by shares of the file's longest axis, and time points not at all; the shape of the file tells the rest::

    part "0:0.8"                                part "0.8:1"
    |------ training, 0 to 189 -----|    gap    |- validation, 205 to 256 -|       256 voxels
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

from bioloom.errors import BioLoomError
from bioloom.geometry.box import Box

GAP_SHARE = 0.05
"""Share of the axis between the two regions of a file..."""
GAP_LEAST = 16
"""... and the fewest voxels of it."""
REGION_LEAST = 12
"""The fewest voxels that a region has along the axis that was cut."""
_PART = re.compile(r"(0|1|0?\.\d+):(0|1|0?\.\d+)")
_TIME = re.compile(r"([^_]+_[^_]+)_t(\d{4,})")

Faces = tuple[tuple[bool, bool], ...]
"""For every spatial axis whether something holds at its low and at its high end."""


@dataclass(frozen=True, slots=True)
class Region:
    """A part of a file along one axis.

    Parameters
    ----------
    axis : int
        The spatial axis that is cut.
    start, stop : int
        Voxels of the region along it, half-open.
    shape : tuple of int
        Spatial shape of the file.
    """

    axis: int
    start: int
    stop: int
    shape: tuple[int, ...]

    @property
    def letter(self) -> str:
        """The name of the axis."""
        return "zyx"[-len(self.shape) :][self.axis]

    @property
    def box(self) -> Box:
        """The voxels of the region in the file."""
        start, stop = [0] * len(self.shape), list(self.shape)
        start[self.axis], stop[self.axis] = self.start, self.stop
        return Box(tuple(start), tuple(stop))

    @property
    def facts(self) -> dict[str, Any]:
        """What the store of the image keeps of it, see `cut_faces` and `region_text`."""
        return {
            "axis": self.letter,
            "start": self.start,
            "stop": self.stop,
            "of": self.shape[self.axis],
        }


def split_parts(fraction: float) -> tuple[str, str]:
    """Return the parts for training and for validation of a file that is both."""
    border = f"{1 - fraction:.4f}".rstrip("0").rstrip(".")
    return f"0:{border}", f"{border}:1"


def region_of(part: str, shape: tuple[int, ...], file: str) -> Region:
    """Return the voxels that a part stands for.

    The axis of the most voxels is cut, the first of equals. Of two parts that share a border the second
    begins there; the first ends a gap before it, of 5 % of the axis and at least 16 voxels.

    Parameters
    ----------
    part : str
        Shares of the longest axis, ``"0:0.8"``.
    shape : tuple of int
        Spatial shape of the file.
    file : str
        What the file is called in messages.

    Raises
    ------
    BioLoomError
        If it is no part, or the file is too small to be cut in two.
    """
    if not _PART.fullmatch(part):
        raise BioLoomError(f"{file}: part '{part}'", allowed="shares of the longest axis, such as 0:0.8")
    low, high = map(float, part.split(":"))
    axis = shape.index(max(shape))
    side = shape[axis]
    gap = max(GAP_LEAST, ceil(GAP_SHARE * side))
    start = round(low * side)
    stop = side if high == 1 else round(high * side) - gap
    border = high if low == 0 else low
    wanted = round(border * side)
    if min(wanted - gap, side - wanted) < REGION_LEAST:
        raise BioLoomError(
            f"{file} is the only training image, and its longest axis of {side} voxels is too short to set "
            f"{1 - border:.0%} of it aside for validation",
            allowed=f"two parts of at least {REGION_LEAST} voxels with {gap} voxels between them",
            fix="give data.val, add training images, or change data.val_fraction",
        )
    return Region(axis, start, stop, shape)


def cut_faces(facts: Mapping[str, Any], ndim: int) -> Faces:
    """Return at which faces of an image its file goes on, from the facts of its store."""
    region = facts.get("region")
    if region is None:
        return ((False, False),) * ndim
    ends = (region["start"] > 0, region["stop"] < region["of"])
    return tuple(ends if axis == region["axis"] else (False, False) for axis in "zyx"[-ndim:])


def region_text(facts: Mapping[str, Any]) -> str:
    """Return the region of an image in words, "" if it is a whole file: ``y = 205 to 255 of 0 to 255``."""
    region = facts.get("region")
    if region is None:
        return ""
    return f"{region['axis']} = {region['start']} to {region['stop'] - 1} of 0 to {region['of'] - 1}"


def time_id(image: str, time: int) -> str:
    """Return the id of a time point of a file whose images are called `image`."""
    return f"{image}_t{time:04d}"


def series_of(image: str) -> tuple[str, int | None]:
    """Return what `time_id` was made of; no time for an image of a file without time points.

    Names of files cannot be mistaken for time points: in an id "_" stands behind the split and before the
    time only.
    """
    match = _TIME.fullmatch(image)
    return (match[1], int(match[2])) if match else (image, None)


def in_series(images: Iterable[str]) -> dict[str, list[str]]:
    """Return the images by their file, in the order of their time points."""
    found: dict[str, list[tuple[int, str]]] = {}
    for image in images:
        name, time = series_of(image)
        found.setdefault(name, []).append((time or 0, image))
    return {name: [image for _, image in sorted(members)] for name, members in found.items()}
