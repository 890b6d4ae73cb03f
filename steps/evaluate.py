"""``bioloom evaluate``: compare labels with the truth."""

from __future__ import annotations

from pathlib import Path

from bioloom.cli import read_flag, step, task_options_flag, write_flag
from bioloom.settings.config import Config


@step("evaluate")
@task_options_flag
@read_flag("--images", "manifest of the images, for the trivial baseline")
@read_flag("--labels", "manifest of the true labels")
@read_flag("--outputs", "manifest of the predicted labels")
@read_flag(
    "--predictions",
    "manifest of the predictions, for metrics that score objects by a channel",
    required=False,
)
@read_flag("--fingerprint", "fingerprint.yaml, for the distance at which points match", required=False)
@write_flag("--metrics", "counts of the pack, which add up (CSV)")
def command(
    options: Config,
    images: Path,
    labels: Path,
    outputs: Path,
    predictions: Path | None,
    fingerprint: Path | None,
    metrics: Path,
) -> None:
    """Example: bioloom evaluate --options results/demo/options/evaluate.yaml --images
    results/demo/images/test_tile-11.csv --labels results/demo/labels/test_tile-11.csv --outputs
    results/demo/outputs/test_tile-11.csv --predictions results/demo/predictions/test_tile-11.csv --metrics
    trial/metrics.csv
    """
    from bioloom.evaluate.baselines import BASELINES
    from bioloom.evaluate.cases import OPENING, CaseFiles
    from bioloom.evaluate.pool import pack_metrics
    from bioloom.settings.resolve import read_fingerprint
    from bioloom.tasks.recipe import metrics_of, task_of
    from bioloom.volumes.manifest import Stores, read_manifest
    from bioloom.volumes.tables import METRICS, write_table

    task = task_of(options)
    files = CaseFiles(
        Stores(images),
        Stores(labels),
        Stores(predictions) if predictions else None,
        read_fingerprint(fingerprint) if fingerprint else None,
        BASELINES[task.truth] if options.evaluate.baseline else None,
    )
    cases = (OPENING[task.product](entry, files) for entry in read_manifest(outputs))
    smallest = options.evaluate.smallest_truth if task.truth == "objects" else 0
    ignore = options.data.ignore if task.truth == "classes" else None
    judged = {"smallest_truth": smallest, "ignore": ignore}
    write_table(metrics, pack_metrics(cases, metrics_of(options), **judged), METRICS)
