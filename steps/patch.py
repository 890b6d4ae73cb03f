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
@write_flag("--patches", "table of the patches (CSV)")
@click.argument("packs", nargs=-1, required=True)
def command(options: Config, images: Path, truth: Path, patches: Path, packs: tuple[str, ...]) -> None:
    """Example: bioloom patch --options results/demo/options/patch.yaml --fingerprint
    results/demo/fingerprint.yaml --images results/demo/images --truth results/demo/truth --patches
    trial/patches/train.csv train_tile-00 train_tile-10
    """
    import pandas as pd

    from bioloom.train.patches import PATCHES, patch_table
    from bioloom.volumes.manifest import read_manifest
    from bioloom.volumes.tables import OBJECTS, read_table, write_table

    entries = [entry for pack in packs for entry in read_manifest(images / f"{pack}.csv")]
    objects = pd.concat([read_table(truth / f"{pack}.csv", OBJECTS) for pack in packs])
    table = patch_table(entries, objects, tuple(options.patch.size))
    write_table(patches, table, PATCHES)
