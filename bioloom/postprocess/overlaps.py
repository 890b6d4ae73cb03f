"""Of overlapping shapes the best one stays: once for the whole image, in a strict order."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bioloom.geometry.box import Box
from bioloom.postprocess.star_shapes import Cones, half_sides


def in_order(score: NDArray[np.floating], centers: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the order of candidates: high scores first, equal ones by their coordinates."""
    return np.lexsort((*centers.T[::-1], -score))


class Overlaps:
    """How much star-convex shapes share, counted in voxels.

    Parameters
    ----------
    centers : ndarray of int64, shape (n, ndim)
        Voxels.
    radii : ndarray of float32, shape (n, rays)
        In micrometres.
    spacing : sequence of float
        Voxel size in micrometres.
    cones : Cones
        A table that reaches as far as the largest shape.
    """

    def __init__(
        self,
        centers: NDArray[np.int64],
        radii: NDArray[np.float32],
        spacing: Sequence[float],
        cones: Cones,
    ) -> None:
        self.centers, self.radii, self.cones = centers, radii, cones
        self._half = half_sides(radii, spacing)
        self._size = np.full(len(centers), -1, np.int64)

    def box(self, shape: int) -> Box:
        """Return the voxels that a shape may reach."""
        center, half = self.centers[shape], self._half[shape]
        return Box(tuple((center - half).tolist()), tuple((center + half + 1).tolist()))

    def mask(self, shape: int, box: Box) -> NDArray[np.bool_]:
        """Return which voxels of a box, all of which the shape may reach, are in the shape."""
        return self.cones.inside(self.radii[shape], box.shift(tuple((-self.centers[shape]).tolist())))

    def size(self, shape: int) -> int:
        """Return the number of voxels in a shape."""
        if self._size[shape] < 0:
            self._size[shape] = np.count_nonzero(self.mask(shape, self.box(shape)))
        return int(self._size[shape])

    def overlap(self, one: int, two: int, mask: NDArray[np.bool_]) -> float:
        """Return the shared voxels by those of the smaller shape; `mask` is that of the first in its box."""
        box = self.box(one)
        common = box.clip(self.box(two))
        if common.empty:
            return 0.0
        shared = np.count_nonzero(mask[common.within(box).slices] & self.mask(two, common))
        return shared / min(self.size(one), self.size(two))


def suppress(overlaps: Overlaps, spacing: Sequence[float], max_overlap: float) -> NDArray[np.int64]:
    """Return which candidates stay; the candidates stand in their order, see :func:`in_order`.

    A candidate is dropped if a better one that stays shares more than `max_overlap` with it, of the voxels
    of the smaller one. Only candidates that can touch are compared, found through a tree.
    """
    from scipy.spatial import cKDTree

    places = overlaps.centers * np.array(spacing)
    reach = overlaps.radii.max(axis=1, initial=0).astype(np.float64)
    alive = np.ones(len(places), bool)
    tree, largest, kept = cKDTree(places), float(reach.max(initial=0)), []
    for best in range(len(places)):
        if not alive[best]:
            continue
        kept.append(best)
        near = np.array(tree.query_ball_point(places[best], reach[best] + largest), np.int64)
        near = np.sort(near[(near > best) & alive[near]])
        apart = np.linalg.norm(places[near] - places[best], axis=1)
        mask = overlaps.mask(best, overlaps.box(best))
        for other in near[apart <= reach[best] + reach[near]].tolist():
            if overlaps.overlap(best, other, mask) > max_overlap:
                alive[other] = False
    return np.array(kept, np.int64)
