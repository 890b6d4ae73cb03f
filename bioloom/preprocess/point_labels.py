"""Labels that are a table of points, as an image in which every point is a voxel with its own number."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bioloom.errors import BioLoomError
from bioloom.geometry.box import Box
from bioloom.volumes.formats import read_foreign
from bioloom.volumes.formats.foreign import Foreign
from bioloom.volumes.points import SUFFIX, Points, read_annotations


@dataclass(frozen=True, eq=False)
class PointVoxels:
    """Points as an array that is asked for a part of itself: point n is the number n + 1.

    Parameters
    ----------
    points : Points
        In voxels of the array.
    shape : tuple of int
        Sides of the array.
    """

    points: Points
    shape: tuple[int, ...]

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the numbers."""
        return np.dtype(np.uint32)

    def __getitem__(self, index: Any) -> NDArray[np.uint32]:
        """Return a part; `index` has a slice for every axis. Of two points in a voxel, the later is seen."""
        spans = [part.indices(side) for part, side in zip(index, self.shape, strict=True)]
        box = Box(tuple(span[0] for span in spans), tuple(span[1] for span in spans))
        voxels = self.points.voxels()
        inside = np.flatnonzero(((voxels >= box.start) & (voxels < box.stop)).all(axis=1))
        part = np.zeros(box.shape, np.uint32)
        part[tuple((voxels[inside] - box.start).T)] = inside + 1
        return part


def open_labels(path: Path, image: Foreign | None, axes: str | None, truth: str) -> Foreign:
    """Open the labels of an image, a label image or a table of points.

    Parameters
    ----------
    path : Path
        The file.
    image : Foreign, optional
        Its image; a table of points needs its shape.
    axes : str, optional
        The axes of the files, if they are not to be asked.
    truth : str
        What labels tell, see `bioloom.tasks.record.Task`.

    Raises
    ------
    BioLoomError
        If a table of points is given where labels tell something else, or it does not suit the image.
    """
    if path.suffix.lower() != SUFFIX:
        return read_foreign(path, axes, labels=True)
    if truth != "points":
        raise BioLoomError(
            f"the labels {path} are a table",
            allowed="label images, for a task that does not learn points",
            fix="give label images, or set task: detection",
        )
    if image is None:
        raise BioLoomError(f"the points {path} belong to an image that cannot be read")
    return of_points(path, read_annotations(path, image.spatial), image.spatial)


def of_points(path: Path, points: Points, shape: tuple[int, ...]) -> Foreign:
    """Return points as the labels of an image of a spatial shape."""
    return Foreign(path, PointVoxels(points, shape), "ZYX"[-len(shape) :])


def points_of(labels: Foreign) -> Points | None:
    """Return the points of the part of a file that `labels` are, in its voxels; None if they are an image."""
    if not isinstance(labels.source, PointVoxels):
        return None
    return labels.source.points.inside(labels.region or Box.of(labels.source.shape))


def renumbered(labels: Foreign) -> Foreign:
    """Return points of a part of a file numbered from 1, in the order of `points_of`; images as they are."""
    points = points_of(labels)
    return labels if points is None else of_points(labels.path, points, labels.spatial)
