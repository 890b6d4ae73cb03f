"""``bioloom stitch``: put the chunks of a pack together."""

from __future__ import annotations

from pathlib import Path

import click

from bioloom.cli import read_flag, resolved_options, step, write_flag
from bioloom.settings.config import Config


@step("stitch")
@resolved_options
@read_flag("--chunks", "table of the pack's chunks")
@read_flag("--images", "manifest of the pack's images")
@read_flag("--blocks", "table of the pack's blocks")
@read_flag("--model", "folder of the trained model")
@read_flag(
    "--sums", "folder with the sums of every chunk; beside the chunk table if left out", required=False
)
@write_flag("--predictions", "manifest of the predictions; they lie beside it", required=False)
@click.option("--stitched", type=click.Path(path_type=Path), help="Folder that the jobs of the pack share.")
@click.option("--block", help="Which block of the table.")
def command(
    options: Config,
    chunks: Path,
    images: Path,
    blocks: Path,
    model: Path,
    sums: Path | None,
    predictions: Path | None,
    stitched: Path | None,
    block: str | None,
) -> None:
    """Give --predictions alone to do everything in one job; images of many blocks take a job that makes
    the stores (--stitched), one per block (--stitched --block), and a last one (--stitched --predictions).

    Example: bioloom stitch --options results/demo/options/stitch.yaml --fingerprint
    results/demo/fingerprint.yaml --chunks results/demo/chunks/test_tile-11.csv --images
    results/demo/images/test_tile-11.csv --blocks results/demo/blocks/test_tile-11.csv --model
    results/demo/models/all --sums trial/sums --predictions trial/predictions/test_tile-11.csv
    """
    from bioloom.infer import assemble
    from bioloom.train.spec import read_spec
    from bioloom.volumes.manifest import entry_of, read_manifest, write_manifest
    from bioloom.volumes.plans import read_blocks, read_chunks, row_of_block, rows_of_image

    if not stitched and not predictions:
        raise click.UsageError("give --predictions, or --stitched")
    spec, chunk_rows, block_rows = read_spec(model), read_chunks(chunks), read_blocks(blocks)
    patches = (tuple(options.infer.patch_size), tuple(options.patch.overlap))
    files = assemble.Sums(sums or chunks.with_suffix(""), spec.weights)
    row = row_of_block(block_rows, block) if block else None
    entries = [entry_of(read_manifest(images), row.image)] if row else read_manifest(images)
    works = []
    for entry in entries:
        work = assemble.open_stitching(entry, patches, chunk_rows, files, spec)
        works.append((work, rows_of_image(block_rows, entry.image, entry.shape[1:])))
    if row:
        assemble.stitch_shared(works[0][0], row, stitched)
    elif not predictions:
        assemble.create_shared(works, stitched)
    else:
        finished = []
        for work, own in works:
            target = predictions.parent / f"{work.entry.image}.zarr"
            if stitched:
                finished.append(assemble.finish_shared(work, own, stitched, target))
            else:
                finished.append(assemble.stitch_image(work, own, target))
        write_manifest(predictions, finished)
