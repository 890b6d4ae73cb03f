"""What a window shows of its surroundings: how far the unseen is, and which objects are seen whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cc3d
import edt
import numpy as np
from numpy.typing import NDArray

from bioloom.targets.base import Cut, Floats, Labels, distance_to_cut, unknown

FACES: dict[int, Literal[4, 6]] = {2: 4, 3: 6}
"""Neighbours of a voxel by dimension, if only faces count."""
CORNERS: dict[int, Literal[8, 26]] = {2: 8, 3: 26}
"""Neighbours of a voxel by dimension, if edges and corners count, too."""


def distance_to_unseen(labels: Labels, spacing: tuple[float, ...], cut: Cut) -> Floats:
    """Return for every voxel the distance to the nearest one whose label is not known.

    That is one beyond a cut, or beyond a face at which the image was cut out of its file.

    Parameters
    ----------
    labels : ndarray of int, shape (*spatial)
        As in `Target.make`.
    spacing : tuple of float
        Voxel size; the distance has its unit.
    cut : tuple of (bool, bool)
        Which faces are cuts.

    Returns
    -------
    ndarray of float32, shape (*spatial)
        Between voxel centers; infinite if nothing is hidden.
    """
    nearest = distance_to_cut(labels.shape, spacing, cut)
    hidden = unknown(labels)
    if hidden.any():
        seen = np.ascontiguousarray(~hidden).view(np.uint8)
        np.minimum(nearest, edt.edt(seen, anisotropy=spacing, black_border=False, parallel=1), out=nearest)
    return nearest


@dataclass(frozen=True)
class Pieces:
    """The connected parts of all objects; where objects touch, each has its own.

    Parameters
    ----------
    numbers : ndarray of uint, shape (*spatial)
        1, 2, ... for the pieces, 0 in the background and beyond the border of the image.
    boxes : list of tuple of slice
        The bounding boxes of pieces 1, 2, ...
    whole : ndarray of bool, shape (number of pieces + 1,)
        Whether nothing of the piece can lie beyond what is seen; the first entry is of the background.
    """

    numbers: NDArray[np.unsignedinteger]
    boxes: list[tuple[slice, ...]]
    whole: NDArray[np.bool_]


def pieces(
    labels: Labels, cut: Cut, neighbours: dict[int, Literal[4, 6]] | dict[int, Literal[8, 26]]
) -> Pieces:
    """Return the connected pieces of objects and which are seen whole.

    Objects end at the border of the image, as in the target of the whole image.

    Parameters
    ----------
    labels : ndarray of int, shape (*spatial)
        As in `Target.make`.
    cut : tuple of (bool, bool)
        Which faces are cuts.
    neighbours : dict
        `FACES` or `CORNERS`.
    """
    objects = np.ascontiguousarray(np.where(labels > 0, labels, labels.dtype.type(0)))
    numbers, count = cc3d.connected_components(objects, connectivity=neighbours[labels.ndim], return_N=True)
    boxes = cc3d.statistics(numbers)["bounding_boxes"][1:] if count else []
    whole = np.ones(int(count) + 1, bool)
    for axis, faces in enumerate(cut):
        for place, is_cut in zip((0, -1), faces, strict=True):
            if is_cut:
                whole[numbers.take(place, axis)] = False
    hidden = unknown(labels)
    if hidden.any():
        near = (
            edt.edt(np.ascontiguousarray(~hidden).view(np.uint8), parallel=1) < 2
        )  # neighbours and diagonals
        whole[numbers[near]] = False
    whole[0] = True
    return Pieces(numbers, list(boxes), whole)


def middle(piece: NDArray[np.bool_], spacing: tuple[float, ...]) -> tuple[NDArray[np.int64], ...]:
    """Return the voxel of a piece that is nearest to its centroid, as index arrays.

    Where the centroid lies between voxels these are several, so that no side is preferred; but of equally
    near voxels that lie apart, as in a ring, only the first.
    """
    places = np.argwhere(piece)
    # whole numbers of voxels, so that equal distances are equal
    away = ((places * len(places) - places.sum(axis=0)) * np.asarray(spacing)) ** 2
    distance = away.sum(axis=1)
    nearest = places[distance <= distance.min() * (1 + 1e-9)]
    if (np.ptp(nearest, axis=0) > 1).any():
        nearest = nearest[:1]
    return tuple(nearest.T)
