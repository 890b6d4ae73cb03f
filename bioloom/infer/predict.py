"""One chunk: predict its patches and add them up."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from bioloom.geometry.box import Box
from bioloom.geometry.grid import ChunkRow, PatchGrid, indices
from bioloom.geometry.window import patch_window
from bioloom.infer.fixed_point import check_range, quantize
from bioloom.progress import Progress, SilentProgress


class Patches(Protocol):
    """What prediction needs of an image."""

    def read_reflected(self, box: Box) -> NDArray[np.generic]:
        """Return ``(channel, *box.shape)``, mirrored where the box leaves the image."""


@dataclass(frozen=True)
class Picture:
    """One image ready to be predicted.

    Parameters
    ----------
    volume : Patches
        Raw intensities.
    grid : PatchGrid
        Its patches.
    offset, scale : ndarray of float32, shape (channel,)
        Normalised values are ``(raw - offset) / scale``.
    """

    volume: Patches
    grid: PatchGrid
    offset: NDArray[np.float32]
    scale: NDArray[np.float32]

    def patch(self, index: tuple[int, ...]) -> NDArray[np.float32]:
        """Return one normalised patch, shape ``(channel, *grid.size)``."""
        raw = self.volume.read_reflected(self.grid.patch(index)).astype(np.float32)
        column = (-1,) + (1,) * (raw.ndim - 1)
        return (raw - self.offset.reshape(column)) / self.scale.reshape(column)


@dataclass(frozen=True)
class Predictor:
    """A network in evaluation mode and how it is run.

    Parameters
    ----------
    forward : callable
        Maps a batch ``(n, channel, *size)`` of float32 on the device to activated outputs of the same grid.
    device : torch.device
        Where the network lives.
    batch_size : int
        Patches per batch. Every batch is filled up to this size, because the last bits of an output can
        depend on the size of its batch.
    """

    forward: Callable[[torch.Tensor], torch.Tensor]
    device: torch.device
    batch_size: int

    def __call__(self, patches: Sequence[NDArray[np.float32]]) -> NDArray[np.int32]:
        """Return the outputs of up to `batch_size` patches in fixed point, ``(n, target, *size)``."""
        filled = [*patches, *[patches[-1]] * (self.batch_size - len(patches))]
        batch = torch.from_numpy(np.stack(filled)).to(self.device)
        with torch.inference_mode():
            return quantize(self.forward(batch))[: len(patches)].cpu().numpy()


def predict_chunk(
    rows: Sequence[ChunkRow],
    pictures: Mapping[str, Picture],
    predictor: Predictor,
    *,
    progress: Progress | None = None,
) -> dict[str, NDArray[np.int32]]:
    """Predict every patch of a chunk once and add them up, weighted.

    Returns
    -------
    dict of str to ndarray of int32
        For every row its image id and the sums over the row's box, ``(target, *box.shape)``.
    """
    for row in rows:
        check_range(pictures[row.image].grid)
    jobs = [(row, index) for row in rows for index in indices(row.patches)]
    sums: dict[str, NDArray[np.int32]] = {}
    progress = progress or SilentProgress()
    progress.start(len(jobs))
    for batch, patches in _read_ahead(jobs, pictures, predictor.batch_size):
        for (row, index), values in zip(batch, predictor(patches), strict=True):
            if row.image not in sums:
                sums[row.image] = np.zeros((len(values), *row.box.shape), np.int32)
            _add(sums[row.image], row.box, values, pictures[row.image].grid, index)
            progress.advance()
    progress.finish()
    return sums


Job = tuple[ChunkRow, tuple[int, ...]]


def _read_ahead(
    jobs: Sequence[Job], pictures: Mapping[str, Picture], size: int
) -> Iterator[tuple[list[Job], list[NDArray[np.float32]]]]:
    """Yield batches of patches, the next one being read while the caller works on the current one."""

    def read(batch: list[Job]) -> list[NDArray[np.float32]]:
        return [pictures[row.image].patch(index) for row, index in batch]

    remaining = iter(jobs)
    batches = iter(lambda: list(islice(remaining, size)), [])
    with ThreadPoolExecutor(1) as reader:
        current = next(batches, None)
        waiting = reader.submit(read, current) if current else None
        while current and waiting:
            patches = waiting.result()
            following = next(batches, None)
            waiting = reader.submit(read, following) if following else None
            yield current, patches
            current = following


def _add(
    sums: NDArray[np.int32],
    box: Box,
    values: NDArray[np.int32],
    grid: PatchGrid,
    index: tuple[int, ...],
) -> None:
    patch = grid.patch(index)
    inside = patch.clip(box)
    source = (slice(None), *inside.within(patch).slices)
    window = patch_window(grid, index)[source[1:]]
    sums[(slice(None), *inside.within(box).slices)] += values[source] * window
