"""``bioloom synthesize``: make small pictures of our own, with labels."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bioloom.cli import step
from bioloom.errors import BioLoomError, did_you_mean

if TYPE_CHECKING:
    from bioloom.synthesize.kind import Kind


@step("synthesize")
@click.argument("kind")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--images", type=click.IntRange(1, 1000), default=4, show_default=True, help="Pictures per split."
)
@click.option("--size", type=int, help="Rows and columns, voxels; the depth keeps its proportion.")
@click.option("--ndim", type=click.IntRange(2, 3), help="Number of axes: 2 for planes, 3 for volumes.")
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of the pictures."
)
@click.option("--overwrite", is_flag=True, help="Replace the pictures in a folder that is not empty.")
def command(
    kind: str, folder: Path, images: int, size: int | None, ndim: int | None, seed: int, overwrite: bool
) -> None:
    """Writes FOLDER/train and FOLDER/test, each with images/ and labels/.

    The pictures have noise, blur and a voxel size; the same seed makes the same files. KIND is nuclei,
    membranes, neurites, spots, tubes or cells, or a task, whose labels/ then hold what it learns from.

    Example: bioloom synthesize nuclei synthetic/nuclei --images 6
    """
    from bioloom.synthesize.write import check_empty, write_all

    chosen, learned = kind_of(kind)
    frame = chosen.frame(ndim, size)
    check_empty(folder, overwrite=overwrite)
    written = list(write_all(chosen, frame, folder, images=images, seed=seed, learned=learned))
    sides, sizes = (" x ".join(f"{n:g}" for n in numbers) for numbers in (frame.shape, frame.spacing))
    click.echo(f"wrote {len(written)} images of {chosen.name} to {folder}: {sides} voxels of {sizes} um")


def kind_of(name: str) -> tuple[Kind, str | None]:
    """Return the kind called `name`, or that of the task called so and what the task learns from."""
    from bioloom.synthesize import KINDS
    from bioloom.tasks import TASKS

    if name in TASKS:
        return KINDS[TASKS[name].picture], TASKS[name].truth
    if name not in KINDS:
        known = [*KINDS, *TASKS]
        raise BioLoomError(
            f"unknown kind of picture '{name}'", allowed=", ".join(known), fix=did_you_mean(name, known)
        )
    return KINDS[name], None
