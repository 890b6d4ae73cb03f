"""Fits the threshold of peaks on validation images: every value of a coarse grid, scored by the pooled F1."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bioloom.postprocess import OPERATIONS
from bioloom.postprocess.blocks import Layout
from bioloom.postprocess.calibrate import MIN_OBJECTS, Calibration
from bioloom.postprocess.points import run_points
from bioloom.postprocess.program import FIXED_THRESHOLD, compile_passes
from bioloom.volumes.points import Points

GRID = tuple(round(0.1 + 0.05 * step, 2) for step in range(17))
"""The thresholds that are tried, 0.1 to 0.9."""
PEAK = "peak"

PointScore = Callable[[Points, Points, Sequence[float]], tuple[int, int, int]]
"""``score(truth, found, spacing) -> (tp, fp, fn)``, the spacing being that of the image in micrometres."""


def fit_peaks(
    images: Iterable[tuple[NDArray[Any], Points, Sequence[float]]],
    operations: Sequence[Any],
    score: PointScore,
    *,
    channels: Sequence[str],
    defaults: Mapping[str, float] | None = None,
) -> Calibration:
    """Choose the threshold that `peaks` asks to ``fit``.

    Peaks are found once, at the lowest threshold: whether one is suppressed depends on higher ones only, so
    those that stay at a higher threshold are those of a higher score.

    Parameters
    ----------
    images : iterable of (ndarray of float, Points, sequence of float)
        Of every validation image, one after the other, the prediction of shape ``(channel, *spatial)``, the
        true points, and the voxel size in micrometres: smoothing, suppression and matching go by its own.
    operations : sequence
        The operations as configured.
    score : callable
        See :data:`PointScore`.
    channels, defaults
        See :class:`bioloom.postprocess.program.Setting`.

    Returns
    -------
    Calibration
        The threshold of the best F1 over all images, ties going to the one nearer to 0.5; 0.5 below
        :data:`bioloom.postprocess.calibrate.MIN_OBJECTS` true points.
    """
    wanted = [getattr(OPERATIONS.parse(operation), "threshold", None) for operation in operations]
    if "fit" not in wanted:
        return Calibration({PEAK: FIXED_THRESHOLD}, "No threshold is set to fit.", ())
    given: dict[str, Any] = {"channels": channels, "defaults": defaults, "product": "points"}
    counts = np.zeros((len(GRID), 3), np.int64)
    objects = 0
    for prediction, truth, spacing in images:
        objects += len(truth)
        passes = compile_passes(operations, spacing=spacing, thresholds={PEAK: GRID[0]}, **given)
        found = run_points(prediction, passes, Layout.cut(prediction.shape[1:], prediction.shape[1:], 0))
        for row, threshold in enumerate(GRID):
            counts[row] += score(truth, found.take(found.scores >= threshold), spacing)
    curve = tuple({PEAK: value, "f1": _f1(*row)} for value, row in zip(GRID, counts.tolist(), strict=True))
    return _choose(curve, objects)


def _f1(tp: int, fp: int, fn: int) -> float:
    return 2 * tp / (2 * tp + fp + fn) if tp + fp + fn else float("nan")


def _choose(curve: tuple[dict[str, float], ...], objects: int) -> Calibration:
    if objects < MIN_OBJECTS:
        reason = (
            f"The validation images hold {objects} points, fewer than the {MIN_OBJECTS} that it takes to "
            f"choose a threshold; {FIXED_THRESHOLD} is used."
        )
        return Calibration({PEAK: FIXED_THRESHOLD}, reason, curve)
    best = min(curve, key=lambda row: (-round(row["f1"], 12), round(abs(row[PEAK] - 0.5), 6), row[PEAK]))
    reason = (
        f"Of {len(curve)} thresholds, {best[PEAK]:g} gives the highest F1, {best['f1']:.3f}, on {objects} "
        "validation points."
    )
    return Calibration({PEAK: best[PEAK]}, reason, curve)
