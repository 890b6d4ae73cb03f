"""``bioloom patch``: list the patches to learn from."""

from __future__ import annotations

from pathlib import Path

import click

from bioloom.cli import read_flag, resolved_options, step, write_flag
from bioloom.settings.config import Config


@step("patch")
@resolved_options
@read_flag("--images", "folder with the manifests of the images")
@read_flag("--truth", "folder with the object tables of the labels")
@read_flag("--labels", "folder with the manifests of the labels")
@write_flag("--patches", "table of the patches (CSV)")
@click.argument("packs", nargs=-1, required=True)
def command(
    options: Config, images: Path, truth: Path, labels: Path, patches: Path, packs: tuple[str, ...]
) -> None:
    """Example: bioloom patch --options results/demo/options/patch.yaml --fingerprint
    results/demo/fingerprint.yaml --images results/demo/images --truth results/demo/truth --labels
    results/demo/labels --patches trial/patches/train.csv train_tile-00 train_tile-10
    """
    import pandas as pd

    from bioloom.preprocess.meaning import meaning_of
    from bioloom.train.patches import PATCHES, class_patch_table, patch_table
    from bioloom.volumes.manifest import Stores, read_manifest
    from bioloom.volumes.store import open_volume
    from bioloom.volumes.tables import OBJECTS, read_table, write_table

    entries = [entry for pack in packs for entry in read_manifest(images / f"{pack}.csv")]
    size = tuple(options.patch.size)
    stores = Stores(*(labels / f"{pack}.csv" for pack in packs))
    if meaning_of(options).truth == "classes":
        opened = ((entry, open_volume(stores[entry.image])) for entry in entries)
        table = class_patch_table(opened, options.data.classes, size)
    else:
        objects = pd.concat([read_table(truth / f"{pack}.csv", OBJECTS) for pack in packs])
        table = patch_table(entries, objects, size)
    write_table(patches, table, PATCHES)
