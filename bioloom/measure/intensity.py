"""Intensities of objects: sums, extremes and spreads of the channels, from blocks that add up.

Means and extremes of integer images are exact, whatever the blocks. Spreads are kept as sums of squared
deviations from the mean of the block, which are never negative and lose nothing by subtraction; two blocks
add up to::

    spread = spread a + spread b + (mean a - mean b)^2 * voxels a * voxels b / (voxels a + voxels b)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from bioloom.errors import BioLoomError
from bioloom.measure.runs import ObjectRuns, group


@dataclass(frozen=True)
class Intensities:
    """Sums of n objects with C channels, sorted by id.

    Parameters
    ----------
    ids, voxels : (n,) int64
    total : (n, C) float64
        Sums of the values; exact for integer images, otherwise up to rounding.
    lowest, highest : (n, C) float64, or (n, 0) when only totals were asked for
        The extreme values.
    spread : (n, C) float64, or (n, 0)
        Sums of the squared deviations from the mean.

    References
    ----------
    Chan, Golub and LeVeque, Updating formulae and a pairwise algorithm for computing sample variances,
    COMPSTAT 1982.
    """

    ids: np.ndarray
    voxels: np.ndarray
    total: np.ndarray
    lowest: np.ndarray
    highest: np.ndarray
    spread: np.ndarray

    @property
    def mean(self) -> np.ndarray:
        """Mean of each object and channel, (n, C)."""
        return np.asarray(self.total / self.voxels[:, None])

    @property
    def std(self) -> np.ndarray:
        """Standard deviation of each object and channel, that of all its voxels (``ddof=0``), (n, C)."""
        return np.sqrt(self.spread / self.voxels[:, None])


def accumulate(runs: ObjectRuns, image: np.ndarray | None, *, details: bool) -> Intensities:
    """Return the intensities of the objects of one block.

    Parameters
    ----------
    runs : ObjectRuns
        Of the labels of the block. Blocks that are added up must not overlap.
    image : (C, *spatial), optional
        The values; without it there are no channels.
    details : bool
        Whether extremes and spreads are wanted, too.

    Raises
    ------
    BioLoomError
        For an image of another shape.
    """
    image = np.zeros((0, *runs.shape)) if image is None else image
    if image.shape[1:] != runs.shape:
        raise BioLoomError(f"an image of shape {image.shape} for labels of shape {runs.shape}")
    channels = [_of_runs(runs, channel, details) for channel in image]
    total, lowest, highest, spread = (
        np.stack(columns, axis=1) if columns else np.zeros((len(runs.ids), 0))
        for columns in ([channel[i] for channel in channels if i < len(channel)] for i in range(4))
    )
    return _grouped(Intensities(runs.ids, runs.lengths, total, lowest, highest, spread))


def merge(parts: Sequence[Intensities]) -> Intensities:
    """Add up the intensities of one or more blocks that do not overlap, all with the same channels."""
    columns = (np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Intensities))
    return _grouped(Intensities(*columns))


def _of_runs(runs: ObjectRuns, channel: np.ndarray, details: bool) -> list[np.ndarray]:
    """Total, and extremes and spread if asked for, of the values of each run."""
    if not len(runs.ids):
        return [np.zeros(0)] * (4 if details else 1)
    values, offsets = runs.values(channel).astype(np.float64), runs.offsets
    total = np.add.reduceat(values, offsets)
    if not details:
        return [total]
    lowest, highest = np.minimum.reduceat(values, offsets), np.maximum.reduceat(values, offsets)
    with np.errstate(invalid="ignore"):  # an object with an infinite value has no spread
        values -= np.repeat(total / runs.lengths, runs.lengths)
    return [total, lowest, highest, np.add.reduceat(values * values, offsets)]


def _grouped(rows: Intensities) -> Intensities:
    """Add up the rows of each id."""
    order, first = group(rows.ids)
    if not len(order):
        return rows
    parts, total = rows.voxels[order], rows.total[order]
    voxels, together = np.add.reduceat(parts, first), np.add.reduceat(total, first, axis=0)
    spread = rows.spread[order]
    if spread.shape[1]:
        number = np.diff(first, append=len(order))
        with np.errstate(invalid="ignore"):
            away = total / parts[:, None] - np.repeat(together / voxels[:, None], number, axis=0)
        spread = spread + parts[:, None] * away**2
    return Intensities(
        ids=rows.ids[order][first],
        voxels=voxels,
        total=together,
        lowest=np.minimum.reduceat(rows.lowest[order], first, axis=0),
        highest=np.maximum.reduceat(rows.highest[order], first, axis=0),
        spread=np.add.reduceat(spread, first, axis=0),
    )
