"""How one threshold was chosen: the validation score of every value tried."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from bioloom.report import style

PEAK, SCORE = "peak", "f1"


def drawable(curve: pd.DataFrame) -> bool:
    """Return whether at least two values of the threshold of points were scored."""
    return {PEAK, SCORE} <= set(curve.columns) and curve[SCORE].notna().sum() >= 2


@style.styled
def draw(curve: pd.DataFrame, chosen: float | None) -> Figure:
    """Draw the score over the threshold, the chosen one marked.

    Parameters
    ----------
    curve : DataFrame
        Columns ``peak`` and ``f1``.
    chosen : float or None
        The threshold that was taken.
    """
    figure = style.canvas(2.6, width=5.2)
    axes = figure.subplots()
    rows = curve.dropna(subset=[SCORE]).sort_values(PEAK)
    axes.plot(rows[PEAK], rows[SCORE], color=style.RESULT, marker="o", markersize=3.5)
    if chosen is not None:
        axes.axvline(chosen, color=style.VERMILION, linewidth=1.4)
    axes.set(xlabel="threshold", ylabel="validation F1", ylim=(0, 1.02))
    return figure
