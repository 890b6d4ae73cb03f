"""How every figure looks: colours, fonts, grid, and the two file formats.

Figures are plain :class:`matplotlib.figure.Figure` objects on the Agg canvas; pyplot and its global list of
figures are never touched. Files carry neither a date nor a version, so the same run gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from io import BytesIO
from typing import Any, ParamSpec

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

# Okabe & Ito, "Color Universal Design" (2008): told apart with every common kind of colour blindness.
BLUE, SKY, GREEN, YELLOW, ORANGE, VERMILION = "#0072B2", "#56B4E9", "#009E73", "#F0E442", "#E69F00", "#D55E00"
INK, MUTED, GRID = "#1f2933", "#66727f", "#dfe4e8"

MATCHED, MISSED, FALSE = SKY, YELLOW, VERMILION
"""Objects that result and truth share, objects only the truth has, objects only the result has."""
RESULT, TRUTH, BASELINE = BLUE, "#3d4852", "#9aa5b1"
"""Curves and bars of the result, of the truth and of the trivial baseline."""

WIDTH = 8.6
"""Width in inches of a figure across the page; 100 CSS pixels an inch."""
PNG_DPI = 200
"""Two pixels for every CSS pixel, so that pictures stay sharp on fine screens and in print."""

RC: Any = {
    "font.family": "DejaVu Sans",  # ships with matplotlib: the same letters on every machine
    "font.size": 9.5,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 8,
    "axes.labelsize": 9.5,
    "axes.labelcolor": INK,
    "axes.edgecolor": MUTED,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "lines.linewidth": 1.8,
    "lines.solid_capstyle": "round",
    "legend.frameon": False,
    "legend.fontsize": 9,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "svg.fonttype": "path",
    "svg.hashsalt": "bioloom",
}

Arguments = ParamSpec("Arguments")


def styled(draw: Callable[Arguments, Figure]) -> Callable[Arguments, Figure]:
    """Decorate a drawing function so that it runs under the style of this module."""

    @wraps(draw)
    def inside(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Figure:
        with rc_context(RC):
            return draw(*args, **kwargs)

    return inside


def canvas(height: float, width: float = WIDTH, *, tight: bool = False) -> Figure:
    """Return an empty figure of `width` x `height` inches that arranges itself, `tight` for pictures."""
    gaps: dict[str, Any] = {"w_pad": 0.03, "h_pad": 0.04, "wspace": 0.01, "hspace": 0.01} if tight else {}
    figure = Figure(figsize=(width, height), layout=ConstrainedLayoutEngine(**gaps))
    FigureCanvasAgg(figure)
    return figure


def bare(axes: Axes) -> None:
    """Strip an axes that shows a picture of ticks, frame and grid."""
    axes.set_xticks([])
    axes.set_yticks([])
    axes.grid(False)
    for spine in axes.spines.values():
        spine.set_visible(False)


def png(figure: Figure) -> bytes:
    """Return the figure as PNG at two pixels per CSS pixel."""
    return _bytes(figure, format="png", dpi=PNG_DPI, metadata={"Software": None})


def svg(figure: Figure) -> bytes:
    """Return the figure as SVG whose letters are outlines, so that it needs no font."""
    metadata = {"Date": None, "Creator": None, "Format": None, "Type": None}
    return _bytes(figure, format="svg", dpi=PNG_DPI, metadata=metadata)


def _bytes(figure: Figure, **options: Any) -> bytes:
    buffer = BytesIO()
    with rc_context(RC):
        figure.savefig(buffer, **options)
    return buffer.getvalue()
