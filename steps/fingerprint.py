"""``bioloom fingerprint``: look at the training images and settle the ``auto`` options."""

from __future__ import annotations

import logging
from pathlib import Path

import click

from bioloom.cli import read_flag, step, task_options_flag, write_flag
from bioloom.settings.config import Config


@step("fingerprint")
@task_options_flag
@read_flag("--images", "folder with the manifests of the images")
@read_flag("--truth", "folder with the object tables of the labels")
@write_flag("--fingerprint", "facts and settled options, each with its reason (YAML)")
@click.argument("packs", nargs=-1, required=True)
def command(options: Config, images: Path, truth: Path, fingerprint: Path, packs: tuple[str, ...]) -> None:
    """Example: bioloom fingerprint --options results/demo/options/fingerprint.yaml --images
    results/demo/images --truth results/demo/truth --fingerprint trial/fingerprint.yaml train_tile-00
    train_tile-10
    """
    import pandas as pd

    from bioloom.preprocess.classes import settled_class_id
    from bioloom.preprocess.fingerprint import image_facts, take_fingerprint
    from bioloom.preprocess.meaning import meaning_of
    from bioloom.preprocess.point_rules import settle_points
    from bioloom.preprocess.rules import settle
    from bioloom.preprocess.voxel_sizes import check_known
    from bioloom.settings.yaml_file import dump_yaml
    from bioloom.tasks.recipe import check_classes_known, targets_of, with_classes
    from bioloom.volumes.atomic import write_text
    from bioloom.volumes.manifest import read_manifest
    from bioloom.volumes.store import open_volume
    from bioloom.volumes.tables import OBJECTS, read_table

    entries = [entry for pack in packs for entry in read_manifest(images / f"{pack}.csv")]
    objects = pd.concat([read_table(truth / f"{pack}.csv", OBJECTS) for pack in packs])
    volumes = {entry.path: open_volume(entry.path) for entry in entries}
    check_known({p: v.spacing if v.spacing_known else None for p, v in volumes.items()})
    seen = [image_facts(entry.image, volumes[entry.path]) for entry in entries]
    meaning = meaning_of(options)
    facts = take_fingerprint(seen, objects, meaning)
    targets = targets_of(with_classes(options, facts))
    check_classes_known(targets)
    settled = settle(options, facts, len(targets.channels(facts["ndim"])))
    if meaning.truth == "classes":
        settled |= settled_class_id(facts)
    if meaning.truth == "points":
        settled |= settle_points([target.options for target in targets.targets], facts)
    for key, choice in settled.items():
        logging.info("%s = %s: %s", key, choice["value"], choice["reason"])
    write_text(fingerprint, dump_yaml({"facts": facts, "resolved": settled}))
