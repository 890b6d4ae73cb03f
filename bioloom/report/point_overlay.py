"""The picture of one image with its points: what was measured, what is there, what was found."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import EllipseCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import Normal, Stroke

from bioloom.report import picture, style
from bioloom.report.overlay import DASHED, draw_legend
from bioloom.report.point_views import Places, PointView

LEAST_RADIUS = 1 / 90
"""Radius of a circle at least, in parts of the longer side of the picture."""


@style.styled
def draw(view: PointView, *, known: bool) -> Figure:
    """Draw image | ground truth | result; circles are as wide as the tolerance.

    Parameters
    ----------
    view : PointView
        What to show.
    known : bool
        Whether the voxel size is known.
    """
    panels = ["Image", "Ground truth", "Result"] if view.judged else ["Image", "Result"]
    aspect = view.pixel[0] / view.pixel[1]
    height, width = view.image.shape[1:]
    rows = style.WIDTH / len(panels) * height / width * aspect
    figure = style.canvas(min(rows, 6.0) + 0.66, tight=True)
    for axes, panel in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
        style.bare(axes)
        axes.set_title(panel)
        shown = picture.color(view.image) if panel == "Image" else picture.grey(view.image) * 0.85
        axes.imshow(shown, cmap="gray", vmin=0, vmax=1, aspect=aspect, interpolation="nearest")
        if panel == "Image":
            if view.caption:
                axes.set_title(f"{panel}\u2002·\u2002{view.caption}")
            unit = {} if known else {"unit": "pixels"}
            picture.draw_scale_bar(axes, (height, width), view.pixel[1] if known else 1.0, **unit)
        elif panel == "Ground truth":
            _circles(axes, view, view.truth, "white", width=1.1)
        else:
            _circles(axes, view, view.matched, style.MATCHED)
            _circles(axes, view, view.missed, style.MISSED, line=DASHED)
            _circles(axes, view, view.false, style.FALSE, width=1.8)
    draw_legend(figure, _handles(view))
    return figure


def _circles(
    axes: Axes, view: PointView, places: Places, color: str, *, width: float = 1.3, line: Any = "-"
) -> None:
    least = LEAST_RADIUS * max(view.image.shape[1:])
    down, across = (2 * max(radius, least) for radius in view.radius)
    count = len(places)
    collection = EllipseCollection(
        np.full(count, across),
        np.full(count, down),
        np.zeros(count),
        units="xy",
        offsets=places[:, ::-1],
        offset_transform=axes.transData,
        facecolors="none",
        edgecolors=color,
        linewidths=width,
        linestyles=line,
    )
    collection.set_path_effects([Stroke(linewidth=width + 1.0, foreground="black", alpha=0.45), Normal()])
    axes.add_collection(collection, autolim=False)


def _handles(view: PointView) -> list[Line2D]:
    rows: list[tuple[str, str, Any, float]] = [("found", style.MATCHED, "-", 2.4)]
    if view.judged:
        rows = [
            ("matched", style.MATCHED, "-", 2.4),
            ("missed (only in the truth)", style.MISSED, DASHED, 2.4),
            ("false (only in the result)", style.FALSE, "-", 3.0),
        ]
    return [Line2D([], [], color=c, linestyle=s, linewidth=w, label=text) for text, c, s, w in rows]
