"""``bioloom fit``: choose thresholds on the validation images."""

from __future__ import annotations

import logging
from pathlib import Path

import click

from bioloom.cli import read_flag, step, task_options_flag, write_flag
from bioloom.settings.config import Config


@step("fit")
@task_options_flag
@read_flag("--fingerprint", "fingerprint.yaml, for the sizes left to `auto`")
@read_flag("--predictions", "folder with the manifests of the predictions", default=".")
@read_flag("--labels", "folder with the manifests of the true labels", default=".")
@write_flag("--calibration", "thresholds and why (YAML)")
@click.argument("packs", nargs=-1)
def command(
    options: Config,
    fingerprint: Path,
    predictions: Path,
    labels: Path,
    calibration: Path,
    packs: tuple[str, ...],
) -> None:
    """Without PACKS, those of the validation images, nothing is chosen. Of an image of more than 4 million
    voxels, up to eight crops of that size take part.

    Example: bioloom fit --options results/demo/options/fit.yaml --fingerprint
    results/demo/fingerprint.yaml --predictions results/demo/predictions --labels results/demo/labels
    --calibration trial/calibration.yaml val_tile-01
    """
    from bioloom.evaluate.label_fit import fit_stored_labels
    from bioloom.evaluate.point_fit import fit_stored_points
    from bioloom.settings.resolve import read_fingerprint
    from bioloom.settings.yaml_file import dump_yaml
    from bioloom.tasks.recipe import operations_of, task_of
    from bioloom.volumes.atomic import write_text
    from bioloom.volumes.manifest import Stores, read_manifest

    entries = [entry for pack in packs for entry in read_manifest(predictions / f"{pack}.csv")]
    truths = Stores(*(labels / f"{pack}.csv" for pack in packs))
    settled, operations = read_fingerprint(fingerprint), operations_of(options)
    fit = fit_stored_points if task_of(options).product == "points" else fit_stored_labels
    found = fit(entries, truths, operations, settled)
    logging.info("%s: %s", found.thresholds, found.reason)
    content = {"thresholds": found.thresholds, "reason": found.reason, "curve": list(found.curve)}
    write_text(calibration, dump_yaml(content))
