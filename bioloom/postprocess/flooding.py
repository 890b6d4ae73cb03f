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

**What needs no flood.** In a connected part of the mask that only one label can reach, every voxel has
that label, whatever the ranks (:func:`settle`). Where objects lie apart, this is most of an image.
"""

from __future__ import annotations

import fastremap
import numpy as np
from numpy.typing import NDArray

from bioloom.geometry.box import Box
from bioloom.postprocess.components import label_components


def settle(
    mask: NDArray[np.bool_],
    seeds: NDArray[np.uint32],
    open_faces: NDArray[np.bool_] | None,
    connectivity: int,
) -> tuple[NDArray[np.uint32], NDArray[np.bool_], NDArray[np.bool_]]:
    r"""Label the parts of a mask in which there is nothing to decide, whatever the order of the voxels.

    These are connected parts with the seeds of one label, or with none, that do not reach an open face; and
    parts that reach one and hold no seed, whose label is unknown. What is left is for :func:`flood`.

    Parameters
    ----------
    mask, seeds, open_faces, connectivity
        See :func:`flood`.

    Returns
    -------
    labels : ndarray of uint32, shape (\*spatial)
        The labels of what is decided, 0 elsewhere.
    unknown : ndarray of bool, shape (\*spatial)
        The parts whose label depends on what is not seen.
    left : ndarray of bool, shape (\*spatial)
        The parts of the mask that are left.
    """
    parts, count = label_components(mask, connectivity)
    label = np.zeros(count + 1, np.uint32)
    several = np.zeros(count + 1, bool)
    reaches = np.zeros(count + 1, bool)
    seeded = seeds > 0
    part, seed = parts[seeded], seeds[seeded]
    label[part] = seed  # of several seeds, any one
    several[part[label[part] != seed]] = True
    if open_faces is not None:
        reaches[parts[open_faces]] = True
        reaches[0] = False
    several |= reaches & (label > 0)
    label[several] = 0
    return np.take(label, parts), np.take(reaches & ~several, parts), np.take(several, parts)


def flood(
    rank: NDArray[np.integer],
    mask: NDArray[np.bool_],
    seeds: NDArray[np.uint32],
    open_faces: NDArray[np.bool_] | None,
    connectivity: int,
) -> tuple[NDArray[np.uint32], NDArray[np.bool_]]:
    r"""Flood a mask from seeds in the order of ranks.

    Parameters
    ----------
    rank : ndarray of int, shape (\*spatial)
        Distinct within the mask, not negative; low ranks are flooded first.
    mask : ndarray of bool, shape (\*spatial)
        Where labels may go.
    seeds : ndarray of uint32, shape (\*spatial)
        The labels to begin with, 0 elsewhere; those outside the mask do not count.
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

    markers, ids = _markers(np.where(mask, seeds, 0))
    seeded, nobody = markers > 0, ids.size - 1
    if open_faces is not None:
        markers[open_faces & mask & ~seeded] = nobody
    largest = int(rank.max(initial=0))
    wide = np.int32 if largest < 2**30 else np.int64
    seeds_first = np.add(rank, np.where(seeded, wide(0), wide(largest + 1)), dtype=wide)
    # Seed voxels amid seed voxels have no one to pass a label to: without them the queue is a third faster.
    inner = binary_erosion(seeded, generate_binary_structure(mask.ndim, connectivity), border_value=1)
    amid = markers[inner]
    markers[inner] = 0
    found = watershed(seeds_first, markers, connectivity, mask=mask & ~inner)
    found[inner] = amid
    return np.take(ids, found), found == nobody


def _markers(seeds: NDArray[np.uint32]) -> tuple[NDArray[np.int32], NDArray[np.uint32]]:
    """Return seeds by small numbers, and the label of each; the last number is free, its label 0."""
    compact, mapping = fastremap.renumber(seeds, in_place=True)
    ids = np.zeros(len(mapping) + 2, np.uint32)
    for old, new in mapping.items():
        ids[int(new)] = old
    return compact.astype(np.int32), ids


def find_open_faces(window: Box, image: Box) -> NDArray[np.bool_] | None:
    """Return which voxels of `window` have neighbours in the image outside it, or None if none has."""
    if window == image:
        return None
    inner = np.zeros(window.shape, bool)
    start = tuple(a + (a > first) for a, first in zip(window.start, image.start, strict=True))
    stop = tuple(b - (b < last) for b, last in zip(window.stop, image.stop, strict=True))
    inner[Box(start, stop).clip(window).within(window).slices] = True
    return ~inner
