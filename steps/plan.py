"""``bioloom plan``: cut a pack into chunks and blocks."""

from __future__ import annotations

import logging
from pathlib import Path

from bioloom.cli import read_flag, resolved_options, step, write_flag
from bioloom.geometry.grid import PatchGrid, plan_blocks, plan_chunks
from bioloom.settings.config import Config
from bioloom.volumes.layout import aligned_block
from bioloom.volumes.manifest import read_manifest
from bioloom.volumes.plans import write_blocks, write_chunks


@step("plan")
@resolved_options
@read_flag("--images", "manifest of the pack's images")
@write_flag("--chunks", "table of the chunks (CSV)")
@write_flag("--blocks", "table of the blocks (CSV)")
def command(options: Config, images: Path, chunks: Path, blocks: Path) -> None:
    """Example: bioloom plan --options results/demo/options/plan.yaml --fingerprint
    results/demo/fingerprint.yaml --images results/demo/images/test_tile-11.csv --chunks
    trial/chunks.csv --blocks trial/blocks.csv
    """
    shapes = {entry.image: entry.shape[1:] for entry in read_manifest(images)}
    size, overlap = tuple(options.infer.patch_size), tuple(options.patch.overlap)
    grids = {image: PatchGrid.of(shape, size, overlap) for image, shape in shapes.items()}
    chunk_rows = plan_chunks(grids, tuple(options.infer.chunk))
    block_rows = plan_blocks(shapes, aligned_block(tuple(options.infer.block)))
    write_blocks(blocks, block_rows)
    write_chunks(chunks, chunk_rows)
    count = len({row.chunk for row in chunk_rows})
    logging.info("%d images, %d chunks, %d blocks", len(shapes), count, len(block_rows))
