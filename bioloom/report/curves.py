"""The course of the training: loss against step, and the learning rate below it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

from bioloom.report import style


@style.styled
def draw(history: pd.DataFrame) -> Figure:
    """Draw the losses and the learning rate of a training.

    Parameters
    ----------
    history : DataFrame
        One row per validation: ``step, train_loss, val_loss, learning_rate``. Any but ``step`` may be missing
        or NaN.
    """
    rated = "learning_rate" in history and history["learning_rate"].notna().any()
    figure = style.canvas(3.7 if rated else 3.0)
    rows = figure.subplots(
        2 if rated else 1, 1, sharex=True, squeeze=False, height_ratios=[3.4, 1][: 1 + rated]
    )
    _draw_losses(rows[0, 0], history)
    if rated:
        _draw_rate(rows[1, 0], history)
    rows[-1, 0].set_xlabel("training step")
    rows[-1, 0].xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    rows[-1, 0].set_xlim(left=0)
    return figure


def best_row(history: pd.DataFrame) -> int | None:
    """Return the position of the first lowest validation loss, None when there is no finite one."""
    if "val_loss" not in history:
        return None
    losses = history["val_loss"].to_numpy(float)
    return int(np.nanargmin(losses)) if np.isfinite(losses).any() else None


def _draw_losses(axes: Axes, history: pd.DataFrame) -> None:
    drawn = []
    for column, name, color in (
        ("train_loss", "training", style.BASELINE),
        ("val_loss", "validation", style.RESULT),
    ):
        if column in history and history[column].notna().any():
            rows = history.dropna(subset=[column])
            marker = "o" if len(rows) < 30 else ""
            axes.plot(rows["step"], rows[column], color=color, label=name, marker=marker, markersize=3.5)
            drawn.append(rows[column].to_numpy(float))
    best = best_row(history)
    if best is not None:
        row = history.iloc[best]
        point: dict[str, Any] = {
            "color": style.VERMILION,
            "markersize": 8,
            "linestyle": "",
            "markeredgecolor": "white",
        }
        label = f"best: {row['val_loss']:.3g} at step {row['step']:,.0f}"
        axes.plot(row["step"], row["val_loss"], marker="D", label=label, zorder=4, **point)
    axes.set_ylabel("loss")
    values = np.concatenate(drawn) if drawn else np.ones(1)
    if values.min() > 0 and values.max() > 5 * values.min():
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axes.yaxis.set_minor_formatter(NullFormatter())
    if drawn:
        axes.legend(loc="upper right")


def _draw_rate(axes: Axes, history: pd.DataFrame) -> None:
    axes.plot(history["step"], history["learning_rate"], color=style.MUTED, linewidth=1.4)
    axes.set_ylabel("learning\nrate")
    axes.set_ylim(bottom=0)
    axes.ticklabel_format(axis="y", style="sci", scilimits=(-2, 2), useMathText=True)
