"""Seeded watershed in a window, with a certificate of what the rest of the image could change.

**The label of a voxel.** Let every voxel have a rank of its own, seed voxels below all others. A path costs
the largest rank on it, and the level of a voxel is the cost of its cheapest path from a seed voxel. Meyer's
flooding visits voxels by increasing level, and a voxel takes the label of the neighbour visited first, the
one with the lowest level. Two neighbours of the same level share the voxel whose rank it is: both lie
beyond it, were reached through it, and carry its label. So labels follow from ranks alone, not from the
order in which a queue happens to work.

**The certificate.** In a window, every masked voxel on a face inside the image is an additional seed of the
label "unknown", at its own rank. Then a voxel that gets a known label has its true label:

- The level in the window is at most the true level: a cheapest true path either stays in the window, or
  enters it for the last time through a voxel of such a face, where a path from "unknown" begins.
- By induction over the visits, a known level is the true level. Let a voxel take a known label from its
  neighbour n, whose level and label are true. It is not on an open face (or it were unknown, or a seed,
  whose label is true anyway), so all its neighbours are in the window. None has a lower level in the
  window than n, hence none has a lower true level. So n is its first neighbour in the whole image as well.

The converse does not hold: "unknown" means that the label may depend on what lies outside. Whoever finds an
unknown voxel where a label is needed looks again with a larger window; the whole image has no open face.
"""

from __future__ import annotations

import fastremap
import numpy as np
from numpy.typing import NDArray

from bioloom.geometry.box import Box


def flood(
    rank: NDArray[np.int64],
    mask: NDArray[np.bool_],
    seeds: NDArray[np.uint32],
    open_faces: NDArray[np.bool_] | None,
    connectivity: int,
) -> tuple[NDArray[np.uint32], NDArray[np.bool_]]:
    r"""Flood a mask from seeds in the order of ranks.

    Parameters
    ----------
    rank : ndarray of int64, shape (\*spatial)
        Distinct within the mask, not negative; low ranks are flooded first.
    mask : ndarray of bool, shape (\*spatial)
        Where labels may go.
    seeds : ndarray of uint32, shape (\*spatial)
        The labels to begin with, 0 elsewhere; only inside the mask.
    open_faces : ndarray of bool, shape (\*spatial), or None
        Voxels with neighbours that are not seen; None if there are none.
    connectivity : int
        1 for shared faces, 2 also edges, 3 also corners.

    Returns
    -------
    labels : ndarray of uint32, shape (\*spatial)
        0 outside the mask, where no seed is reached, and where the label is unknown.
    unknown : ndarray of bool, shape (\*spatial)
        Voxels whose label may depend on what is not seen.
    """
    from scipy.ndimage import binary_erosion, generate_binary_structure
    from skimage.segmentation import watershed

    compact, mapping = fastremap.renumber(seeds, in_place=False)
    markers = compact.astype(np.int32)
    ids = np.zeros(len(mapping) + 2, np.uint32)
    for old, new in mapping.items():
        ids[int(new)] = old
    nobody = ids.size - 1
    if open_faces is not None:
        markers[open_faces & mask & (markers == 0)] = nobody
    seeds_first = np.where(seeds > 0, rank, rank + (1 + rank.max()))
    # Seed voxels amid seed voxels have no one to pass a label to: without them the queue is a third faster.
    around = generate_binary_structure(mask.ndim, connectivity)
    inner = binary_erosion(seeds > 0, around, border_value=1)
    found = watershed(seeds_first, np.where(inner, 0, markers), connectivity, mask=mask & ~inner)
    found = np.where(inner, markers, found)
    return np.take(ids, found), found == nobody


def find_open_faces(window: Box, image: Box) -> NDArray[np.bool_] | None:
    """Return which voxels of `window` have neighbours in the image outside it, or None if none has."""
    if window == image:
        return None
    inner = np.zeros(window.shape, bool)
    start = tuple(a + (a > first) for a, first in zip(window.start, image.start, strict=True))
    stop = tuple(b - (b < last) for b, last in zip(window.stop, image.stop, strict=True))
    inner[Box(start, stop).clip(window).within(window).slices] = True
    return ~inner
