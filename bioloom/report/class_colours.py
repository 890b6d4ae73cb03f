"""Class maps as colours over a grey picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.lines import Line2D

from bioloom.report import style

COLOURS = (style.SKY, style.VERMILION, style.YELLOW, style.GREEN, style.ORANGE, "#CC79A7", style.BLUE)
"""Of the classes but the background, told apart with every common kind of colour blindness."""
OF_OBJECTS = (style.GREEN, "#CC79A7", style.BLUE, "#a6761d", "#999999")
"""Of classes of objects, whose outlines have the other colours."""
OTHER = "#ffffff"
"""Of voxels whose class is none of those that can be predicted, such as ignored ones."""
STRENGTH = 0.55


def colour_of(id_: int, classes: Sequence[int], colours: Sequence[str] = COLOURS) -> str | None:
    """Return the colour of a class, None for the background (0); of many classes some have the same."""
    if id_ == 0:
        return None
    shown = [other for other in classes if other]
    return colours[shown.index(id_) % len(colours)] if id_ in shown else OTHER


def coloured(
    grey: np.ndarray, ids: np.ndarray, classes: Sequence[int], colours: Sequence[str] = COLOURS
) -> np.ndarray:
    """Lay the colours of classes over a picture.

    Parameters
    ----------
    grey : float array (h, w)
        Between 0 and 1.
    ids : integer array (h, w)
        Ids of classes, 0 for background.
    classes : sequence of int
        All ids, which decide the colours.
    colours : sequence of str
        Those to choose from.

    Returns
    -------
    float32 array (h, w, 3)
        The background stays grey.
    """
    picture = np.repeat(grey[..., None], 3, axis=2).astype(np.float32)
    for id_ in np.unique(ids).tolist():
        colour = colour_of(id_, classes, colours)
        if colour is not None:
            there = ids == id_
            picture[there] = (1 - STRENGTH) * picture[there] + STRENGTH * np.array(to_rgb(colour))
    return picture


def handles(classes: Sequence[int], colours: Sequence[str] = COLOURS) -> list[Line2D]:
    """Return the legend of the classes."""
    look: dict[str, Any] = {"linestyle": "", "marker": "s", "markersize": 9}
    shown = ((id_, colour_of(id_, classes, colours)) for id_ in classes)
    return [Line2D([], [], color=c, label=f"class {id_}", **look) for id_, c in shown if c is not None]
