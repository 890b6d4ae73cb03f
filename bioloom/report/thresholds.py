"""How the thresholds of the post-processing were chosen: the validation score of every pair tried."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from bioloom.report import style


def as_table(rows: Any) -> pd.DataFrame:
    """Return the ``curve`` of ``calibration.yaml`` as a table; empty for None."""
    return pd.DataFrame(rows or [])


def drawable(curve: pd.DataFrame) -> bool:
    """Return whether a grid of at least two pairs was tried."""
    return {"foreground", "seed", "f1"} <= set(curve.columns) and curve["f1"].notna().sum() >= 2


@style.styled
def draw(curve: pd.DataFrame, chosen: tuple[float, float] | None) -> Figure:
    """Draw the score of every pair of thresholds as a map, the chosen pair framed.

    Parameters
    ----------
    curve : DataFrame
        Columns ``foreground, seed, f1``, one row per pair.
    chosen : (float, float) or None
        The foreground and the seed threshold that were taken.
    """
    grid = curve.pivot_table(index="foreground", columns="seed", values="f1")
    figure = style.canvas(1.3 + 0.42 * len(grid.index), width=2.2 + 0.72 * len(grid.columns))
    axes = figure.subplots()
    values = grid.to_numpy(float)
    foregrounds: list[Any] = grid.index.tolist()
    seeds: list[Any] = grid.columns.tolist()
    middle = np.nanmin(values) + 0.55 * (np.nanmax(values) - np.nanmin(values))
    picture = axes.imshow(values, cmap="cividis", origin="lower", aspect="auto")
    axes.set_xticks(range(len(grid.columns)), [f"{value:g}" for value in grid.columns])
    axes.set_yticks(range(len(grid.index)), [f"{value:g}" for value in grid.index])
    axes.grid(False)
    axes.tick_params(length=0)
    axes.set(xlabel="seed threshold", ylabel="foreground threshold")
    for (row, column), value in ((place, values[place]) for place in _places(values.shape)):
        if value == value:  # not NaN
            color = "black" if value > middle else "white"
            axes.text(column, row, f"{value:.3f}", ha="center", va="center", fontsize=8.5, color=color)
    if chosen is not None and chosen[0] in foregrounds and chosen[1] in seeds:
        row, column = foregrounds.index(chosen[0]), seeds.index(chosen[1])
        frame: dict[str, Any] = {
            "fill": False,
            "edgecolor": style.VERMILION,
            "linewidth": 3,
            "clip_on": False,
            "zorder": 3,
        }
        axes.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, **frame))
    figure.colorbar(picture, ax=axes, label="validation score").outline.set_visible(False)
    return figure


def _places(shape: tuple[int, ...]) -> list[tuple[int, int]]:
    return [(row, column) for row in range(shape[0]) for column in range(shape[1])]
