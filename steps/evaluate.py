"""``bioloom evaluate``: compare labels with the truth."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from math import prod
from pathlib import Path

from bioloom.cli import options_flag, read_flag, step, write_flag
from bioloom.settings.config import Config


@step("evaluate")
@options_flag
@read_flag("--images", "manifest of the images, for the trivial baseline")
@read_flag("--labels", "manifest of the true labels")
@read_flag("--outputs", "manifest of the predicted labels")
@read_flag(
    "--predictions",
    "manifest of the predictions, for metrics that score objects by a channel",
    required=False,
)
@write_flag("--metrics", "counts of the pack, which add up (CSV)")
def command(
    options: Config, images: Path, labels: Path, outputs: Path, predictions: Path | None, metrics: Path
) -> None:
    """Example: bioloom evaluate --options results/demo/options/evaluate.yaml --images
    results/demo/images/test_tile-11.csv --labels results/demo/labels/test_tile-11.csv --outputs
    results/demo/outputs/test_tile-11.csv --predictions results/demo/predictions/test_tile-11.csv --metrics
    trial/metrics.csv
    """
    from bioloom.evaluate.baselines import BASELINES
    from bioloom.evaluate.overlap import VolumeLabels
    from bioloom.evaluate.pool import LARGEST_BASELINE, Case, pack_metrics
    from bioloom.tasks.recipe import metrics_of, task_of
    from bioloom.volumes.manifest import Stores, read_manifest
    from bioloom.volumes.store import open_volume
    from bioloom.volumes.tables import METRICS, write_table

    pictures, truths, tells = Stores(images), Stores(labels), task_of(options).truth
    predicted = None if predictions is None else Stores(predictions)

    def cases() -> Iterator[Case]:
        for entry in read_manifest(outputs):
            picture, output = open_volume(pictures[entry.image]), open_volume(entry.path)
            classes = output.facts.get("classes", ())
            baseline = None
            if options.evaluate.baseline and prod(picture.shape) <= LARGEST_BASELINE:
                baseline = BASELINES[tells](picture.read(), picture.spacing, classes)
            elif options.evaluate.baseline:
                logging.info("%s: too large for the baseline (over %d values)", entry.image, LARGEST_BASELINE)
            yield Case(
                entry.image,
                VolumeLabels(open_volume(truths[entry.image])),
                VolumeLabels(output),
                None if predicted is None else open_volume(predicted[entry.image]),
                baseline,
                classes,
                picture.spacing,
            )

    smallest = options.evaluate.smallest_truth if tells == "objects" else 0
    judged = {"smallest_truth": smallest, "ignore": options.data.ignore}
    write_table(metrics, pack_metrics(cases(), metrics_of(options), **judged), METRICS)
