"""Sizes of the objects: those of the result over those of the truth."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from bioloom.report import style


@style.styled
def draw(found: np.ndarray, truth: np.ndarray | None, unit: str) -> Figure:
    """Draw the distribution of equivalent diameters.

    Parameters
    ----------
    found : float array (n,)
        Equivalent diameters of the found objects.
    truth : float array (m,) or None
        Those of the true objects, None without ground truth.
    unit : str
        Unit of both, for the axis.
    """
    figure = style.canvas(3.1)
    axes = figure.subplots()
    together = found if truth is None else np.concatenate([found, truth])
    edges = bin_edges(together).tolist()
    if truth is not None and truth.size:
        label = f"ground truth: {truth.size:,} objects, median {np.median(truth):.3g} {unit}"
        axes.hist(truth, edges, color=style.BASELINE, alpha=0.5, label=label)
    if found.size:
        label = f"result: {found.size:,} objects, median {np.median(found):.3g} {unit}"
        axes.hist(found, edges, histtype="step", color=style.RESULT, linewidth=2.2, label=label)
    axes.set_xlim(edges[0], edges[-1])
    axes.set_ylim(top=axes.get_ylim()[1] * 1.08)
    axes.set_xlabel(f"equivalent diameter ({unit})")
    axes.set_ylabel("objects")
    axes.yaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    figure.legend(loc="outside upper right", ncols=2)
    return figure


def bin_edges(values: np.ndarray) -> np.ndarray:
    """Return the edges of 10 to 60 equal bins from 0, by the rule of Freedman & Diaconis (1981)."""
    top = float(np.percentile(values, 99.5)) * 1.02 or 1.0
    low, high = np.percentile(values, [25, 75])
    width = 2 * (high - low) / np.cbrt(values.size)
    count = int(np.clip(np.ceil(top / width), 10, 60)) if width > 0 else 10
    return np.linspace(0, top, count + 1)
