"""The score of every image, so that one bad image cannot hide in a mean."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from bioloom.report import style

NAMED = 25
"""Up to this many images are named; more become one cloud of dots in order of score."""


@style.styled
def draw(
    scores: Mapping[str, float], baseline: Mapping[str, float], label: str, pooled: float | None = None
) -> Figure:
    """Draw one dot per image, the best image on top, and the baseline's dot of the same image.

    Parameters
    ----------
    scores, baseline : mapping of str to float
        Image id to score; NaN is left out.
    label : str
        What the score is called.
    pooled : float, optional
        The score of all images together, drawn as a line.
    """
    ranked = sorted((value, image) for image, value in scores.items() if not np.isnan(value))
    named = len(ranked) <= NAMED
    figure = style.canvas(1.0 + 0.23 * len(ranked) if named else 4.2)
    axes = figure.subplots()
    rows = np.arange(len(ranked))
    values = np.array([value for value, _ in ranked])
    others = np.array([baseline.get(image, np.nan) for _, image in ranked])
    if np.isfinite(others).any():
        if named:
            axes.hlines(rows, others, values, color=style.GRID, linewidth=3, zorder=1)
        axes.plot(others, rows, "s", color=style.BASELINE, markersize=4.5 if named else 2.5, label="baseline")
    axes.plot(values, rows, "o", color=style.RESULT, markersize=7 if named else 3.5, label="result")
    if pooled is not None and not np.isnan(pooled):
        axes.axvline(
            pooled, color=style.RESULT, linewidth=1.2, linestyle="--", label=f"pooled {pooled:.3f}", zorder=0
        )
    axes.set_yticks(rows if named else [], [_shorten(image) for _, image in ranked] if named else [])
    axes.set_ylim(-0.6, len(ranked) - 0.4)
    axes.set_xlabel(label)
    if values.min(initial=0) >= 0 and values.max(initial=1) <= 1:
        axes.set_xlim(-0.02, 1.02)
    axes.grid(axis="y", visible=False)
    if not named:
        axes.set_ylabel(f"{len(ranked)} images, best on top")
    figure.legend(loc="outside upper right", ncols=3)
    return figure


def _shorten(name: str, length: int = 34) -> str:
    return name if len(name) <= length else f"{name[: length // 2 - 1]}…{name[-length // 2 + 1 :]}"
