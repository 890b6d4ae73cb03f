"""One stage on the made-up volume in a process of its own, which says how long it took and what memory.

``python -m bioloom.commands.benchmarks.bulk_job STAGE FOLDER 160x256x512 EVERY`` prints JSON. Stages that are
jobs of blocks run all of them one after the other: the peak is that of the largest, and what a job leaves
behind shows.
"""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from time import perf_counter

import psutil

from bioloom.commands.benchmarks import bulk
from bioloom.commands.benchmarks.bulk import Bulk
from bioloom.commands.benchmarks.job import Work, peak_bytes
from bioloom.geometry.grid import BlockRow
from bioloom.settings import dump_yaml, parse_options
from bioloom.usage import give_back
from bioloom.volumes.manifest import Entry

PASSES = ("0-seeds", "1-flood", "2-fill_holes", "3-relabel")


def preprocess(scene: Bulk) -> Work:
    """Return the conversion of image and labels."""
    from bioloom.preprocess.convert import convert_sample
    from bioloom.volumes.samples import Sample

    sample = Sample(bulk.IMAGE, "test", scene.raw("images"), scene.raw("labels"))
    folders = scene.store("images").parent, scene.store("labels").parent
    normalize = parse_options({}).preprocess.normalize
    return lambda: convert_sample(sample, *folders, axes=None, voxel_size=(1, 1, 1), normalize=normalize)


def stitch(scene: Bulk, *, last: bool) -> Work:
    """Return the jobs that stitch the blocks, or the last job, which completes the store."""
    from bioloom.infer import assemble

    entry = Entry(bulk.IMAGE, scene.store("images"), (1, *scene.shape), "uint16", "")
    sums = assemble.Sums(scene.folder / "chunks", bulk.SPEC.weights)
    work = assemble.Stitching(entry, scene.grid, scene.chunks, sums, bulk.SPEC)
    shared = scene.folder / "stitched"

    def blocks() -> None:
        assemble.create_shared([(work, scene.blocks)], shared)
        for row in one_by_one(scene.blocks):
            assemble.stitch_shared(work, row, shared)

    finish = (work, scene.blocks, shared, scene.store("predictions"))
    return (lambda: assemble.finish_shared(*finish)) if last else blocks


def postprocess(scene: Bulk, name: str, *, merge: bool = False) -> Work:
    """Return the jobs of the blocks in one pass, the one that merges them, or the last job."""
    # what the passes import when they run is part of the start-up
    import scipy.ndimage
    import scipy.sparse.csgraph  # noqa: F401
    import skimage.segmentation  # noqa: F401

    from bioloom.postprocess import product

    recipe = product.Recipe(bulk.OPERATIONS, {}, {}, bulk.HALO)
    entry = Entry(bulk.IMAGE, scene.store("predictions"), (len(bulk.CHANNELS), *scene.shape), "float32", "")
    folder, rows = scene.folder / "passes", scene.blocks
    if name == "last":
        target = scene.store("outputs")
        return lambda: product.finish_image(entry, rows, recipe, folder, target)
    if merge:
        return lambda: product.merge_pass([entry], rows, recipe, folder, name)

    def blocks() -> None:
        for row in one_by_one(rows):
            product.process_block(entry, rows, recipe, folder, name, row.block)

    return blocks


def measure(scene: Bulk, *, truth: bool) -> Work:
    """Return the measuring of the outputs, or of the true labels with their distances."""
    from bioloom.measure import blocks
    from bioloom.measure.volume import measure_volume
    from bioloom.volumes.store import open_volume

    if truth:  # whose margin makes windows of blocks: the smallest volume must have whole ones
        blocks.BLOCK_VOXELS = bulk.BLOCK**3
    labels, image = scene.store("labels" if truth else "outputs"), scene.store("images")
    flags = {"distances": truth, "details": not truth}
    return lambda: measure_volume(
        open_volume(labels), open_volume(image), ("grey",), image_id=bulk.IMAGE, **flags
    )


