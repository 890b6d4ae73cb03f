"""``bioloom fit``: choose thresholds on the validation images."""

from __future__ import annotations

import logging
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bioloom.cli import options_flag, read_flag, step, write_flag
from bioloom.settings.config import Config

if TYPE_CHECKING:
    from bioloom.geometry.box import Box
    from bioloom.volumes.manifest import Entry


@step("fit")
@options_flag
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
    from bioloom.evaluate.matching import match_counts
    from bioloom.postprocess.calibrate import fit_thresholds
    from bioloom.postprocess.crops import crops
    from bioloom.settings.resolve import read_fingerprint, sizes
    from bioloom.settings.yaml_file import dump_yaml
    from bioloom.tasks.recipe import operations_of
    from bioloom.volumes.atomic import write_text
    from bioloom.volumes.manifest import Stores, read_manifest
    from bioloom.volumes.store import open_volume

    entries = [entry for pack in packs for entry in read_manifest(predictions / f"{pack}.csv")]
    truths = Stores(*(labels / f"{pack}.csv" for pack in packs))
    first = open_volume(entries[0].path) if entries else None

    def truth(entry: Entry, box: Box) -> Any:
        return open_volume(truths[entry.image]).read(box)[0]

    parts = [(entry, box) for entry in entries for box in crops(entry.shape[1:], partial(truth, entry))]
    found = fit_thresholds(
        (open_volume(entry.path).read(box) for entry, box in parts),
        (truth(entry, box) for entry, box in parts),
        operations_of(options),
        match_counts,
        channels=first.channel_names if first else (),
        spacing=first.spacing if first else (),
        defaults=sizes(read_fingerprint(fingerprint)["resolved"]),
    )
    logging.info("%s: %s", found.thresholds, found.reason)
    content = {"thresholds": found.thresholds, "reason": found.reason, "curve": list(found.curve)}
    write_text(calibration, dump_yaml(content))
