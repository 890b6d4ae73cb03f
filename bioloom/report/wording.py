"""What metrics are called and what they mean, in the words of a biologist."""

from __future__ import annotations

from collections.abc import Iterable
from math import isnan

MEANINGS: dict[str, tuple[str, str]] = {
    "f1": (
        "F1",
        "Balance of precision and recall: 1 means that every object was found and none was invented.",
    ),
    "precision": ("Precision", "Share of the found objects that are real."),
    "recall": ("Recall", "Share of the real objects that were found."),
    "accuracy": (
        "Accuracy",
        "Matched objects among all that are real or found; elsewhere also called average precision.",
    ),
    "pq": (
        "Panoptic quality",
        "F1 times the mean overlap of the matched objects: finding and outlining in one number.",
    ),
    "mean_matched_iou": ("Overlap of matched objects", "Mean IoU of the objects that were matched."),
    "f1_mean": ("Mean F1", "F1 averaged over all IoU thresholds: rewards outlines that fit closely."),
    "mean_distance_um": (
        "Distance of matched points",
        "Mean distance in µm (pixels where the voxel size is unknown) between a found and its true point.",
    ),
    "f1_any_class": ("F1, any class", "Like F1, but a match may have the wrong class."),
    "precision_any_class": ("Precision, any class", "Like precision, but a match may have the wrong class."),
    "recall_any_class": ("Recall, any class", "Like recall, but a match may have the wrong class."),
    "mean_distance_um_any_class": (
        "Distance of matched points, any class",
        "Like the distance of matched points, but a match may have the wrong class.",
    ),
    "foreground_iou": ("Foreground IoU", "Overlap of all object pixels, whatever object they belong to."),
    "foreground_dice": ("Foreground Dice", "Like foreground IoU, but overlap counts twice."),
    "ap": (
        "Average precision (COCO)",
        "Precision averaged over recall as the least certain objects are left out; 1 is perfect.",
    ),
    "one_to_one": ("Found one to one", "Share of the real objects that belong to one found object alone."),
    "over_segmented": ("Split", "Share of the real objects that were found in several pieces."),
    "under_segmented": ("Merged", "Share of the real objects that were found as one with others."),
    "many_to_many": ("Split and merged", "Share of the real objects whose pieces were joined with others."),
    "missing": ("Missed", "Share of the real objects that no found object belongs to."),
    "background": ("Found in the background", "Share of the found objects that belong to no real one."),
    "ari": (
        "Adjusted Rand index (mean over images)",
        "Agreement on which pixels belong together, beyond chance; 1 means equal.",
    ),
    "adapted_rand_error": (
        "Adapted Rand error (mean over images)",
        "Disagreement on which pixels belong together; 0 means none.",
    ),
    "voi": (
        "Variation of information (mean over images)",
        "Bits by which result and truth differ, splits and merges together; 0 means equal.",
    ),
    "voi_split": ("Its part by splits (mean over images)", "Bits lost by objects that were cut."),
    "voi_merge": ("Its part by merges (mean over images)", "Bits lost by objects that were joined."),
    "objects_truth": ("Objects in the ground truth", "Number of real objects."),
    "objects_predicted": ("Objects found", "Number of objects in the result."),
    "iou": ("IoU", "Overlap of result and truth: shared pixels over pixels of either."),
    "dice": ("Dice", "Overlap of result and truth, shared pixels counted twice."),
    "boundary_f1": (
        "Boundary F1",
        "Balance of the two below: 1 means that all boundaries are where they belong, within the tolerance.",
    ),
    "boundary_precision": (
        "Boundary precision",
        "Share of the boundaries in the result that have one of the truth nearby.",
    ),
    "boundary_recall": (
        "Boundary recall",
        "Share of the boundaries in the truth that have one of the result nearby.",
    ),
    "psnr": ("PSNR", "Peak signal-to-noise ratio in decibels; higher is better."),
    "ssim": ("SSIM", "Structural similarity; 1 means equal."),
    "mae": ("MAE", "Mean absolute error; lower is better."),
    "mse": ("MSE", "Mean squared error; lower is better."),
}
HEADLINES = (
    "f1@0.5",
    "f1_with_class@0.5",
    "pq@0.5",
    "f1_mean",
    "foreground_dice",
    "iou",
    "dice",
    "accuracy",
    "f1",
    "psnr",
    "ssim",
    "mae",
)
COUNTS = ("objects_truth", "objects_predicted")
DETAILS = {
    "Split, merged and missed objects": (
        "one_to_one",
        "over_segmented",
        "under_segmented",
        "many_to_many",
        "missing",
        "background",
    ),
    "Scores for comparison with other tools": (
        "ap",
        "ap@0.5",
        "ap@0.75",
        "ari",
        "adapted_rand_error",
        "voi",
        "voi_split",
        "voi_merge",
    ),
}
"""Metrics in tables of their own, which are closed at first; the numbers behind shares are in no table."""
BASELINE = "baseline_"
WITH_CLASS = "_with_class"


def threshold(metric: str) -> str:
    """Return the IoU threshold in the name of a metric, ``0.5`` for ``f1@0.5``; empty if it has none."""
    text = metric.partition("@")[2]
    return text if text.replace(".", "", 1).isdigit() else ""


def label(metric: str) -> str:
    """Return the readable name of a metric, for example ``F1 at IoU 0.5`` for ``f1@0.5``."""
    name, at = metric.partition("@")[0], threshold(metric)
    name = name if at else metric
    plain = name.removesuffix(WITH_CLASS)
    words = MEANINGS[plain][0] if plain in MEANINGS else plain.replace("_", " ")
    words += " with class" if plain != name else ""
    return f"{words} at IoU {at}" if at else words


def meaning(metric: str) -> str:
    """Return one sentence about a metric, empty for a name that is not known."""
    name = metric.partition("@")[0]
    plain = name.removesuffix(WITH_CLASS)
    if plain != name and plain in MEANINGS:
        return f"Like {MEANINGS[plain][0]}, but a match must have the right class, too."
    return MEANINGS.get(name, ("", ""))[1]


def leads(metric: str) -> bool:
    """Return whether a metric belongs into the first table."""
    apart = {name.partition("@")[0] for names in DETAILS.values() for name in names}
    return metric in COUNTS or not (metric.partition("@")[0] in apart or metric.startswith("objects_"))


def number(value: float | None, metric: str = "") -> str:
    """Return a value as text: counts whole, everything else with three decimals, NaN as a dash."""
    if value is None or isnan(value):
        return "–"
    return f"{value:,.0f}" if metric.removeprefix(BASELINE).startswith("objects_") else f"{value:.3f}"


def headline(metrics: Iterable[str]) -> str | None:
    """Return the metric that images are ranked by: the first of `HEADLINES` that there is, else the first."""
    names = [name for name in metrics if not name.startswith(BASELINE)]
    return next((name for name in HEADLINES if name in names), names[0] if names else None)
