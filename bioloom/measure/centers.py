"""The centers of objects, each inside of its object."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bioloom.errors import BioLoomError
from bioloom.geometry.box import Box

Reader = Callable[[Box], NDArray[Any]]
"""Returns the labels of a box inside the image, ``(*box.shape)``."""


def nearest_voxel(
    read: Reader, shape: tuple[int, ...], spacing: Sequence[float], id_: int, center: NDArray[np.float64]
) -> NDArray[np.float64] | None:
    """Return the voxel of an object nearest to `center`, None if the center lies in the object.

    Parameters
    ----------
    read : callable
        Reads the labels.
    shape : tuple of int
        Spatial shape of the image.
    spacing : sequence of float
        Voxel size in micrometres.
    id_ : int
        The label of the object.
    center : ndarray of float64, shape (ndim,)
        In voxels.

    Raises
    ------
    BioLoomError
        If there is no such object.
    """
    whole = Box.of(shape)
    voxel = tuple(int(np.clip(np.floor(c + 0.5), 0, n - 1)) for c, n in zip(center, shape, strict=True))
    box = Box(voxel, tuple(v + 1 for v in voxel))
    reach_um = 0.0
    while True:
        found = np.argwhere(read(box) == id_) + box.start
        if len(found) and reach_um == 0.0:
            return None
        if len(found):
            distance = np.linalg.norm((found - center) * np.asarray(spacing), axis=1)
            # Anything nearer than the box reaches is in the box; what is farther may have a rival beyond.
            if distance.min() <= reach_um or box == whole:
                return found[distance.argmin()].astype(np.float64)
        if box == whole:
            raise BioLoomError(
                f"label {id_} of the object table is not in the labels", fix="measure the labels again"
            )
        reach_um = max(2 * reach_um, 4 * min(spacing))
        reach = tuple(int(np.ceil(reach_um / s)) + 1 for s in spacing)
        box = Box(voxel, tuple(v + 1 for v in voxel)).grow(reach).clip(whole)
