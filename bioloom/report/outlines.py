"""Outlines of labelled objects as lines, drawn sharp at any magnification."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.patheffects import Normal, Stroke
from scipy import ndimage
from skimage.measure import find_contours

Lines = list[np.ndarray]


def outlines(labels: np.ndarray) -> dict[int, Lines]:
    """Return the closed outlines of every object of a plane.

    Parameters
    ----------
    labels : integer array (h, w)
        Object ids, 0 for background.

    Returns
    -------
    dict of int to list of float arrays (n, 2)
        For every id its lines as ``(x, y)`` in pixels, pixel centres at whole numbers, half way between the
        object's pixels and the others. Holes and separate pieces are lines of their own.
    """
    ids = np.unique(labels[labels > 0])
    compact = np.where(labels > 0, np.searchsorted(ids, labels) + 1, 0)
    found: dict[int, Lines] = {}
    for number, window in zip(ids, ndimage.find_objects(compact), strict=True):
        inside = np.pad(labels[window] == number, 1).astype(np.float32)
        origin = np.array([window[0].start - 1, window[1].start - 1])
        found[int(number)] = [(line + origin)[:, ::-1] for line in find_contours(inside, 0.5)]
    return found


def draw_outlines(
    axes: Axes,
    found: Mapping[int, Lines],
    ids: Iterable[int],
    color: str,
    *,
    style: Any = "-",
    width: float = 1.3,
) -> None:
    """Draw the outlines of `ids` in one colour, with a dark rim that keeps them visible on bright images."""
    lines = [line for number in ids for line in found.get(int(number), [])]
    collection = LineCollection(lines, colors=color, linewidths=width, linestyles=style, capstyle="round")
    collection.set_path_effects([Stroke(linewidth=width + 1.0, foreground="black", alpha=0.45), Normal()])
    axes.add_collection(collection, autolim=False)
