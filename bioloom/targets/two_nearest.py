"""The distances to the two objects that are nearest to a voxel."""

from __future__ import annotations

from math import ceil

import edt
import fastremap
import numpy as np

from bioloom.targets.base import Floats, Labels


def two_nearest(labels: Labels, spacing: tuple[float, ...], reach_um: float) -> tuple[Floats, Floats]:
    """Return for every voxel the distances to the nearest and to the second nearest object.

    Inside of an object the first is 0, and the second is the distance to the next object.

    Parameters
    ----------
    labels : ndarray of int, shape (*spatial)
        0 is the background; none is negative.
    spacing : tuple of float
        Voxel size in micrometres.
    reach_um : float
        How far to look, in micrometres: distances above it are too large or infinite.

    Returns
    -------
    first, second : ndarray of float32, shape (*spatial)
        Micrometres between voxel centers.
    """
    from scipy import ndimage

    first, second = (np.full(labels.shape, np.inf, np.float32) for _ in range(2))
    numbers, _ = fastremap.renumber(np.ascontiguousarray(labels), preserve_zero=True)
    grow = [ceil(reach_um / step) for step in spacing]
    for number, box in enumerate(ndimage.find_objects(numbers.astype(np.int32, copy=False)), start=1):
        near = tuple(
            slice(max(0, side.start - r), min(n, side.stop + r))
            for side, r, n in zip(box, grow, labels.shape, strict=True)
        )
        away = np.ascontiguousarray(numbers[near] != number).view(np.uint8)
        distance = edt.edt(away, anisotropy=spacing, black_border=False, parallel=1)
        np.minimum(second[near], np.maximum(first[near], distance), out=second[near])
        np.minimum(first[near], distance, out=first[near])
    return first, second
