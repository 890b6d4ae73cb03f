"""``bioloom postprocess``: make outputs of predictions."""

from __future__ import annotations

from pathlib import Path

import click

from bioloom.cli import read_flag, step, task_options_flag, write_flag
from bioloom.settings.config import Config


@step("postprocess")
@task_options_flag
@read_flag("--fingerprint", "fingerprint.yaml, for the sizes left to `auto`")
@read_flag("--predictions", "manifest of the predictions")
@read_flag("--calibration", "calibration.yaml with the thresholds; fixed ones if left out", required=False)
@read_flag("--blocks", "table of the pack's blocks")
@write_flag("--outputs", "manifest of the outputs; they lie beside it", required=False)
@click.option("--passes", type=click.Path(path_type=Path), help="Folder that the jobs of the pack share.")
@click.option("--pass", "name", help="Run one pass only: on --block, or merge all its blocks.")
@click.option("--block", help="Which block of the table.")
def command(
    options: Config,
    fingerprint: Path,
    predictions: Path,
    calibration: Path | None,
    blocks: Path,
    outputs: Path | None,
    passes: Path | None,
    name: str | None,
    block: str | None,
) -> None:
    """Give --outputs alone to do everything in one job; images of many blocks take one job per block
    and pass (--passes --pass --block), one per pass (--passes --pass), and a last one (--passes --outputs).

    Example: bioloom postprocess --options results/demo/options/postprocess.yaml --fingerprint
    results/demo/fingerprint.yaml --calibration results/demo/calibration.yaml --predictions
    results/demo/predictions/test_tile-11.csv --blocks results/demo/blocks/test_tile-11.csv --outputs
    trial/outputs/test_tile-11.csv
    """
    from bioloom.postprocess import product
    from bioloom.settings.resolve import read_calibration, read_fingerprint, resolve, sizes
    from bioloom.tasks.recipe import operations_of, task_of
    from bioloom.volumes.manifest import entry_of, read_manifest, write_manifest
    from bioloom.volumes.plans import read_blocks, row_of_block

    if outputs is None and not (passes and name):
        raise click.UsageError("give --outputs, or --passes and --pass")
    rows = read_blocks(blocks)
    entries = read_manifest(predictions)
    found = read_fingerprint(fingerprint)
    settled, axes = found["resolved"], found["facts"].get("ndim", 0)
    thresholds = read_calibration(calibration) if calibration else {}
    halo = max(resolve(options, settled).infer.halo)
    made = task_of(options).product
    recipe = product.Recipe(operations_of(options), thresholds, sizes(settled), halo, made, axes)
    if outputs is None:
        if block:
            entry = entry_of(entries, row_of_block(rows, block).image)
            product.process_block(entry, rows, recipe, passes, name, block)
        else:
            product.merge_pass(entries, rows, recipe, passes, name)
        return
    finished = []
    for entry in entries:
        target = product.output_path(outputs, entry.image, made)
        finished.append(
            product.finish_image(entry, rows, recipe, passes, target)
            if passes
            else product.process_image(entry.path, entry.image, rows, recipe, target)
        )
    write_manifest(outputs, finished)
