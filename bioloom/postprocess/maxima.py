"""Local maxima of a map under a strict order, so that every plateau that is a maximum has exactly one."""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray

from bioloom.geometry.box import Box


def find_maxima(values: NDArray[np.floating], seen: Box, inner: Box, threshold: float) -> NDArray[np.int64]:
    r"""Return the voxels that lie above a threshold and above all their neighbours.

    Neighbours share a face, an edge or a corner. Of equal neighbours the first in raster order is higher; a
    plateau is therefore not lost, but may have several peaks if it is not convex.

    Parameters
    ----------
    values : ndarray of float, shape (\*seen.shape)
        The map.
    seen : Box
        Where it is known: `inner` and a voxel around it, as far as the image goes.
    inner : Box
        Where peaks are looked for.
    threshold : float
        In the units of the map.

    Returns
    -------
    ndarray of int64, shape (n, ndim)
        Voxels of the image, in raster order.
    """
    framed = np.pad(
        values,
        [
            (a - (b - 1), (c + 1) - d)
            for a, b, c, d in zip(seen.start, inner.start, inner.stop, seen.stop, strict=True)
        ],
        constant_values=-np.inf,
    )
    own = framed[(slice(1, -1),) * values.ndim]
    peak = own > threshold
    for step in product((-1, 0, 1), repeat=values.ndim):
        if any(step):
            other = framed[tuple(slice(1 + s, n - 1 + s) for s, n in zip(step, framed.shape, strict=True))]
            # the neighbour comes first in raster order if the step is negative
            peak &= own > other if step < (0,) * values.ndim else own >= other
    return np.argwhere(peak).astype(np.int64) + np.array(inner.start)
