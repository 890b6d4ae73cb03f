"""Points from heat maps: local maxima per block, then one suppression of the whole image."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from bioloom.errors import BioLoomError
from bioloom.geometry.box import Box
from bioloom.postprocess.blocks import Block
from bioloom.postprocess.ordering import rank_voxels, smoothing_radius
from bioloom.postprocess.passes import Pass, Source
from bioloom.postprocess.points import PointPass
from bioloom.postprocess.program import Setting
from bioloom.postprocess.suppression import suppress
from bioloom.postprocess.workspace import Arrays
from bioloom.settings.base import Auto, Section

FLOOR = 1e-3
"""Values below count as this much where a logarithm is taken."""
FLAT = 1e-5
"""A bend of logarithms below this is rounding; that of a Gaussian is one over its variance, in voxels."""


class PeaksOptions(Section):
    """Makes points of the maxima of heat maps."""

    name: Literal["peaks"] = "peaks"
    channel: str = "points"
    """The channel, or the target whose channels `<name>-<class>` are the classes."""
    threshold: float | Literal["fit"] = "fit"
    """The least score of a point, in the channel's units; `fit` is the calibrated value, 0.5 without one."""
    smoothing: float = Field(default=1.0, ge=0, le=16)
    """Standard deviation of the Gaussian that smooths a heat map first, in voxels of the finest axis; without
    it, noise makes several maxima of one. 0: no smoothing."""
    radius_um: Annotated[float, Field(ge=0)] | Auto = "auto"
    """Of points nearer to each other than this, in micrometres, the one of the highest score stays; auto:
    the distance at which two blobs of the target become one; 0: all stay."""
    across_classes: bool = True
    """Whether points of different classes suppress each other, too."""
    border_um: float = Field(default=0.0, ge=0)
    """Points nearer than this to the border of the image, in micrometres, are left out and suppress none. An
    object that the border cuts has its peak there: for images where nobody annotated such objects."""


@dataclass(frozen=True)
class PeakRules:
    """The options of peaks, resolved for one prediction.

    Parameters
    ----------
    channels : tuple of int
        The heat maps.
    threshold : float
        Least score.
    sigma : tuple of float
        Of the smoothing, voxels per axis.
    radius_um : float
        Of the suppression.
    across : bool
        Whether classes suppress each other.
    border : tuple of float
        Least distance to the border, voxels per axis.
    spacing : tuple of float
        Voxel size in micrometres.
    """

    channels: tuple[int, ...]
    threshold: float
    sigma: tuple[float, ...]
    radius_um: float
    across: bool
    border: tuple[float, ...]
    spacing: tuple[float, ...]

    @property
    def reach(self) -> tuple[int, ...]:
        """How far smoothing looks, in voxels per axis: three standard deviations."""
        return tuple(ceil(3 * sigma) for sigma in self.sigma)


