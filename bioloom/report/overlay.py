"""The picture of one image: what was measured, what is there, what was found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from bioloom.report import class_colours, picture, style
from bioloom.report.outlines import draw_outlines, outlines
from bioloom.report.views import Overview, View

Panel = str
DASHED: Any = (0, (3, 1.6))
TITLES = {"overview": "Overview", "image": "Image", "truth": "Ground truth", "result": "Result"}


@style.styled
def draw(views: Sequence[View]) -> Figure:
    """Draw the views of one image, one row each: image | ground truth | result.

    Result outlines are coloured by what became of each object at IoU above 0.5; a large image has an overview
    as one more panel, two by two. Without ground truth all found objects have one colour. Class maps, and
    classes of objects, are shown as colours.
    """
    grids = [_grid(view) for view in views]
    columns = max(len(row) for grid in grids for row in grid)
    rows = [(view, row) for view, grid in zip(views, grids, strict=True) for row in grid]
    heights = [_height(view, row, columns) for view, row in rows]
    figure = style.canvas(sum(heights) + 0.3 * len(rows) + 0.36, tight=True)
    cells = figure.subplots(len(rows), columns, squeeze=False, height_ratios=heights)
    for (view, row), line in zip(rows, cells, strict=True):
        for axes, panel in zip(line, [*row, *[""] * (columns - len(row))], strict=True):
            style.bare(axes)
            if panel:
                _draw_panel(axes, view, panel)
    draw_legend(figure, _handles(views))
    return figure


def _grid(view: View) -> list[list[Panel]]:
    panels = ["image"]
    panels += ["truth"] if view.truth is not None else []
    panels += ["result"] if view.labels is not None else []
    if view.overview is None:
        return [panels]
    panels = ["overview", *panels]
    return [panels[i : i + 2] for i in range(0, len(panels), 2)]


def _height(view: View, row: list[Panel], columns: int) -> float:
    """Return the height in inches of a row whose pictures are as wide as their column."""
    shapes = [
        view.overview.image.shape if p == "overview" and view.overview else view.image.shape[1:] for p in row
    ]
    tallest = max(shape[0] / shape[1] for shape in shapes) * view.pixel[0] / view.pixel[1]
    return min(style.WIDTH / max(columns, 2) * tallest, 6.0)


def _draw_panel(axes: Axes, view: View, panel: Panel) -> None:
    aspect = view.pixel[0] / view.pixel[1]
    axes.set_title(TITLES[panel])
    if panel == "overview" and view.overview is not None:
        _draw_overview(axes, view.overview, aspect)
        return
    shown = picture.color(view.image) if panel == "image" else picture.grey(view.image) * 0.85
    axes.imshow(shown, cmap="gray", vmin=0, vmax=1, aspect=aspect, interpolation="nearest")
    if panel == "image":
        if view.caption:
            axes.set_title(f"{TITLES[panel]}\u2002·\u2002{view.caption}")
        unit = {} if view.known else {"unit": "pixels"}
        picture.draw_scale_bar(axes, view.image.shape[1:], view.pixel[1] if view.known else 1.0, **unit)
    elif view.classes:
        ids = view.truth if panel == "truth" else view.labels
        assert ids is not None
        axes.imshow(class_colours.coloured(shown, ids, view.classes), aspect=aspect, interpolation="nearest")
    else:
        _draw_objects(axes, view, panel, shown)


def _draw_objects(axes: Axes, view: View, panel: Panel, shown: np.ndarray) -> None:
    """Draw the outlines of true or found objects, over the colours of their classes if they have some."""
    kinds = view.truth_kinds if panel == "truth" else view.label_kinds
    if kinds is not None:
        filled = class_colours.coloured(shown, kinds, view.kinds, class_colours.OF_OBJECTS)
        axes.imshow(filled, aspect=view.pixel[0] / view.pixel[1], interpolation="nearest")
    if panel == "truth" and view.truth is not None:
        draw_outlines(axes, outlines(view.truth), np.unique(view.truth[view.truth > 0]), "white", width=1.1)
    elif view.labels is not None:
        _draw_result(axes, view)


def _draw_result(axes: Axes, view: View) -> None:
    assert view.labels is not None
    found = outlines(view.labels)
    if view.truth is None:
        draw_outlines(axes, found, found, style.MATCHED)
        return
    draw_outlines(axes, found, view.outcome.matched & set(found), style.MATCHED)
    draw_outlines(axes, outlines(view.truth), view.outcome.missed, style.MISSED, style=DASHED)
    draw_outlines(axes, found, view.outcome.false, style.FALSE, width=1.8)


def _draw_overview(axes: Axes, overview: Overview, aspect: float) -> None:
    axes.imshow(overview.image, cmap="gray", vmin=0, vmax=1, aspect=aspect)
    (top, left), (height, width) = overview.crop.start, overview.crop.shape
    for color, thickness in (("black", 3.0), ("white", 1.4)):
        frame = Rectangle((left, top), width, height, fill=False, edgecolor=color, linewidth=thickness)
        axes.add_patch(frame)


def _handles(views: Sequence[View]) -> list[Line2D]:
    """Return the legend; only what the panels contain."""
    if any(view.classes for view in views):
        return class_colours.handles(views[0].classes)
    if any(view.labels is not None and view.truth is not None for view in views):
        rows: list[tuple[str, str, Any, float]] = [
            ("matched", style.MATCHED, "-", 2.4),
            ("missed (only in the truth)", style.MISSED, DASHED, 2.4),
            ("false (only in the result)", style.FALSE, "-", 3.0),
        ]
    elif any(view.labels is not None for view in views):
        rows = [("found object", style.MATCHED, "-", 2.4)]
    else:
        rows = []
    lines = [Line2D([], [], color=c, linestyle=s, linewidth=w, label=text) for text, c, s, w in rows]
    return lines + class_colours.handles(views[0].kinds, class_colours.OF_OBJECTS)


def draw_legend(figure: Figure, handles: list[Line2D]) -> None:
    """Put the legend below, on the dark ground that the colours were chosen for."""
    if handles:
        place: dict[str, Any] = {
            "loc": "outside lower center",
            "ncols": len(handles),
            "handlelength": 2.2,
            "columnspacing": 2.4,
        }
        frame: dict[str, Any] = {
            "frameon": True,
            "facecolor": "#22282e",
            "framealpha": 1,
            "edgecolor": "none",
            "labelcolor": "white",
        }
        figure.legend(handles=handles, **place, **frame)