def fit(scene: Bulk) -> Work:
    """Return the choice of thresholds on crops, as the step makes it."""
    import bioloom.evaluate.matching
    import bioloom.tasks.instance_segmentation  # noqa: F401
    from bioloom.cli import main_group
    from bioloom.postprocess import crops
    from bioloom.volumes.manifest import Entry, write_manifest

    crops.CROP_VOXELS = bulk.BLOCK**3  # the smallest volume must be several crops
    for kind, channels, dtype in (("predictions", len(bulk.CHANNELS), "float32"), ("labels", 1, "uint32")):
        entry = Entry(bulk.IMAGE, scene.store(kind), (channels, *scene.shape), dtype, "")
        write_manifest(scene.store(kind).with_suffix(".csv"), [entry])
    options, fingerprint = scene.folder / "options.yaml", scene.folder / "fingerprint.yaml"
    watershed = {**bulk.OPERATIONS[0], "seed_threshold": "fit", "foreground_threshold": "fit"}
    task = {"task": "instance_segmentation", "postprocess": [watershed, *bulk.OPERATIONS[1:]]}
    options.write_text(dump_yaml(task), encoding="utf-8")
    fingerprint.write_text("facts: {}\nresolved: {}\n", encoding="utf-8")
    files = {"options": options, "fingerprint": fingerprint, "calibration": scene.folder / "calibration.yaml"}
    folders = {kind: scene.store(kind).parent for kind in ("predictions", "labels")}
    flags = [f"--{name}={path}" for name, path in {**files, **folders}.items()]
    return lambda: main_group.main(["fit", *flags, bulk.IMAGE], standalone_mode=False)


def evaluate(scene: Bulk) -> Work:
    """Return the scoring of the outputs."""
    from bioloom.evaluate.overlap import VolumeLabels
    from bioloom.evaluate.pool import Case, pack_metrics
    from bioloom.tasks.recipe import metrics_of
    from bioloom.volumes.store import open_volume

    options = parse_options({"task": "instance_segmentation"})
    metrics = metrics_of(options)

    def work() -> object:
        truth, labels, prediction = (
            open_volume(scene.store(kind)) for kind in ("labels", "outputs", "predictions")
        )
        case = Case(bulk.IMAGE, VolumeLabels(truth), VolumeLabels(labels), prediction)
        return pack_metrics([case], metrics, smallest_truth=options.evaluate.smallest_truth)

    return work


def export(scene: Bulk) -> Work:
    """Return the export of the outputs."""
    from bioloom.volumes.formats.tiff import export_tiff
    from bioloom.volumes.store import open_volume

    target = scene.folder / "exports" / f"{bulk.IMAGE}.tif"
    target.parent.mkdir(exist_ok=True)
    return lambda: export_tiff([open_volume(scene.store("outputs"))], bulk.IMAGE, target)


def one_by_one(rows: Iterable[BlockRow]) -> Iterator[BlockRow]:
    """Yield blocks whose jobs share this process, and collect what the end of a process would take away."""
    for number, row in enumerate(rows):
        if number % 8 == 0:
            gc.collect()
            give_back()
        yield row


STAGES: dict[str, Callable[[Bulk], Work]] = {
    "preprocess": preprocess,
    "measure --truth": lambda scene: measure(scene, truth=True),
    "stitch, blocks": lambda scene: stitch(scene, last=False),
    "stitch, last job": lambda scene: stitch(scene, last=True),
    "fit": fit,
    **{
        f"postprocess {name}, {what}": partial(postprocess, name=name, merge=what == "merge")
        for name in PASSES
        for what in ("blocks", "merge")
    },
    "postprocess, last job": lambda scene: postprocess(scene, "last"),
    "measure": lambda scene: measure(scene, truth=False),
    "evaluate": evaluate,
    "export": export,
}
"""In the order of the pipeline: each needs the files of those before it."""


def main() -> None:
    """Run the stage that the command line names."""
    stage, folder, shape, every = sys.argv[1:]
    work = STAGES[stage](Bulk(Path(folder), tuple(map(int, shape.split("x"))), int(every)))
    before, began = psutil.Process().memory_info().rss, perf_counter()
    work()
    seconds = perf_counter() - began
    print(json.dumps({"seconds": seconds, "memory": (peak_bytes() - before) / 1e6}))


if __name__ == "__main__":
    main()