@dataclass(frozen=True, kw_only=True)
class Peaks(PointPass):
    """The pass that makes points.

    A point is a voxel above the threshold of which no neighbour (faces, edges, corners) comes before it in
    the total order of `bioloom.postprocess.ordering`; of a plateau the most interior voxels come first. The
    maximum of a parabola through the logarithms of a voxel and its two neighbours says, axis by axis, where
    between the voxels it lies, which is exact for a Gaussian.
    """

    rules: PeakRules

    def map(self, block: Block, source: Source) -> dict[str, NDArray[Any]]:
        """Return ``places``, ``scores`` and ``classes`` (numbers) of the maxima in the core."""
        radius = smoothing_radius(self.rules.spacing)
        # neighbours of the core are compared, which needs theirs; the order looks `radius` around
        window = block.core.grow(2).clip(source.image)
        seen = window.grow(radius).clip(source.image)
        read = seen.grow(self.rules.reach).clip(source.image)
        prediction = source.prediction.read(read)
        found = []
        for number, channel in enumerate(self.rules.channels):
            values = self._smoothed(np.asarray(prediction[channel], np.float32))
            values = values[seen.within(read).slices]
            inner = values[window.within(seen).slices]
            maxima = _no_larger_neighbour(inner) & (inner >= self.rules.threshold)
            rank = rank_voxels(values, seen, window, source.image, maxima, radius)
            peaks = np.argwhere(_first_of_neighbours(maxima, rank))
            core = block.core.within(window)
            peaks = peaks[((peaks >= core.start) & (peaks < core.stop)).all(axis=1)]
            found.append((peaks, refine(inner, peaks), inner[tuple(peaks.T)], np.full(len(peaks), number)))
        places, scores, classes = (np.concatenate(part) for part in list(zip(*found, strict=True))[1:])
        places += window.start
        inside = self._inside(places, source.image)
        return {
            "places": places[inside],
            "scores": scores[inside].astype(np.float64),
            "classes": classes[inside],
        }

    def reduce(self, partials: Iterator[Arrays], source: Source) -> dict[str, NDArray[Any]]:
        """Return the same of the points of the image that stay, the surest first."""
        names = ("places", "scores", "classes")
        parts = [[partial.read(name) for name in names] for partial in partials]
        places, scores, classes = (np.concatenate(part) for part in zip(*parts, strict=True))
        rules = self.rules
        groups = (
            [np.arange(len(places))]
            if rules.across
            else [np.flatnonzero(classes == number) for number in range(len(rules.channels))]
        )
        kept = np.concatenate(
            [own[suppress(places[own], scores[own], rules.radius_um, rules.spacing)] for own in groups]
        )
        kept = kept[np.lexsort((classes[kept], *places[kept].T[::-1], -scores[kept]))]
        return {"places": places[kept], "scores": scores[kept], "classes": classes[kept]}

    def _inside(self, places: NDArray[np.float64], image: Box) -> NDArray[np.bool_]:
        """Say which places are far enough from the border, which is half a voxel beyond the last voxel."""
        beyond = np.minimum(places - image.start, np.array(image.stop) - 1 - places) + 0.5
        return np.all(beyond >= self.rules.border, axis=1)

    def _smoothed(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        from scipy.ndimage import gaussian_filter  # the options above are read without scipy

        if not any(self.rules.sigma):
            return values
        # every output is summed up in the same order wherever the window lies, so windows agree exactly
        return gaussian_filter(values, self.rules.sigma, mode="reflect", radius=self.rules.reach)


def _no_larger_neighbour(values: NDArray[np.float32]) -> NDArray[np.bool_]:
    from scipy.ndimage import maximum_filter

    return values >= maximum_filter(values, 3, mode="nearest")


def _first_of_neighbours(maxima: NDArray[np.bool_], rank: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Return the maxima that come first among the maxima next to them: equal values, so a plateau."""
    from scipy.ndimage import minimum_filter

    places = np.where(maxima, rank.astype(np.int64), maxima.size)
    return maxima & (places <= minimum_filter(places, 3, mode="nearest"))


def refine(values: NDArray[np.floating[Any]], peaks: NDArray[np.int64]) -> NDArray[np.float64]:
    r"""Return where between the voxels the maxima lie.

    Parameters
    ----------
    values : ndarray of float, shape (\*spatial)
        The heat map.
    peaks : ndarray of int64, shape (n, ndim)
        Voxels without a larger neighbour.

    Returns
    -------
    ndarray of float64, shape (n, ndim)
        Moved by up to half a voxel per axis; not along an axis on whose border the voxel lies.
    """
    places = peaks.astype(np.float64)
    for axis, side in enumerate(values.shape):
        inner = np.flatnonzero((peaks[:, axis] > 0) & (peaks[:, axis] < side - 1))
        step = np.zeros(peaks.shape[1], np.int64)
        step[axis] = 1
        below, here, above = (
            np.log(np.maximum(values[tuple((peaks[inner] + way * step).T)].astype(np.float64), FLOOR))
            for way in (-1, 0, 1)
        )
        bend = below - 2 * here + above
        curved = bend < -FLAT
        shift = (below - above)[curved] / (2 * bend[curved])
        places[inner[curved], axis] += np.clip(shift, -0.5, 0.5)
    return places


def peaks(options: PeaksOptions, passes: Sequence[Pass], setting: Setting) -> list[Pass]:
    """Return the pass that makes points, which must come first.

    Raises
    ------
    BioLoomError
        If other operations come first, or the prediction has no such channel.
    """
    if passes:
        raise BioLoomError("postprocess: peaks comes after another operation", fix="put it first")
    start = f"{options.channel}-"
    found = {
        number: name.removeprefix(start) if name.startswith(start) else ""
        for number, name in enumerate(setting.channels)
        if name == options.channel or name.startswith(start)
    }
    if not found:
        raise BioLoomError(
            f"postprocess: the prediction has no channel '{options.channel}'",
            allowed=", ".join(setting.channels),
            fix="add the target points to train.targets, or name another channel",
        )
    rules = PeakRules(
        channels=tuple(found),
        threshold=setting.threshold(options.threshold, "peak"),
        sigma=tuple(options.smoothing * min(setting.spacing) / step for step in setting.spacing),
        radius_um=setting.length(options.radius_um, "suppression_um"),
        across=options.across_classes,
        border=tuple(options.border_um / step for step in setting.spacing),
        spacing=setting.spacing,
    )
    return [Peaks(name="0-peaks", classes=tuple(found.values()), rules=rules)]
