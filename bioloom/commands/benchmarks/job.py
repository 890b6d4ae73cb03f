"""One stage on the made-up image in a process of its own, which says how long it took and what memory.

``python -m bioloom.commands.benchmarks.job STAGE FOLDER SIDE BLOCK`` prints JSON. Only this way is a peak of
memory that of the stage alone.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from time import perf_counter

import psutil

from bioloom.commands.benchmarks import scene
from bioloom.settings import parse_options
from bioloom.usage import peak_bytes
from bioloom.volumes.manifest import Entry

Work = Callable[[], object]
HALO = 40
"""Voxels around a block of post-processing, more than any object."""


def job(stage: str, folder: Path, side: int, block: int) -> Callable[[], Mapping[str, float]]:
    """Return a measurement of a stage: its ``seconds``, and its ``memory`` in MB above the start-up."""
    command = [sys.executable, "-m", __name__, stage, str(folder), str(side), str(block)]

    def measure() -> Mapping[str, float]:
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        found: dict[str, float] = json.loads(done.stdout)
        return found

    return measure


def prepare_preprocess(folder: Path, side: int, block: int) -> Work:
    """Return the conversion of the raw file."""
    from bioloom.preprocess.convert import convert_sample
    from bioloom.volumes.samples import Sample

    sample = Sample(scene.IMAGE, "predict", scene.raw_file(folder))
    return lambda: convert_sample(
        sample,
        scene.image_store(folder).parent,
        folder / "labels",
        axes=None,
        voxel_size=None,
        normalize=parse_options({}).preprocess.normalize,
    )


def prepare_stitch(folder: Path, side: int, block: int) -> Work:
    """Return the stitching of the chunk files."""
    from bioloom.geometry.grid import plan_blocks
    from bioloom.infer.assemble import Stitching, Sums, stitch_image

    entry = Entry(scene.IMAGE, scene.image_store(folder), (1, side, side), "uint16", "")
    sums = Sums(folder, scene.SPEC.weights)
    work = Stitching(entry, scene.grid_of(side), scene.chunks_of(side), sums, scene.SPEC)
    rows = plan_blocks({scene.IMAGE: (side, side)}, (block, block))
    return lambda: stitch_image(work, rows, scene.prediction_store(folder))


def prepare_postprocess(folder: Path, side: int, block: int) -> Work:
    """Return all passes of the post-processing."""
    import skimage.segmentation  # noqa: F401 - what the passes import when they run is part of the start-up

    from bioloom.geometry.grid import plan_blocks
    from bioloom.postprocess.product import Recipe, process_image

    recipe = Recipe(scene.OPERATIONS, {}, {}, HALO)
    rows = plan_blocks({scene.IMAGE: (side, side)}, (block, block))
    prediction, output = scene.prediction_store(folder), folder / "outputs" / f"{scene.IMAGE}.zarr"
    return lambda: process_image(prediction, scene.IMAGE, rows, recipe, output)


STAGES = {"preprocess": prepare_preprocess, "stitch": prepare_stitch, "postprocess": prepare_postprocess}


def main() -> None:
    """Run the stage that the command line names."""
    stage, folder, side, block = sys.argv[1:]
    work = STAGES[stage](Path(folder), int(side), int(block))
    before, began = psutil.Process().memory_info().rss, perf_counter()
    work()
    seconds = perf_counter() - began
    print(json.dumps({"seconds": seconds, "memory": (peak_bytes() - before) / 1e6}))


if __name__ == "__main__":
    main()
