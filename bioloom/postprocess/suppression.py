"""Of points that lie too near to each other, the one of the highest score stays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def suppress(
    places: NDArray[np.float64], scores: NDArray[np.float64], radius_um: float, spacing: Sequence[float]
) -> NDArray[np.int64]:
    """Return which points stay: from the highest score down, those with none that stays within the radius.

    The order is total: by score, then by coordinates. So the result depends neither on the order in which
    the points are given nor on how the image was cut. Neighbours are asked for point by point (a k-d tree),
    and only around points that stay.

    Parameters
    ----------
    places : ndarray of float64, shape (n, ndim)
        Points in voxels, no two the same.
    scores : ndarray of float64, shape (n,)
        High for sure ones.
    radius_um : float
        In micrometres; 0 keeps all.
    spacing : sequence of float
        Voxel size in micrometres.

    Returns
    -------
    ndarray of int64, shape (k,)
        Indices of the points that stay, in the order above.
    """
    # Imported late: whoever only checks options needs no scipy.
    from scipy.spatial import cKDTree

    order = np.lexsort((*places.T[::-1], -scores))
    if radius_um <= 0 or len(order) < 2:
        return order
    um = places[order] * np.asarray(spacing, np.float64)
    tree = cKDTree(um)
    stays = np.ones(len(order), bool)
    for index in range(len(order)):
        if stays[index]:
            # a hair more, and then the exact comparison: the tree may round the other way
            near = np.array(tree.query_ball_point(um[index], radius_um * (1 + 1e-9)))
            near = near[near > index]
            stays[near[((um[near] - um[index]) ** 2).sum(axis=1) < radius_um**2]] = False
    return order[stays]
