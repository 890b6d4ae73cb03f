"""The interface of targets, and how they treat the edges of what they are given.

A target is often made from a window of an image, and a window has two kinds of edges::

    +-----------------------+ image        the border of the image: nothing is known beyond it, it is not a
    |                       |              boundary of objects; voxels beyond it have labels < 0
    |      +-----------+ - -|- - +
    |      |  window   |    |    |         a cut: the image goes on, and a voxel whose target could change
    |      |           | <0 | <0 |         with what lies beyond gets weight 0
    |      +-----------+ - -|- - +

Labels beyond the border are ``-1 - L``, where L is the label of the nearest voxel of the image (0 is the
background). Objects are thereby continued outwards, so that the border itself never looks like a boundary.

An image that is a region of its file has a third kind: a face at which it was cut out. The file goes on
there, so a voxel whose target could change with what lies beyond gets weight 0, as at a cut. Labels beyond
such a face are ``-1 - L - UNKNOWN``, and objects that reach it have no known radius (infinite, see
`bioloom.targets.facts`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from bioloom.targets.facts import ObjectFacts

Labels = NDArray[np.integer]
Floats = NDArray[np.float32]
Cut = tuple[tuple[bool, bool], ...]
"""For every axis whether the low and the high face of the array is a cut."""
UNKNOWN = 1 << 30
"""Taken off labels beyond a face at which the image was cut out of its file; labels themselves are below."""


@dataclass(frozen=True)
class Channel:
    """One channel of the network's output, and what becomes of it when the picture is turned or mirrored.

    A channel that says nothing is turned with the picture and keeps its values. The others look into a
    direction, so turning takes the values of another channel of the same target (``name`` up to the last
    ``-``), see `bioloom.infer.orientations`.

    Parameters
    ----------
    name : str
        The target's name, or that and ``-something`` where a target has several channels.
    activation : str
        What turns the network's output into the target's range, see `bioloom.infer.open`.
    axis : int, optional
        The channel is the component of a vector along this spatial axis.
    offset : tuple of int, optional
        The channel says something about each voxel and the one at this offset: an affinity.
    direction : tuple of float, optional
        The channel says something about each voxel in this direction, in micrometres per axis: a ray.
    """

    name: str
    activation: str
    axis: int | None = None
    offset: tuple[int, ...] | None = None
    direction: tuple[float, ...] | None = None

    def described(self) -> dict[str, Any]:
        """Return the channel as it stands in ``model.yaml``."""
        known = {key: value for key, value in asdict(self).items() if value is not None}
        return {key: list(value) if isinstance(value, tuple) else value for key, value in known.items()}


class Target(ABC):
    """Named channels that are made from labels.

    Parameters
    ----------
    options : Section
        The options of this target.
    """

    activation: ClassVar[str]
    """What turns the network's output into the target's range."""
    losses: ClassVar[tuple[dict[str, Any], ...]]
    """The default losses on the channels of the target, written as in the config; one that names a target
    itself is on some of them only."""
    start: ClassVar[float] = 0.0
    """The raw output that an untrained network begins near; below 0 for a sigmoid that is rarely high."""
    uses_centers: ClassVar[bool] = False
    """Whether the target reads the objects' centers, which cost something to follow through a map."""

    def __init__(self, options: Any) -> None:
        self.options = options

    def channels(self, ndim: int) -> tuple[Channel, ...]:
        """Return the channels for images of `ndim` spatial axes, in order; by default one of its name."""
        return (Channel(self.options.name, self.activation),)

    @property
    def weights(self) -> tuple[str, ...]:
        """The names of the targets whose weights are multiplied by `factor`; by default there are none."""
        return ()

    def margin(self, median_radius_um: float, spacing: tuple[float, ...]) -> tuple[int, ...]:
        """Return how many voxels of context around a patch settle the target of nearly all its voxels.

        Parameters
        ----------
        median_radius_um : float
            The median over objects of the largest distance to their boundary, in micrometres.
        spacing : tuple of float
            Voxel size in micrometres.
        """
        return (0,) * len(spacing)

    @abstractmethod
    def make(
        self, labels: Labels, facts: ObjectFacts, spacing: tuple[float, ...], cut: Cut
    ) -> tuple[Floats, Floats]:
        """Make the target of an image or of a window of it.

        Parameters
        ----------
        labels : ndarray of int, shape (*spatial)
            0 is the background; negative beyond the border of the image, see the module.
        facts : ObjectFacts
            What is known about whole objects; centers in voxels of `labels`.
        spacing : tuple of float
            Voxel size in micrometres.
        cut : tuple of (bool, bool), one per axis
            Whether more image lies beyond the low and the high face of `labels`.

        Returns
        -------
        values, weight : ndarray of float32, shape (channel, *spatial)
            Where the weight is 1 the value equals that of the target of the whole image, elsewhere it is 0
            and the value means nothing.
        """

    def factor(self, labels: Labels, facts: ObjectFacts, spacing: tuple[float, ...], cut: Cut) -> Floats:
        """Return by how much the weights of the targets in `weights` are multiplied, shape (*spatial).

        That is the same as for the whole image, or 0 where that is not known. Parameters as in `make`.
        """
        return np.ones(labels.shape, np.float32)


def vector_channels(name: str, activation: str, ndim: int) -> tuple[Channel, ...]:
    """Return the channels of a vector, ``name-z`` (in 3D), ``name-y`` and ``name-x``."""
    return tuple(
        Channel(f"{name}-{letter}", activation, axis=axis) for axis, letter in enumerate("zyx"[-ndim:])
    )


def extended(labels: Labels) -> Labels:
    """Return labels without negative ones: beyond the border the label of the nearest voxel goes on."""
    if labels.dtype.kind == "u" or labels.min(initial=0) >= 0:
        return labels
    beyond, hidden = -1 - labels, unknown(labels)
    if hidden.any():
        beyond = np.where(hidden, beyond - UNKNOWN, beyond)
    return np.where(labels < 0, beyond, labels)


def unknown(labels: Labels) -> NDArray[np.bool_]:
    """Return which voxels lie beyond a face at which the image was cut out of its file."""
    return np.zeros(labels.shape, bool) if labels.dtype.kind == "u" else labels <= -1 - UNKNOWN


def outer_faces(labels: Labels) -> Cut:
    """Return the cuts of a window that was taken out of an image: the faces with a voxel of the image.

    A face that lies wholly beyond the border hides nothing. (An image is convex: the straight line to any
    of its voxels beyond the window leaves the window through a face that has a voxel of the image.)
    """
    return tuple(
        (bool((labels.take(0, axis) >= 0).any()), bool((labels.take(-1, axis) >= 0).any()))
        for axis in range(labels.ndim)
    )


def distance_to_cut(shape: tuple[int, ...], spacing: tuple[float, ...], cut: Cut) -> Floats:
    """Return for every voxel the distance to the nearest voxel center beyond a cut, infinite without cuts.

    Parameters
    ----------
    shape : tuple of int
        Shape of the array.
    spacing : tuple of float
        Voxel size; the distance has its unit.
    cut : tuple of (bool, bool)
        Which faces are cuts.

    Returns
    -------
    ndarray of float32, shape `shape`
    """
    nearest = np.full(shape, np.inf, np.float32)
    for axis, (low, high) in enumerate(cut):
        steps = np.arange(1, shape[axis] + 1, dtype=np.float32) * np.float32(spacing[axis])
        column = [1] * len(shape)
        column[axis] = -1
        if low:
            np.minimum(nearest, steps.reshape(column), out=nearest)
        if high:
            np.minimum(nearest, steps[::-1].reshape(column), out=nearest)
    return nearest
