"""Which figures a run has, each with the caption that tells how to read it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import isnan

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from bioloom.report import (
    choose,
    counts,
    curves,
    overlay,
    per_image,
    point_plates,
    score_by_iou,
    sizes,
    style,
    threshold_curve,
    thresholds,
    wording,
)
from bioloom.report.gather import Findings
from bioloom.report.html import Plate
from bioloom.report.sources import Readable, Subject
from bioloom.report.views import LARGEST_SIDE, View, make_views

Opener = Callable[[str, str], Readable | None]
"""Opens the store of an image id in a folder (``images``, ``labels``, ``outputs``); None if there is none."""


def pictures(found: Findings, count: int, opener: Opener) -> Iterator[Plate]:
    """Yield the overlays of the chosen images."""
    metric = wording.headline(found.pooled) or ""
    scores = found.per_image(metric) or dict.fromkeys(found.images, np.nan)
    explain = True
    for choice in choose.choose_images(scores, count, metric=metric):
        image = opener("images", choice.image)
        if image is None:
            continue
        if plate := point_plates.picture(found, choice.image, image, _title(choice, metric), explain=explain):
            explain = False
            yield plate
            continue
        labels, truth = opener("outputs", choice.image), opener("labels", choice.image)
        classes = () if labels is None else tuple(labels.facts.get("classes", ()))
        subject = Subject(image, truth, labels, *found.objects_of(choice.image), classes)
        views = make_views(subject)
        caption = f"{_tally(subject, views[0])} {_reading(subject) if explain else ''}".strip()
        explain = False
        picture = style.png(overlay.draw(views))
        yield Plate(f"overlay_{choice.image}", _title(choice, metric), caption, picture)


def scores(found: Findings) -> Iterator[Plate]:
    """Yield the figures of how good the result is."""
    pooled = found.pooled
    if score_by_iou.drawable(pooled):
        caption = (
            "IoU is the area that a found and a true object share over the area of both together. Further "
            "right, outlines must fit better to count. A curve that falls early means that objects are found "
            "but outlined loosely."
        )
        if found.has_baseline:
            caption += " The baseline is a simple threshold and watershed."
        yield _plot(
            "score_by_iou", "Score by how closely outlines must fit.", caption, score_by_iou.draw(pooled)
        )
    metric = wording.headline(pooled)
    values = found.per_image(metric) if metric else {}
    if metric and sum(not isnan(value) for value in values.values()) >= 2:
        baseline = found.per_image(wording.BASELINE + metric)
        drawing = per_image.draw(values, baseline, wording.label(metric), pooled.get(metric))
        caption = "The dashed line is the score of all objects together, whichever image they are in."
        yield _plot("score_per_image", "Score of every image.", caption, drawing)


def objects(found: Findings) -> Iterator[Plate]:
    """Yield the figures of what was found."""
    there, here = (found.per_image(metric) for metric in wording.COUNTS)
    both = np.array([(there[image], here[image]) for image in there if image in here]).reshape(-1, 2)
    both = both[~np.isnan(both).any(axis=1)]
    if len(both) >= 2:
        drawing = counts.draw(both[:, 0], both[:, 1])
        caption = "Above the line too many objects were found in an image, below it too few."
        yield _plot("object_counts", "Objects found against objects there.", caption, drawing)
    truth, compared = found.truth, found.objects
    if found.metrics is None:
        truth = None
    elif compared is not None:  # images without ground truth would be compared with nothing
        compared = compared[compared["image"].isin(found.metrics["image"])]
    if compared is not None and len(compared):
        unit = "µm" if found.spacing else "pixels"
        drawing = sizes.draw(_diameters(compared), None if truth is None else _diameters(truth), unit)
        caption = "Diameter of the disc or ball of the same size."
        if truth is not None:
            caption += (
                " Too many small objects point to fragments, too many large ones to objects that were not "
                "separated."
            )
        yield _plot("object_sizes", "Sizes of the objects.", caption, drawing)


def training(found: Findings) -> Iterator[Plate]:
    """Yield the figure of the training."""
    if found.history is not None:
        caption = (
            "Validation images are never trained on. Both curves should fall and level off; a validation "
            "curve that rises while the training curve falls means overfitting. The weights of the marked "
            "step are used."
        )
        yield _plot("training", "Loss during the training.", caption, curves.draw(found.history))


def calibration(found: Findings) -> Iterator[Plate]:
    """Yield the figure of how the thresholds were chosen."""
    curve = thresholds.as_table(found.calibration.get("curve"))
    if thresholds.drawable(curve):
        chosen = found.calibration.get("thresholds", {})
        pair = (chosen["foreground"], chosen["seed"]) if {"foreground", "seed"} <= set(chosen) else None
        caption = (
            "Every pair of thresholds that was tried on the validation images; the frame marks the one taken."
        )
        yield _plot("thresholds", "Choice of the thresholds.", caption, thresholds.draw(curve, pair))
    elif threshold_curve.drawable(curve):
        chosen = found.calibration.get("thresholds", {})
        caption = "Every threshold that was tried on the validation images; the line marks the one taken."
        figure = threshold_curve.draw(curve, chosen.get(threshold_curve.PEAK))
        yield _plot("thresholds", "Choice of the threshold.", caption, figure)


def _plot(name: str, title: str, caption: str, figure: Figure) -> Plate:
    return Plate(name, title, caption, style.png(figure), style.svg(figure))


def _title(choice: choose.Choice, metric: str) -> str:
    reason = f" – {choice.reason}" if choice.reason else ""
    score = "" if choice.score is None else f" ({wording.label(metric)}: {wording.number(choice.score)})"
    return f"{choice.image}{reason}{score}."


def _tally(subject: Subject, view: View) -> str:
    """Count what the outlines show."""
    if view.labels is None:
        return ""
    if view.classes:
        known = np.zeros(0, bool) if view.truth is None else np.isin(view.truth, view.classes)
        if view.truth is None or not known.any():
            return ""
        return f"Equal in {(view.truth == view.labels)[known].mean():.1%} of the pixels."
    if subject.truth is None:
        return f"{np.unique(view.labels[view.labels > 0]).size:,} objects found in this picture."
    counts_of = (len(view.outcome.pairs), len(view.outcome.missed), len(view.outcome.false))
    return "In this picture {:,} matched, {:,} missed, {:,} false.".format(*counts_of)


def _reading(subject: Subject) -> str:
    """Say how an overlay is read; it stands below the first one only."""
    sentences = []
    if max(subject.image.spatial[-2:]) > LARGEST_SIDE:
        sentences.append(
            "The frame in the overview marks the part that is shown large, chosen where most errors are."
        )
    if len(subject.image.spatial) == 3:
        sentences.append(
            "Above a slice as it was taken, below it a cut from the side; slices are counted from 0."
        )
    if subject.classes:
        sentences.append("Colours are classes; where there is none it is the background.")
    elif subject.labels is not None and subject.truth is not None:
        sentences.append(
            "Blue objects were found (IoU above 0.5), dashed yellow ones were missed, thick orange ones are "
            "not in the ground truth or fit it badly."
        )
    elif subject.labels is not None:
        sentences.append("Lines are the outlines of the found objects.")
    if subject.kinds:
        sentences.append("Colours inside of objects are their classes.")
    return " ".join([*sentences, "Contrast is stretched for display."])


def _diameters(table: pd.DataFrame) -> np.ndarray:
    return table["equivalent_diameter_um"].to_numpy(float)
