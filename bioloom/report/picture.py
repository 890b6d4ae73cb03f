"""Making microscope images visible: contrast, grey and colour, the scale bar."""

from __future__ import annotations

from math import floor, log10
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke

LOW, HIGH = 0.5, 99.7
"""Percentiles that become black and white."""
DARK, GAMMA = 0.25, 0.7
"""A channel with a median below `DARK` is fluorescence on black; this gamma keeps its dim objects visible."""

# Additive colours that stay apart for colour-blind eyes, in the order of the channels.
CHANNEL_COLORS = np.array([[0.0, 0.9, 0.35], [1.0, 0.15, 0.9], [0.2, 0.6, 1.0]])


def stretch(image: np.ndarray) -> np.ndarray:
    """Return every channel between 0 and 1, its percentiles 0.5 and 99.7 mapped to black and white.

    Parameters
    ----------
    image : array (C, h, w)
        Any real dtype; NaN counts as black.

    Returns
    -------
    float32 array (C, h, w)
        A channel without contrast becomes 0; dark channels are brightened (gamma 0.7).
    """
    values = np.nan_to_num(image.astype(np.float32), posinf=0.0, neginf=0.0)
    low, high = np.percentile(values, [LOW, HIGH], axis=(1, 2), keepdims=True)
    low_all, high_all = values.min(axis=(1, 2), keepdims=True), values.max(axis=(1, 2), keepdims=True)
    flat = high <= low  # sparse images: fewer bright pixels than the percentile leaves
    low, high = np.where(flat, low_all, low), np.where(flat, high_all, high)
    scaled = np.clip((values - low) / np.where(high > low, high - low, 1), 0, 1).astype(np.float32)
    dark = np.median(scaled, axis=(1, 2), keepdims=True) < DARK
    return np.where(dark, scaled**GAMMA, scaled).astype(np.float32)


def grey(image: np.ndarray) -> np.ndarray:
    """Return the mean of the stretched channels, float32 (h, w), for outlines to be drawn on."""
    return stretch(image).mean(axis=0)


def color(image: np.ndarray) -> np.ndarray:
    """Return what a viewer would show: grey (h, w) for one channel, RGB (h, w, 3) for more.

    Three channels of 8 bits are taken for a colour photograph; other channels (the first three) are added up
    as green, magenta and blue.
    """
    if image.shape[0] == 1:
        return stretch(image)[0]
    if image.shape[0] == 3 and image.dtype == np.uint8:
        return np.moveaxis(image, 0, -1) / np.float32(255)
    channels = stretch(image[:3])
    return np.clip(np.tensordot(channels, CHANNEL_COLORS[: len(channels)], axes=(0, 0)), 0, 1)


def bar_length(width: float) -> float:
    """Return the 1-2-5 length nearest below a quarter of `width`, in the unit of `width`."""
    target = width / 4
    decade = 10.0 ** floor(log10(target))
    return max(step * decade for step in (1, 2, 5) if step * decade <= target * (1 + 1e-9))


def draw_scale_bar(axes: Axes, shape: tuple[int, int], pixel: float, *, unit: str = "µm") -> None:
    """Draw a white bar with its length in the lower left corner of a picture.

    Parameters
    ----------
    shape : (int, int)
        Height and width of the picture in pixels.
    pixel : float
        Width of a pixel in `unit`.
    """
    width = shape[1]
    length = bar_length(width * pixel)
    left, bottom = 0.04, 0.05
    right = left + length / (width * pixel)
    _white_line(axes, [left, right], [bottom, bottom])
    rim = withStroke(linewidth=2.2, foreground="black", alpha=0.55)
    text: dict[str, Any] = {
        "fontsize": 8.5,
        "fontweight": "bold",
        "color": "white",
        "va": "bottom",
        "path_effects": [rim],
    }
    axes.text(left, bottom + 0.025, f"{length:g} {unit}", transform=axes.transAxes, **text)


def _white_line(axes: Axes, x: list[float], y: list[float]) -> None:
    """Draw a thick white line with a dark rim, in parts of the axes."""
    rim = withStroke(linewidth=4.2, foreground="black", alpha=0.55)
    line: dict[str, Any] = {
        "color": "white",
        "linewidth": 2.6,
        "solid_capstyle": "butt",
        "path_effects": [rim],
    }
    axes.plot(x, y, transform=axes.transAxes, **line)
