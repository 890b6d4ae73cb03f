"""``bioloom evaluate``: compare labels with the truth."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from pathlib import Path

from bioloom.cli import options_flag, read_flag, step, write_flag
from bioloom.settings.config import Config

LARGEST_BASELINE = 2**26
"""Values of the largest image that gets a baseline."""


@step("evaluate")
@options_flag
@read_flag("--images", "manifest of the images, for the trivial baseline")
@read_flag("--labels", "manifest of the true labels")
@read_flag("--outputs", "manifest of the predicted labels")
@write_flag("--metrics", "counts of the pack, which add up (CSV)")
def command(options: Config, images: Path, labels: Path, outputs: Path, metrics: Path) -> None:
    """Example: bioloom evaluate --options results/demo/options/evaluate.yaml --images
    results/demo/images/test_tile-11.csv --labels results/demo/labels/test_tile-11.csv --outputs
    results/demo/outputs/test_tile-11.csv --metrics trial/metrics.csv
    """
    from bioloom.evaluate.baseline import otsu_watershed
    from bioloom.evaluate.overlap import VolumeLabels
    from bioloom.evaluate.pool import Case, pack_metrics
    from bioloom.tasks.recipe import metrics_of
    from bioloom.volumes.manifest import Stores, read_manifest
    from bioloom.volumes.store import open_volume
    from bioloom.volumes.tables import METRICS, write_table

    pictures, truths = Stores(images), Stores(labels)

    def cases() -> Iterator[Case]:
        for entry in read_manifest(outputs):
            picture, truth = open_volume(pictures[entry.image]), open_volume(truths[entry.image])
            # the baseline looks at a whole image at once, so it ends where memory would
            wanted = options.evaluate.baseline and prod(picture.shape) <= LARGEST_BASELINE
            baseline = otsu_watershed(picture.read(), picture.spacing) if wanted else None
            predicted = open_volume(entry.path)
            yield Case(entry.image, VolumeLabels(truth), VolumeLabels(predicted), truth.spacing, baseline)

    write_table(metrics, pack_metrics(cases(), metrics_of(options)), METRICS)
