"""Fits the thresholds of the watershed on validation images: every pair of a coarse grid, scored by matching.

The grid is coarse on purpose: a few hundred objects cannot tell finer steps apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bioloom.geometry.box import Box
from bioloom.postprocess import OPERATIONS
from bioloom.postprocess.blocks import Layout
from bioloom.postprocess.ordering import Ranking, rank_voxels
from bioloom.postprocess.passes import run_in_memory
from bioloom.postprocess.program import FIXED_THRESHOLD, compile_passes, filter_whole

GRID = {"foreground": (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9), "seed": (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)}
"""The values that are tried, in the units of the channels."""

IOU_THRESHOLDS = (0.5, 0.6, 0.7, 0.8, 0.9)
"""The overlaps at which objects are matched; the score is the mean of the pooled F1 over them."""

MIN_OBJECTS = 50
"""Fewer true objects than this do not choose a threshold."""

Score = Callable[
    [NDArray[Any], NDArray[Any], Sequence[float]],
    tuple[NDArray[np.integer], NDArray[np.integer], NDArray[np.integer]],
]
"""``score(truth, labels, iou_thresholds) -> (tp, fp, fn)``, one count per IoU threshold."""


@dataclass(frozen=True)
class Calibration:
    """Chosen thresholds and why: the contents of ``calibration.yaml``.

    Parameters
    ----------
    thresholds : dict of str to float
        Values for ``foreground`` and ``seed``.
    reason : str
        One sentence for the report.
    curve : tuple of dict
        One row per pair tried: ``foreground``, ``seed``, ``f1`` (nan if nothing was there to be found).
    """

    thresholds: dict[str, float]
    reason: str
    curve: tuple[dict[str, float], ...]


def fit_thresholds(
    images: Iterable[tuple[NDArray[Any], NDArray[Any], Sequence[float]]],
    operations: Sequence[Any],
    score: Score,
    *,
    channels: Sequence[str],
    defaults: Mapping[str, float] | None = None,
) -> Calibration:
    """Choose the thresholds that operations ask to ``fit``.

    Parameters
    ----------
    images : iterable of (ndarray of float, ndarray of int, sequence of float)
        Of every validation image, one after the other, the prediction of shape ``(channel, *spatial)``, the
        true labels of shape ``(*spatial)``, and the voxel size in micrometres: operations are compiled for
        each image with its own.
    operations : sequence
        The operations as configured.
    score : callable
        See :data:`Score`.
    channels, defaults
        See :class:`bioloom.postprocess.program.Setting`.

    Returns
    -------
    Calibration
        The pair of the best score, ties going to the pair nearer to 0.5; 0.5 each below
        :data:`MIN_OBJECTS` true objects. Every image is labelled whole, once per pair: of large ones,
        give :func:`bioloom.postprocess.crops.crops`.
    """
    grid = _grid(operations)
    pairs = [dict(zip(grid, values, strict=True)) for values in product(*grid.values())]
    counts = np.zeros((len(pairs), 3, len(IOU_THRESHOLDS)), np.int64)
    objects = 0
    for prediction, truth, spacing in images:
        objects += int(np.count_nonzero(np.unique(truth)))
        prediction, others = filter_whole(operations, prediction, channels=channels, spacing=spacing)
        layout = Layout.cut(prediction.shape[1:], prediction.shape[1:], 0)
        rank = _remember_ranks()  # the order of an image's voxels is the same for all thresholds
        for row, thresholds in enumerate(pairs):
            passes = compile_passes(
                others,
                channels=channels,
                spacing=spacing,
                thresholds=thresholds,
                defaults=defaults,
                rank=rank,
            )
            labels = run_in_memory(prediction, passes, layout)
            counts[row] += np.stack(score(truth, labels, IOU_THRESHOLDS))
    curve = tuple({**pair, "f1": _f1(count)} for pair, count in zip(pairs, counts, strict=True))
    return _choose(curve, grid, objects)


def _grid(operations: Sequence[Any]) -> dict[str, tuple[float, ...]]:
    """Return the values to try of every threshold; what the user fixed has one."""
    grid: dict[str, tuple[float, ...]] = dict.fromkeys(GRID, (FIXED_THRESHOLD,))
    for operation in operations:
        options = OPERATIONS.parse(operation)
        for kind, values in GRID.items():
            wanted = getattr(options, f"{kind}_threshold", None)
            if wanted is not None:
                grid[kind] = values if wanted == "fit" else (wanted,)
    return grid


def _remember_ranks() -> Ranking:
    """Return a ranking that orders all voxels of a window once; each mask then sees a part of that order."""
    known: dict[Box, NDArray[np.integer]] = {}

    def rank(
        values: NDArray[Any],
        seen: Box,
        window: Box,
        image: Box,
        mask: NDArray[np.bool_],
        radius: tuple[int, ...],
    ) -> NDArray[np.integer]:
        if window not in known:
            known[window] = rank_voxels(values, seen, window, image, np.ones_like(mask), radius)
        return known[window]

    return rank


def _f1(counts: NDArray[np.int64]) -> float:
    """Return the mean over IoU thresholds of ``2 tp / (2 tp + fp + fn)``; `counts` are (3, IoU threshold)."""
    tp, fp, fn = counts
    total = 2 * tp + fp + fn
    return float(np.mean(2 * tp / total)) if total.all() else float("nan")


def _choose(
    curve: tuple[dict[str, float], ...], grid: Mapping[str, tuple[float, ...]], objects: int
) -> Calibration:
    fixed = {kind: values[0] if len(values) == 1 else FIXED_THRESHOLD for kind, values in grid.items()}
    asked = [kind for kind, values in grid.items() if len(values) > 1]
    if not asked:
        return Calibration(fixed, "No threshold is set to fit.", curve)
    if objects < MIN_OBJECTS:
        reason = (
            f"The validation images hold {objects} objects, fewer than the {MIN_OBJECTS} that it takes to "
            f"choose thresholds; {FIXED_THRESHOLD} is used for {' and '.join(asked)}."
        )
        return Calibration(fixed, reason, curve)
    best = min(curve, key=_preference)
    values = " and ".join(f"{kind} {best[kind]:g}" for kind in asked)
    tried, give = ("values", "gives") if len(asked) == 1 else ("pairs", "give")
    reason = (
        f"Of {len(curve)} {tried}, {values} {give} the highest mean F1 over IoU {IOU_THRESHOLDS[0]:g} to "
        f"{IOU_THRESHOLDS[-1]:g}, {best['f1']:.3f}, on {objects} validation objects."
    )
    return Calibration({kind: best[kind] for kind in grid}, reason, curve)


def _preference(row: dict[str, float]) -> tuple[float, ...]:
    """Order rows: the best score first, then the pair nearest to 0.5, then the lower values."""
    away = abs(row["foreground"] - FIXED_THRESHOLD) + abs(row["seed"] - FIXED_THRESHOLD)
    return (-round(row["f1"], 12), round(away, 6), row["foreground"], row["seed"])
