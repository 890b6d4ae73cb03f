"""Objects found against objects there, image by image."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from bioloom.report import style


@style.styled
def draw(truth: np.ndarray, found: np.ndarray) -> Figure:
    """Draw the number of found objects over the number of true ones, one dot per image.

    Parameters
    ----------
    truth, found : float arrays (images,)
        Objects of each image.
    """
    figure = style.canvas(4.2, width=4.6)
    axes = figure.subplots()
    top = max(truth.max(initial=1), found.max(initial=1)) * 1.08
    axes.fill_between(
        [0, top],
        [0, 0.9 * top],
        [0, 1.1 * top],
        color=style.GRID,
        alpha=0.6,
        linewidth=0,
        label="within 10 %",
    )
    axes.plot([0, top], [0, top], color=style.MUTED, linewidth=1.1, label="equal")
    axes.plot(
        truth,
        found,
        "o",
        color=style.RESULT,
        markersize=6,
        alpha=0.75,
        markeredgecolor="white",
        label="an image",
        clip_on=False,
    )
    axes.set(
        xlim=(0, top),
        ylim=(0, top),
        aspect="equal",
        xlabel="objects in the ground truth",
        ylabel="objects found",
    )
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    axes.legend(loc="upper left")
    return figure
