"""Training images: opened where they are used, and kept decoded while they fit in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from bioloom.geometry.box import Box
from bioloom.measure.centers import nearest_voxel
from bioloom.targets.facts import ObjectFacts
from bioloom.volumes.parts import cut_faces
from bioloom.volumes.points import POINTS
from bioloom.volumes.store import open_volume


class Readable(Protocol):
    """What training needs of an open store (`bioloom.volumes.store.Volume`)."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    spacing: tuple[float, ...]
    facts: dict[str, Any]

    def read(self, box: Box | None = None) -> NDArray[Any]:
        """Return ``(channel, *box.shape)``; the box lies inside."""

    def read_reflected(self, box: Box) -> NDArray[Any]:
        """Return ``(channel, *box.shape)``, mirrored where the box leaves the image."""


@dataclass(frozen=True)
class LabelledImage:
    """Where a training image lies and what is known about its objects.

    Parameters
    ----------
    image, labels : Path
        Canonical stores of the same spatial shape.
    facts : ObjectFacts
        Its objects, centers in voxels of the image.
    """

    image: Path
    labels: Path
    facts: ObjectFacts


class OpenImage:
    """One training image with its labels, open for reading.

    Parameters
    ----------
    image, labels : Readable
        Intensities ``(channel, *spatial)`` and labels ``(1, *spatial)``.
    facts : ObjectFacts
        The objects.
    floor : float or ndarray, shape (channel,)
        Smallest scale of the normalisation, in raw units: an almost empty image is not blown up.
    """

    def __init__(
        self, image: Readable, labels: Readable, facts: ObjectFacts, floor: float | NDArray[Any] = 0.0
    ) -> None:
        self.image = image
        self.labels = labels
        self.facts = facts
        self.spatial = tuple(image.shape[1:])
        self.spacing = tuple(float(s) for s in image.spacing)
        intensity = image.facts["intensity"]
        column = (-1,) + (1,) * len(self.spatial)
        self.offset = np.asarray(intensity["offset"], np.float32).reshape(column)
        scale = np.maximum(np.asarray(intensity["scale"], np.float64), floor)
        self.scale = scale.astype(np.float32).reshape(column)
        self.cut = cut_faces(image.facts, len(self.spatial))
        self._centers = facts.centroids.copy()
        # labels that were made of points have the objects' voxels nowhere else
        self._checked = np.full(len(facts.ids), POINTS in labels.facts)

    def centered(self, ids: NDArray[np.integer]) -> NDArray[np.float64]:
        """Return the centers of some objects, shape ``(n, ndim)``, each inside of its object.

        That is the centroid, or for an object around its centroid (a ring, a crescent) its nearest voxel.
        """
        rows = self.facts.rows(ids)
        for row in rows[~self._checked[rows]]:
            id_ = int(self.facts.ids[row])
            voxel = nearest_voxel(self._read_labels, self.spatial, self.spacing, id_, self._centers[row])
            if voxel is not None:
                self._centers[row] = voxel
            self._checked[row] = True
        return self._centers[rows]

    def _read_labels(self, box: Box) -> NDArray[Any]:
        return self.labels.read(box)[0]

    def centered_in(self, box: Box) -> NDArray[np.int64]:
        """Return the objects whose centroid lies in a box of the image."""
        voxels = np.floor(self.facts.centroids + 0.5)
        return self.facts.ids[((voxels >= box.start) & (voxels < box.stop)).all(axis=1)]


class ImageShelf(Mapping[str, OpenImage]):
    """Training images by id, opened when first asked for.

    Whole images are decoded and kept, with their labels, while all of them together fit the budget; what no
    longer fits is read from its store crop by crop. Nothing that is open is sent to another process.

    Parameters
    ----------
    images : mapping of str to LabelledImage
        The images.
    floor : float or ndarray, shape (channel,)
        See `OpenImage`.
    memory_bytes : int
        The budget for decoded images.
    opener : callable
        Opens a store.
    """

    def __init__(
        self,
        images: Mapping[str, LabelledImage],
        *,
        floor: float | NDArray[Any] = 0.0,
        memory_bytes: int = 2 << 30,
        opener: Callable[[Path], Readable] = open_volume,
    ) -> None:
        self._images = dict(images)
        self._floor = floor
        self._memory_bytes = memory_bytes
        self._opener = opener
        self._forget()

    def __getitem__(self, image: str) -> OpenImage:
        """Return the open image."""
        # Training and validation examples may be made by two threads at a time.
        with self._lock:
            if image not in self._open:
                self._open[image] = self._opened(self._images[image])
            return self._open[image]

    def __iter__(self) -> Iterator[str]:
        return iter(self._images)

    def __len__(self) -> int:
        return len(self._images)

    def __getstate__(self) -> dict[str, Any]:
        return {k: v for k, v in self.__dict__.items() if k not in ("_open", "_used", "_lock")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._forget()

    def _forget(self) -> None:
        self._open: dict[str, OpenImage] = {}
        self._used = 0
        self._lock = Lock()

    def _opened(self, files: LabelledImage) -> OpenImage:
        image, labels = self._opener(files.image), self._opener(files.labels)
        needed = sum(int(np.prod(v.shape)) * v.dtype.itemsize for v in (image, labels))
        if self._used + needed <= self._memory_bytes:
            self._used += needed
            image, labels = Decoded(image), Decoded(labels)
        return OpenImage(image, labels, files.facts, self._floor)


class Decoded:
    """A store that was read as a whole.

    Parameters
    ----------
    volume : Readable
        The store; all of it is read at once.
    """

    def __init__(self, volume: Readable) -> None:
        self.values = volume.read()
        self.shape = self.values.shape
        self.dtype = self.values.dtype
        self.spacing = volume.spacing
        self.facts = volume.facts

    def read(self, box: Box | None = None) -> NDArray[Any]:
        """Return ``(channel, *box.shape)``; the box lies inside."""
        return self.values if box is None else self.values[(slice(None), *box.slices)]

    def read_reflected(self, box: Box) -> NDArray[Any]:
        """Return ``(channel, *box.shape)``, mirrored as often as needed where the box leaves the image."""
        if Box.of(self.shape[1:]).contains(box):
            return self.read(box)
        values = self.values
        for axis, line in enumerate(zip(box.start, box.stop, self.shape[1:], strict=True), start=1):
            values = values.take(mirrored(*line), axis=axis)
        return values


def mirrored(start: int, stop: int, length: int) -> NDArray[np.int64]:
    """Return the voxels of an axis at ``start <= x < stop``, mirrored at its ends without repeating them."""
    period = max(2 * (length - 1), 1)
    folded = np.arange(start, stop) % period
    return np.minimum(folded, period - folded) if length > 1 else np.zeros_like(folded)
