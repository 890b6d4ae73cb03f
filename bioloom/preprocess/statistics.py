"""Exact intensity statistics of an image of any size, read block by block.

Every value has a key, an unsigned integer in the same order. Keys of 8 and 16 bits are counted one by one.
Of keys of 32 bits the upper half is counted first; a percentile then lies in a known one of 65,536 bins,
and a second reading counts the lower half inside the few bins that matter. So percentiles are exact order
statistics for every dtype, in less than a megabyte per channel and without knowing the range in advance.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

_BINS = 1 << 16
_PIECE = 1 << 20


class Statistics:
    """Statistics per channel; feed all blocks to `add`, then ask.

    Parameters
    ----------
    channels : int
        The number of channels.
    dtype : numpy.dtype
        Integer of up to 32 bits, or float32.
    again : callable
        Returns all blocks once more, ``(channel, *spatial)`` each; asked for with 32 bits only.

    Attributes
    ----------
    invalid : int
        How many voxels are NaN or infinite. They do not count in anything else.
    minimum, maximum, mean : numpy.ndarray
        ``(channel,)``, float64, raw units.
    """

    def __init__(self, channels: int, dtype: np.dtype, again: Callable[[], Iterable[np.ndarray]]) -> None:
        self.dtype = np.dtype(dtype)
        if self.dtype.itemsize > 4 or self.dtype.kind not in "iuf" or self.dtype == np.float16:
            raise ValueError(f"no statistics of {dtype}")
        self.invalid = 0
        self.minimum = np.full(channels, np.inf)
        self.maximum = np.full(channels, -np.inf)
        self.mean = np.zeros(channels)
        self._squares = np.zeros(channels)
        self._counts = np.zeros((channels, _BINS), np.int64)
        self._fine: dict[tuple[int, int], NDArray[np.int64]] = {}
        self._again = again

    @property
    def count(self) -> NDArray[np.int64]:
        """The number of voxels that count, per channel."""
        return self._counts.sum(axis=1)

    @property
    def std(self) -> NDArray[np.float64]:
        """The standard deviation per channel (population: divided by the number of voxels)."""
        return np.sqrt(self._squares / np.maximum(self.count, 1))

    def add(self, block: np.ndarray) -> None:
        """Take in a block, ``(channel, *spatial)``."""
        for channel, values in enumerate(block):
            flat = values.ravel()
            # In pieces: deviations and bins are made of numbers of eight bytes.
            for start in range(0, flat.size, _PIECE):
                piece = flat[start : start + _PIECE]
                valid = _finite(piece)
                self.invalid += piece.size - valid.size
                if valid.size:
                    self._add_moments(channel, valid)
                    self._counts[channel] += np.bincount(_keys(valid) >> self._shift, minlength=_BINS)

    def percentiles(self, wanted: Sequence[float]) -> NDArray[np.float64]:
        """Return percentiles (0 to 100), ``(len(wanted), channel)``, interpolated linearly between voxels.

        The definition is number 7 of Hyndman and Fan (1996), the default of ``numpy.percentile``.
        """
        channels = len(self.mean)
        ranks = np.asarray(wanted, np.float64)[:, None] / 100 * (self.count - 1)
        lower = np.floor(ranks).astype(np.int64)
        pairs = [(c, int(r)) for c in range(channels) for low in lower[:, c] for r in (low, low + 1)]
        order = self._order_statistics(pairs)
        result = np.empty(ranks.shape)
        for (row, channel), rank in np.ndenumerate(ranks):
            below = order[channel, int(lower[row, channel])]
            above = order[channel, int(lower[row, channel]) + 1]
            result[row, channel] = below + (above - below) * (rank - lower[row, channel])
        return result

    @property
    def _shift(self) -> int:
        return 16 if self.dtype.itemsize == 4 else 0

    def _add_moments(self, channel: int, values: np.ndarray) -> None:
        """Merge mean and sum of squared deviations (Chan, Golub and LeVeque 1979)."""
        self.minimum[channel] = min(self.minimum[channel], values.min())
        self.maximum[channel] = max(self.maximum[channel], values.max())
        before, mean = int(self._counts[channel].sum()), float(values.mean(dtype=np.float64))
        difference, total = mean - self.mean[channel], before + values.size
        self.mean[channel] += difference * values.size / total
        deviations = np.subtract(values, mean, dtype=np.float64)
        squares = float(np.dot(deviations, deviations))
        self._squares[channel] += squares + difference**2 * before * values.size / total

    def _order_statistics(self, wanted: Sequence[tuple[int, int]]) -> dict[tuple[int, int], float]:
        """Return the value of every (channel, rank); a rank past the end counts as the last."""
        ends = self._counts.cumsum(axis=1)
        clipped = {(c, r): min(r, int(ends[c, -1]) - 1) for c, r in wanted}
        bins = {(c, r): int(np.searchsorted(ends[c], k, "right")) for (c, r), k in clipped.items()}
        if not self._shift:
            return {key: float(_values(np.array(found), self.dtype)) for key, found in bins.items()}
        self._refine({(c, bins[c, r]) for c, r in wanted} - self._fine.keys())
        result = {}
        for (channel, rank), found in bins.items():
            before = int(ends[channel, found] - self._counts[channel, found])
            low = int(
                np.searchsorted(self._fine[channel, found].cumsum(), clipped[channel, rank] - before, "right")
            )
            result[channel, rank] = float(_values(np.array((found << 16) | low), self.dtype))
        return result

    def _refine(self, wanted: set[tuple[int, int]]) -> None:
        """Count the lower halves of the keys in the bins `wanted`, (channel, bin), in one more reading."""
        self._fine |= {key: np.zeros(_BINS, np.int64) for key in wanted}
        for block in self._again() if wanted else ():
            for channel, values in enumerate(block):
                keys = _keys(_finite(values))
                coarse = keys >> 16
                for key in (key for key in wanted if key[0] == channel):
                    self._fine[key] += _histogram(keys[coarse == key[1]] & (_BINS - 1))


def _finite(values: np.ndarray) -> np.ndarray:
    """Return the finite values, flat."""
    return values[np.isfinite(values)] if values.dtype.kind == "f" else values.ravel()


def _keys(values: np.ndarray) -> np.ndarray:
    """Return unsigned integers of the same order as `values`."""
    if values.dtype.kind == "f":
        # Positive floats are ordered like their bits, negative ones the other way round.
        bits = np.ascontiguousarray(values, np.float32).view(np.uint32)
        return bits ^ np.where(bits >> 31, np.uint32(0xFFFFFFFF), np.uint32(0x80000000))
    unsigned = np.ascontiguousarray(values).view(f"u{values.dtype.itemsize}")
    return unsigned ^ unsigned.dtype.type(-np.iinfo(values.dtype).min)


def _values(keys: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Return the values of `keys`: the inverse of `_keys`."""
    if dtype.kind == "f":
        bits = keys.astype(np.uint32)
        bits ^= np.where(bits >> 31, np.uint32(0x80000000), np.uint32(0xFFFFFFFF))
        return bits.view(np.float32)
    return keys.astype(np.int64) + np.iinfo(dtype).min


def _histogram(keys: np.ndarray) -> NDArray[np.int64]:
    """Count keys below 65,536, in pieces: ``numpy.bincount`` makes eight bytes of every one of them."""
    counts = np.zeros(_BINS, np.int64)
    for start in range(0, keys.size, _PIECE):
        counts += np.bincount(keys[start : start + _PIECE], minlength=_BINS)
    return counts
