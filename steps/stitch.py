"""``bioloom stitch``: put the chunks of a pack together."""

from __future__ import annotations

from pathlib import Path

from bioloom.cli import read_flag, resolved_options, step, write_flag
from bioloom.settings.config import Config


@step("stitch")
@resolved_options
@read_flag("--chunks", "table of the pack's chunks")
@read_flag("--images", "manifest of the pack's images")
@read_flag("--model", "folder of the trained model")
@read_flag("--sums", "folder with the sums of every chunk")
@write_flag("--predictions", "manifest of the predictions; they lie beside it")
def command(
    options: Config,
    chunks: Path,
    images: Path,
    model: Path,
    sums: Path,
    predictions: Path,
) -> None:
    """Example: bioloom stitch --options results/demo/options/stitch.yaml --fingerprint
    results/demo/fingerprint.yaml --chunks results/demo/chunks/test_tile-11.csv --images
    results/demo/images/test_tile-11.csv --model results/demo/models/all --sums trial/sums --predictions
    trial/predictions/test_tile-11.csv
    """
    from bioloom.geometry.grid import PatchGrid
    from bioloom.infer.assemble import Sums, stitch_image
    from bioloom.infer.chunks import check_chunks
    from bioloom.train.spec import read_spec
    from bioloom.volumes.manifest import read_manifest, write_manifest
    from bioloom.volumes.plans import read_chunks

    spec = read_spec(model)
    rows = read_chunks(chunks)
    size, overlap = tuple(options.patch.size), tuple(options.patch.overlap)
    entries = []
    for entry in read_manifest(images):
        own = [row for row in rows if row.image == entry.image]
        grid = PatchGrid(entry.shape[1:], size, overlap)
        check_chunks(entry.image, grid, own, complete=True)
        target = predictions.parent / f"{entry.image}.zarr"
        block = tuple(options.infer.block)
        entries.append(stitch_image(entry, grid, own, Sums(sums, spec.weights), spec, block, target))
    write_manifest(predictions, entries)
