"""``bioloom train``: train the network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from bioloom.cli import amount, count_or_auto, read_flag, step, task_options_flag, threads_flag, write_flag
from bioloom.settings.config import Config


@step("train")
@task_options_flag
@read_flag("--fingerprint", "fingerprint.yaml")
@read_flag("--patches", "folder with train.csv and val.csv")
@read_flag("--images", "folder with the manifests of the images")
@read_flag("--labels", "folder with the manifests of the labels")
@read_flag("--truth", "folder with the object tables of the labels")
@write_flag("--model", "folder of the model")
@write_flag("--checkpoints", "folder of the checkpoints; training goes on from there")
@click.option("--device", default="auto", help="auto, cpu, cuda or cuda:N; a GPU in use is waited for.")
@click.option("--workers", type=count_or_auto, default="auto", help="Processes that prepare patches.")
@click.option("--memory-gb", type=amount, default=2.0, help="GiB of training images that all of them keep.")
@threads_flag
@click.argument("packs", nargs=-1, required=True)
def command(
    options: Config,
    fingerprint: Path,
    patches: Path,
    images: Path,
    labels: Path,
    truth: Path,
    packs: tuple[str, ...],
    **where: Any,
) -> None:
    """Example: bioloom train --options results/demo/options/train.yaml --fingerprint
    results/demo/fingerprint.yaml --patches results/demo/patches --images results/demo/images --labels
    results/demo/labels --truth results/demo/truth --model trial/model --checkpoints trial/checkpoints
    train_tile-00 train_tile-10 val_tile-01
    """
    from bioloom.settings.resolve import read_fingerprint, resolve
    from bioloom.tasks.recipe import with_classes
    from bioloom.train.run import train_model
    from bioloom.train.setup import TrainingFiles

    found = read_fingerprint(fingerprint)
    files = TrainingFiles(patches, images, labels, truth, packs)
    config = with_classes(resolve(options, found["resolved"]), found["facts"])
    train_model(config, found["facts"], files, **where)
