"""How the scores fall when outlines have to fit better: F1, precision and recall against the IoU."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from bioloom.report import style

SCORES = (
    ("f1", "F1", style.RESULT, "-"),
    ("precision", "precision: share of the found objects that are real", style.GREEN, "--"),
    ("recall", "recall: share of the real objects that were found", style.ORANGE, ":"),
)


def series(summary: Mapping[str, float], name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return thresholds and values of the metrics called ``<name>@<threshold>``, ordered and without NaN."""
    pattern = re.compile(re.escape(name) + r"@(\d*\.?\d+)")
    matches = ((pattern.fullmatch(metric), value) for metric, value in summary.items())
    pairs = sorted((float(match[1]), value) for match, value in matches if match and not np.isnan(value))
    return np.array([t for t, _ in pairs]), np.array([v for _, v in pairs])


def drawable(summary: Mapping[str, float]) -> bool:
    """Return whether there is F1 for at least two thresholds."""
    return series(summary, "f1")[0].size >= 2


@style.styled
def draw(summary: Mapping[str, float]) -> Figure:
    """Draw the pooled scores against the IoU threshold.

    Parameters
    ----------
    summary : mapping of str to float
        Pooled metrics such as ``f1@0.55``, and the trivial baseline's as ``baseline_f1@0.55``.
    """
    figure = style.canvas(3.4)
    axes = figure.subplots()
    x, y = series(summary, "baseline_f1")
    if x.size:
        axes.plot(x, y, color=style.BASELINE, label="F1 of the baseline", marker="s", markersize=4)
    for name, label, color, line in reversed(SCORES):
        x, y = series(summary, name)
        emphasis: dict[str, Any] = (
            {"marker": "o", "markersize": 5, "linewidth": 2.4} if name == "f1" else {"linewidth": 1.6}
        )
        axes.plot(x, y, line, color=color, label=label, **emphasis)
    x, y = series(summary, "f1")
    axes.fill_between(x, y, color=style.RESULT, alpha=0.07, linewidth=0)
    axes.set_xticks(x)
    axes.set_xlim(x[0] - 0.012, x[-1] + 0.012)
    axes.set_ylim(0, 1.02)
    axes.set_xlabel("IoU above which an object counts as found")
    axes.set_ylabel("score")
    handles, labels = axes.get_legend_handles_labels()
    axes.legend(handles[::-1], labels[::-1], loc="lower left")
    return figure
