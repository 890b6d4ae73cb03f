"""What the reader should be warned of, found by looking at the results."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bioloom.evaluate.cases import LARGEST_BASELINE
from bioloom.report import choose, wording
from bioloom.report.curves import best_row
from bioloom.report.gather import Findings, split_of
from bioloom.volumes.parts import in_series

FEW_IMAGES = 3
RISEN = 1.3
"""A last validation loss this many times the best one is called overfitting."""
STILL_FALLING = 0.03
"""A best step within this share of the end means that the training was too short."""


def warnings(found: Findings) -> list[str]:
    """Return one sentence per thing to know before the numbers are believed."""
    return [*_scores(found), *_objects(found), *_training(found), *_validation(found)]


def _scores(found: Findings) -> Iterator[str]:
    if not found.scored:
        yield "There is no ground truth for these images, so nothing could be scored. Judge by eye."
        return
    pooled = found.pooled
    metric = wording.headline(pooled)
    if metric is None:
        return
    value, baseline = pooled[metric], pooled.get(wording.BASELINE + metric, np.nan)
    sign = -1 if metric in choose.LOWER_IS_BETTER else 1
    if sign * value <= sign * baseline:
        yield (
            f"The result ({wording.number(value)}) is no better than the simple baseline "
            f"({wording.number(baseline)}) in {wording.label(metric)}. The model adds nothing here."
        )
    yield from _baseline(found)
    scores = found.per_image(metric)
    files = in_series(scores)
    if 0 < len(files) < FEW_IMAGES:
        kind = "image" if len(files) == len(scores) else "film"
        images = f"one {kind}" if len(files) == 1 else f"{len(files)} {kind}s"
        yield f"The scores come from {images} only: another {kind} may give others."
    empty = sorted(image for image, score in scores.items() if np.isnan(score))
    if empty:
        yield f"{_some(empty)} without a score: neither the truth nor the result has an object there."


def _baseline(found: Findings) -> Iterator[str]:
    """Say which images are too large for the baseline, so that its scores are those of other images."""
    if found.metrics is None or not found.config.get("evaluate", {}).get("baseline"):
        return
    images = found.metrics["image"]
    having = set(images[found.metrics["metric"].str.startswith(wording.BASELINE)])
    if without := sorted(set(images) - having):
        rest = " Its scores of all images together are those of the others." if having else ""
        yield (
            f"The baseline was not computed for {_some(without)}: larger than {LARGEST_BASELINE:,} "
            f"values.{rest}"
        )


def _objects(found: Findings) -> Iterator[str]:
    """Say where nothing was found, and whether many more or fewer objects were found than there are."""
    kind, tally = ("point" if found.product == "points" else "object"), found.tally or {}
    if tally and not any(tally.values()):
        yield f"No {kind} was found in any image. Check that these images look like the training images."
        return
    there, here = found.pooled.get("objects_truth", np.nan), found.pooled.get("objects_predicted", np.nan)
    if there and abs(here - there) > 0.2 * there:
        share = f"{abs(here - there) / there:.0%} {'more' if here > there else 'fewer'}"
        yield f"{share} {kind}s were found ({here:,.0f}) than there are ({there:,.0f})."
    barren = sorted(image for image, count in tally.items() if not count)
    if barren:
        yield f"{_some(barren)} without any found {kind}."


def _training(found: Findings) -> Iterator[str]:
    history = found.history
    best = None if history is None else best_row(history)
    if history is None or best is None or len(history) < 5:
        return
    steps, losses = history["step"].to_numpy(float), history["val_loss"].dropna().to_numpy(float)
    if steps[best] >= (1 - STILL_FALLING) * steps[-1]:
        yield "The validation loss was still falling at the end: more steps (train.steps) may help."
    elif losses.min() > 0 and losses[-1] > RISEN * losses.min():
        yield (
            f"After step {steps[best]:,.0f} the validation loss rose again (overfitting). "
            "The weights of the best step were kept; more training images or more augmentation would help."
        )


def _validation(found: Findings) -> Iterator[str]:
    """Yield whether the two regions of the only training file are too near to each other."""
    facts = {split_of(image): own["region"] for image, own in found.regions.items()}
    largest = (found.fingerprint.get("facts") or {}).get("largest_object")
    if set(facts) != {"train", "val"} or not largest:
        return
    gap = facts["val"]["start"] - facts["train"]["stop"]
    side = largest["zyx"[-len(largest) :].index(facts["val"]["axis"])]
    if side > gap:
        yield (
            f"Objects are up to {side} voxels long, and {gap} lie between the region learned from and that "
            "validated on: a large object may be in both. Images of their own (data.val) tell more."
        )


def _some(images: list[str], shown: int = 3) -> str:
    names = ", ".join(images[:shown])
    more = f" and {len(images) - shown} more" if len(images) > shown else ""
    return f"{len(images)} image{'s' * (len(images) > 1)} ({names}{more})"
