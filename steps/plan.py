"""``bioloom plan``: cut a pack into chunks and blocks."""

from __future__ import annotations

import logging
from pathlib import Path

import click

from bioloom.cli import read_flag, resolved_options, step, write_flag
from bioloom.errors import BioLoomError
from bioloom.geometry.grid import PatchGrid, plan_blocks, plan_chunks
from bioloom.settings.config import Config
from bioloom.volumes.layout import aligned_block
from bioloom.volumes.manifest import read_manifest
from bioloom.volumes.plans import write_blocks, write_chunks


@step("plan")
@resolved_options
@read_flag("--images", "manifest of the pack's images")
@write_flag("--chunks", "table of the chunks (CSV)", required=False)
@write_flag("--blocks", "table of the blocks (CSV)", required=False)
@click.option(
    "--explain", "explained", is_flag=True, help="Print the arithmetic: patches, bytes, jobs, memory."
)
def command(options: Config, images: Path, chunks: Path | None, blocks: Path | None, explained: bool) -> None:
    """Give --chunks and --blocks to write the tables, --explain to see what they amount to, or all three.
    With the config of the run as --options, --explain knows its network, operations and halo.

    Example: bioloom plan --options results/demo/options/plan.yaml --fingerprint
    results/demo/fingerprint.yaml --images results/demo/images/test_tile-11.csv --chunks
    trial/chunks.csv --blocks trial/blocks.csv
    """
    if not explained and (chunks is None or blocks is None):
        raise click.UsageError("give --chunks and --blocks, or --explain")
    entries = read_manifest(images)
    if not entries:
        raise BioLoomError(f"the manifest {images} lists no image", fix="give the manifest of a pack")
    shapes = {entry.image: entry.shape[1:] for entry in entries}
    size, overlap = tuple(options.infer.patch_size), tuple(options.patch.overlap)
    chunk, block = tuple(options.infer.chunk), aligned_block(tuple(options.infer.block))
    grids = {image: PatchGrid.of(shape, size, overlap) for image, shape in shapes.items()}
    chunk_rows, block_rows = plan_chunks(grids, chunk), plan_blocks(shapes, block)
    if blocks:
        write_blocks(blocks, block_rows)
    if chunks:
        write_chunks(chunks, chunk_rows)
    if explained:
        from bioloom.geometry.arithmetic import account
        from bioloom.geometry.explain import explain
        from bioloom.infer.demand import demand_of

        demand = demand_of(options, entries[0].shape[0])
        found = account(grids, chunk_rows, block_rows, demand)
        click.echo(explain(found, next(iter(grids.values())), chunk, demand))
    count = len({row.chunk for row in chunk_rows})
    logging.info("%d images, %d chunks, %d blocks", len(shapes), count, len(block_rows))
