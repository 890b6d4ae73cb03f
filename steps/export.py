"""``bioloom export``: write outputs as TIFF."""

from __future__ import annotations

from pathlib import Path

from bioloom.cli import options_flag, read_flag, step, write_flag
from bioloom.settings.config import Config


@step("export")
@options_flag
@read_flag("--outputs", "manifest of the outputs")
@write_flag("--exports", "manifest of the TIFF files; they lie beside it")
def command(options: Config, outputs: Path, exports: Path) -> None:
    """Example: bioloom export --outputs results/demo/outputs/test_tile-11.csv --exports
    trial/exports/test_tile-11.csv
    """
    from bioloom.volumes.formats.tiff import export_tiff
    from bioloom.volumes.manifest import read_manifest, write_manifest
    from bioloom.volumes.store import open_volume

    exports.parent.mkdir(parents=True, exist_ok=True)
    entries = []
    for entry in read_manifest(outputs):
        target = exports.parent / f"{entry.image}.tif"
        entries.append(export_tiff(open_volume(entry.path), entry.image, target))
    write_manifest(exports, entries)
