"""From a row of the patch table to a training example.

::

    +---------------------------+   window    labels are read for the patch and a margin, so that its target
    |  margin                   |             equals that of the whole image
    |     +---------------+     |
    |     |     patch     |     |   patch     image and target of the example
    |     +---------------+     |
    |                           |             both are taken through one map of coordinates; the stores are
    +---------------------------+             read where that map points
"""

from __future__ import annotations

from collections.abc import Mapping

import fastremap
import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from bioloom.augment.compose import Augmenter
from bioloom.augment.frame import Frame
from bioloom.augment.sample import Warp
from bioloom.augment.spatial_map import SpatialMap
from bioloom.errors import BioLoomError
from bioloom.geometry.box import Box
from bioloom.targets.base import outer_faces
from bioloom.targets.facts import ObjectFacts
from bioloom.targets.stack import TargetStack
from bioloom.train.images import OpenImage
from bioloom.train.patches import PatchRows

Example = dict[str, torch.Tensor]
"""``image`` (channel, *patch), ``target`` and ``weight`` (target channel, *patch), all float32."""


class CropSource:
    """Training and validation examples.

    An example depends on the seed, the step and its number in the batch, never on which process makes it or
    what was made before.

    Parameters
    ----------
    rows, validation : DataFrame
        Patch tables (see `bioloom.train.patches.patch_table`).
    images : mapping of str to OpenImage
        The images of all rows, such as an `ImageShelf`.
    targets : TargetStack
        What the network learns.
    augmenter : Augmenter
        Changes training examples.
    patch : tuple of int
        Sides of a patch in voxels.
    median_radius_um : float
        Median radius of the training objects in micrometres: how much context targets get.
    seed : int
        Seed of the training.
    foreground_share : float
        Share of the examples that are drawn around patches with objects, 0 to 1.
    ignore : int, optional
        The class whose voxels have weight 0 in every target.
    """

    def __init__(
        self,
        rows: pd.DataFrame,
        validation: pd.DataFrame,
        images: Mapping[str, OpenImage],
        *,
        targets: TargetStack,
        augmenter: Augmenter,
        patch: tuple[int, ...],
        median_radius_um: float,
        seed: int = 0,
        foreground_share: float = 0.5,
        ignore: int | None = None,
    ) -> None:
        if len(rows) == 0:
            raise BioLoomError("there is no training patch", fix="check data.train: it found no image")
        self.rows = PatchRows(rows, patch)
        self.validation_rows = PatchRows(validation, patch)
        self.images = images
        self.targets = targets
        self.augmenter = augmenter
        self.patch = patch
        self.median_radius_um = median_radius_um
        self.seed = seed
        self.foreground_share = foreground_share
        self.ignore = ignore

    def example(self, step: int, item: int) -> Example:
        """Return training example `item` of `step`: drawn from the table, jittered and augmented."""
        draws, changes = generators(self.seed, step, item)
        row = self.rows.draw(self.foreground_share, draws)
        image = self.images[self.rows.images[row]]
        start = self.rows.jitter(self.rows.start(row), image.spatial, draws)
        frame = Frame(self.patch, image.spacing)
        crop = self._crop(image, start, self.augmenter.map(frame, changes))
        return {**crop, "image": self.augmenter.apply(crop["image"], frame, changes).contiguous()}

    def validation_example(self, row: int) -> Example:
        """Return the patch of one row of the validation table, as it is."""
        image = self.images[self.validation_rows.images[row]]
        frame = Frame(self.patch, image.spacing)
        return self._crop(image, self.validation_rows.start(row), SpatialMap.identity(frame))

    def _crop(self, image: OpenImage, start: tuple[int, ...], map_: SpatialMap) -> Example:
        patch = Box.of(self.patch)
        window = patch.grow(self.targets.margin(self.median_radius_um, image.spacing))
        warp = Warp(map_, window)
        labels, facts = read_labels(image, start, warp, centers=self.targets.uses_centers)
        target, weight = self.targets.make(labels, facts, image.spacing, outer_faces(labels))
        if self.ignore is not None and facts.classes is not None:
            ignored = facts.ids[facts.classes == str(self.ignore)]
            weight[:, (labels == 0) if self.ignore == 0 else np.isin(labels, ignored)] = 0
        inner = (slice(None), *patch.within(window).slices)
        return {
            "image": read_patch(image, start, warp, patch),
            "target": torch.from_numpy(np.ascontiguousarray(target[inner])),
            "weight": torch.from_numpy(np.ascontiguousarray(weight[inner])),
        }


def generators(seed: int, step: int, item: int) -> tuple[np.random.Generator, torch.Generator]:
    """Return the generators of one example: for its place, and for its augmentation."""
    place, change = np.random.SeedSequence((seed, step, item)).spawn(2)
    augmentation = torch.Generator().manual_seed(int(change.generate_state(1, np.uint64)[0]))
    return np.random.default_rng(place), augmentation


def read_patch(image: OpenImage, start: tuple[int, ...], warp: Warp, patch: Box) -> torch.Tensor:
    """Return the warped, normalised patch at `start`, float32 of shape ``(channel, *patch.shape)``."""
    source = warp.map.source_box(patch)
    raw = np.ascontiguousarray(image.image.read_reflected(source.shift(start)), np.float32)
    warped = warp.image(torch.from_numpy(raw), patch)
    normalised = (warped - torch.from_numpy(image.offset)) / torch.from_numpy(image.scale)
    return normalised.contiguous()


def read_labels(
    image: OpenImage, start: tuple[int, ...], warp: Warp, *, centers: bool
) -> tuple[NDArray[np.integer], ObjectFacts]:
    """Return the warped labels of a window around the patch at `start`, and the facts of their objects.

    Parameters
    ----------
    image : OpenImage
        The image.
    start : tuple of int
        First voxel of the patch in the image.
    warp : Warp
        The map and the window.
    centers : bool
        Whether the objects' centers are needed; if not, those that are returned mean nothing.

    Returns
    -------
    labels : ndarray of int32, shape window.shape
        Numbered 1, 2, ... anew; negative beyond the image (see `bioloom.targets.base`).
    facts : ObjectFacts
        The objects under the new numbers: centers in voxels of the window, distances magnified. With
        `centers` also objects of which the window shows no voxel but may show what lies around the center.
    """
    whole = Box.of(image.spatial).shift(tuple(-a for a in start))
    inside = warp.map.source_box(warp.window).clip(whole)
    if inside.empty:
        labels, ids = np.zeros(inside.shape, np.int32), np.zeros(0, np.int64)
    else:
        labels, ids = renumber(image.labels.read(inside.shift(start))[0])
    if centers:
        ids = np.concatenate([ids, np.setdiff1d(image.centered_in(inside.shift(start)), ids)])
    facts = image.facts.take(ids)
    places = facts.centroids
    if centers:
        places = warp.map.inverse(image.centered(ids) - start) - warp.window.start
    return warp.labels(labels, inside, image.cut), facts.moved(places, warp.map.magnification)


def renumber(labels: NDArray[np.integer]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Return labels as 1, 2, ... in the order in which they appear, and the former labels in that order."""
    numbered, former = fastremap.renumber(np.ascontiguousarray(labels), preserve_zero=True)
    ids = sorted((new, old) for old, new in former.items() if new != 0)
    return numbered.astype(np.int32), np.array([old for _, old in ids], np.int64)
