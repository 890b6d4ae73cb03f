"""``bioloom export``: write outputs in other formats."""

from __future__ import annotations

from pathlib import Path

from bioloom.cli import options_flag, read_flag, step, write_flag
from bioloom.settings.config import Config


@step("export")
@options_flag
@read_flag("--outputs", "manifest of the outputs")
@write_flag("--exports", "manifest of the copies; they lie beside it")
def command(options: Config, outputs: Path, exports: Path) -> None:
    """Writes TIFF if the options name no format. The time points of a file become one file again.

    Example: bioloom export --outputs results/demo/outputs/test_tile-11.csv --exports
    trial/exports/test_tile-11.csv
    """
    from bioloom.volumes.export import export_pack
    from bioloom.volumes.manifest import read_manifest, write_manifest

    exports.parent.mkdir(parents=True, exist_ok=True)
    formats = options.report.export or ["tiff"]
    write_manifest(exports, export_pack(read_manifest(outputs), exports.parent, formats))
