"""``bioloom preprocess``: convert the images and labels of a pack to OME-Zarr."""

from __future__ import annotations

from pathlib import Path

from bioloom.cli import options_flag, read_flag, step, write_flag
from bioloom.settings.config import Config
from bioloom.volumes.samples import COLUMNS


@step("preprocess")
@options_flag
@read_flag("--pack", f"table of the pack's samples ({','.join(COLUMNS)})")
@write_flag("--images", "manifest of the images; they lie beside it")
@write_flag("--labels", "manifest of the labels; they lie beside it")
def command(options: Config, pack: Path, images: Path, labels: Path) -> None:
    """Example: bioloom preprocess --options results/demo/options/preprocess.yaml --pack
    results/demo/packs/test_tile-11.csv --images trial/images/test_tile-11.csv --labels
    trial/labels/test_tile-11.csv
    """
    from bioloom.preprocess.convert import convert_pack
    from bioloom.preprocess.meaning import meaning_of
    from bioloom.volumes.manifest import write_manifest
    from bioloom.volumes.samples import read_pack

    image_entries, label_entries = convert_pack(
        read_pack(pack),
        images.parent,
        labels.parent,
        axes=options.data.axes,
        voxel_size=options.data.voxel_size,
        normalize=options.preprocess.normalize,
        meaning=meaning_of(options),
    )
    write_manifest(labels, label_entries)
    write_manifest(images, image_entries)
