"""Take an image and its labels through a spatial map.

Images are interpolated linearly. Labels take the nearest voxel by indexing, so any integer stays what it is.
Maps that only mirror or exchange axes copy voxels and interpolate nothing.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray

from bioloom.augment.spatial_map import SpatialMap
from bioloom.geometry.box import Box
from bioloom.targets.base import UNKNOWN, Cut


class Warp:
    """A map on one window of the output; where its voxels come from is worked out once for all arrays.

    All boxes are in voxels from the first voxel of the patch.

    Parameters
    ----------
    map_ : SpatialMap
        Where the voxels of the output come from.
    window : Box
        The part of the output that is asked for.
    """

    def __init__(self, map_: SpatialMap, window: Box) -> None:
        self.map = map_
        self.window = window

    @cached_property
    def coordinates(self) -> torch.Tensor:
        """Source coordinates of the window, float32 of shape ``(ndim, *window.shape)``."""
        return self.map.coordinates(self.window)

    def image(self, image: torch.Tensor, box: Box) -> torch.Tensor:
        """Return the augmented image inside `box`.

        Parameters
        ----------
        image : tensor of float32, shape (channel, *source.shape)
            The image inside ``source = map.source_box(box)``, mirrored where that leaves the image.
        box : Box
            A part of the window.

        Returns
        -------
        tensor of float32, shape (channel, *box.shape)
        """
        if self.map.exact:
            axes, mirrored = _exchange(self.map)
            return image.permute(0, *(axis + 1 for axis in axes)).flip([axis + 1 for axis in mirrored])
        source = self.map.source_box(box)
        inner = self.coordinates[(slice(None), *box.within(self.window).slices)]
        # grid_sample counts from -1 (first voxel) to 1 (last voxel) and wants the fastest axis first.
        column = (-1,) + (1,) * len(box.shape)
        start = torch.tensor(source.start, dtype=torch.float32).reshape(column)
        half = torch.tensor([max(1, side - 1) / 2 for side in source.shape]).reshape(column)
        grid = ((inner - start) / half).sub_(1).flip(0).movedim(0, -1)
        sampled = torch.nn.functional.grid_sample(
            image[None], grid[None], mode="bilinear", padding_mode="border", align_corners=True
        )
        return sampled[0]

    def labels(self, labels: NDArray[np.integer], inside: Box, cut: Cut = ()) -> NDArray[np.integer]:
        """Return the augmented labels of the window.

        Parameters
        ----------
        labels : ndarray of int, shape inside.shape
            Labels of a signed type, 0 and above.
        inside : Box
            The part of ``map.source_box(window)`` that lies in the image.
        cut : tuple of (bool, bool), one per axis, optional
            At which faces the image was cut out of its file; none by default.

        Returns
        -------
        ndarray of int, shape window.shape
            Voxels that come from beyond the image are ``-1 - L``, with L the label of the nearest voxel of
            the image, less `UNKNOWN` beyond a cut face (see `bioloom.targets.base`); just -1 if the window
            misses the image altogether.
        """
        if inside.empty:
            return np.full(self.window.shape, -1, labels.dtype)
        if self.map.exact:
            axes, mirrored = _exchange(self.map)
            padded = _pad(labels, inside, self.map.source_box(self.window), cut)
            return np.flip(padded.transpose(axes), tuple(mirrored))
        nearest = self.coordinates.add(0.5).floor_().int()
        flat = torch.zeros(self.window.shape, dtype=torch.int32)
        beyond = torch.zeros(self.window.shape, dtype=torch.bool)
        unknown = torch.zeros_like(beyond)
        faces = cut or ((False, False),) * len(inside.start)
        for index, start, side, (low, high) in zip(nearest, inside.start, inside.shape, faces, strict=True):
            index -= start
            clamped = index.clamp(0, side - 1)
            beyond |= clamped != index
            if low:
                unknown |= index < 0
            if high:
                unknown |= index >= side
            flat.mul_(side).add_(clamped)
        taken = labels.ravel().take(flat.numpy())
        return _marked(taken, beyond.numpy(), unknown.numpy())


def _exchange(map_: SpatialMap) -> tuple[list[int], list[int]]:
    """Return the source axis of every output axis, and the output axes to mirror after the exchange."""
    steps = map_.voxel_matrix
    axes = np.abs(steps).argmax(axis=0).tolist()
    return axes, [axis for axis, source in enumerate(axes) if steps[source, axis] < 0]


def _pad(labels: NDArray[np.integer], inside: Box, box: Box, cut: Cut) -> NDArray[np.integer]:
    """Continue labels of `inside` to all of `box`, see `Warp.labels`."""
    if inside == box:
        return labels
    ends = zip(box.start, inside.start, inside.stop, box.stop, strict=True)
    padded = np.pad(labels, [(a - start, stop - b) for start, a, b, stop in ends], mode="edge")
    beyond, unknown = np.ones(box.shape, bool), np.zeros(box.shape, bool)
    own = inside.within(box).slices
    beyond[own] = False
    for axis, (low, high) in enumerate(cut):
        lines = np.moveaxis(unknown, axis, 0)
        lines[: own[axis].start] |= low
        lines[own[axis].stop :] |= high
    return _marked(padded, beyond, unknown)


def _marked(
    labels: NDArray[np.integer], beyond: NDArray[np.bool_], unknown: NDArray[np.bool_]
) -> NDArray[np.integer]:
    """Mark the labels of voxels beyond the image, and those beyond a cut face of it."""
    marked = np.where(beyond, -1 - labels, labels)
    if unknown.any():
        marked[unknown] -= UNKNOWN
    return marked
