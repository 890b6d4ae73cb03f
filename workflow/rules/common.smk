"""What all rules share: the checked config, the packs, and functions from wildcards to files."""

import base64
import os
import sys
import zlib
from functools import cache
from pathlib import Path

from bioloom.errors import BioLoomError
from bioloom.geometry.grid import ChunkIndex, run_apart
from bioloom.settings import dump_yaml, parse_config, step_options
from bioloom.settings.config import learns_classes
from bioloom.tasks.checks import check_plugins
from bioloom.tasks.recipe import fitted, task_of
from bioloom.volumes.inner import raw_input
from bioloom.volumes.packs import packs
from bioloom.volumes.plans import read_blocks, read_chunks
from bioloom.volumes.samples import check_labelled, discover, pack_table

# jobs call `bioloom`; this finds the one beside the running Python when no environment is active
os.environ.update(
    PATH=os.pathsep.join(
        [os.environ.get("PATH", os.defpath), str(Path(sys.executable).parent)]
    )
)


try:
    CONFIG = parse_config(config)
    # once, before anything runs: its imports would slow down every job
    if workflow.is_main_process:
        check_plugins(CONFIG)
    SAMPLES = check_labelled(discover(CONFIG.data), classes=learns_classes(CONFIG))
    PACKS = packs(SAMPLES, CONFIG.data.pack_voxels)
except BioLoomError as error:
    raise WorkflowError(str(error))

RUN = f"results/{CONFIG.run}"
LOGS = f"logs/{CONFIG.run}"
BENCHMARKS = f"benchmarks/{CONFIG.run}"
DEVICE_GPUS = {
    "train": int(CONFIG.train.device.startswith("cuda")),
    "infer": int(CONFIG.infer.device.startswith("cuda")),
}


wildcard_constraints:
    step="[a-z]+",
    pack="[A-Za-z0-9._-]+",
    chunk=r"\d+",
    block=r"\d+",
    name="[0-9a-z_-]+",
    split="train|val",


def packs_of(*splits):
    """Return the packs of some splits, in order."""
    return [pack for pack, samples in PACKS.items() if samples[0].split in splits]


TASK = task_of(CONFIG)
# thresholds are chosen on predictions of the validation images, which nothing else asks for
FIT_PACKS = packs_of("val") if fitted(CONFIG) else []
TEST_PACKS = [
    pack for pack in packs_of("test") if all(sample.labels for sample in PACKS[pack])
]
FINAL_PACKS = packs_of("test", "predict")
MEASURED_PACKS = FINAL_PACKS if TASK.measured else []


def raw_files(wildcards):
    """Return the files of a pack, given by the user or made by another rule.

    Below the launch directory they are relative, as another rule calls what it makes; `local` keeps the
    prefix of a module off.
    """
    samples = PACKS[wildcards.pack]
    paths = [
        path
        for sample in samples
        for path in (sample.path, sample.labels, sample.classes)
        if path
    ]
    files = list(dict.fromkeys(raw_input(path) for path in paths))
    below = [file.is_relative_to(Path.cwd()) for file in files]
    return [
        local(os.path.relpath(file) if inside else str(file))
        for file, inside in zip(files, below)
    ]


def options_of(step):
    """Return the file with the options of a step."""
    return f"{RUN}/options/{step}.yaml"


def options_text(wildcards):
    """Return the text of an options file."""
    return dump_yaml(step_options(CONFIG, wildcards.step))


def pack_text(wildcards):
    """Return the table of a pack, packed: a shell command holds no more than 128 kB."""
    table = pack_table(PACKS[wildcards.pack]).encode()
    return base64.b64encode(zlib.compress(table, 9)).decode()


def folder(name):
    """Return a function that gives the folder of the input (or of its first file) called `name`."""

    def parent(wildcards, input):
        files = input.get(name)
        return str(Path(files if isinstance(files, str) else files[0]).parent)

    return parent


def machine(option, default):
    """Return a function that gives an option about the machine, even if other resources took its place.

    What depends on `resources` is no reason to run a job again.
    """
    return lambda wildcards, resources: resources.get(option, default)


def memory(megabytes, voxel=0):
    """Return a function that gives the memory of a job, doubled on every attempt.

    `voxel` bytes are added for every voxel of the job's block.
    """

    def needed(wildcards, attempt):
        size = 0
        if voxel:
            size = block_rows(*plan_of(wildcards.pack)[1])[wildcards.block].core.size
        return (megabytes + voxel * size // 10**6) * 2 ** (attempt - 1)

    return needed


@cache
def chunk_indices(table, time):
    """Return for every image of a pack the index of its chunks, read once for all blocks."""
    rows = {}
    for row in read_chunks(Path(table)):
        rows.setdefault(row.image, []).append(row)
    return {image: ChunkIndex(own) for image, own in rows.items()}


@cache
def block_rows(table, time):
    """Return the blocks of a pack by their names."""
    return {row.block: row for row in read_blocks(Path(table))}


def plan_of(pack):
    """Return the tables of chunks and of blocks of a pack with their times, once its plan is made."""
    output = checkpoints.plan.get(pack=pack).output
    return [
        (table, os.stat(table).st_mtime_ns) for table in (output.chunks, output.blocks)
    ]


def blocks_of(pack):
    """Return the blocks of large images, once their plan is made; none for what one job does at once."""
    rows = block_rows(*plan_of(pack)[1])
    return list(rows) if run_apart(rows.values()) else []


def chunk_files(pack, chunks):
    """Return the files of some chunks of a pack."""
    return [f"{RUN}/chunks/{pack}/{chunk}.zarr.zip" for chunk in chunks]


def chunks_of_block(wildcards):
    """Return the chunk files that touch a block of a large image."""
    chunks, blocks = plan_of(wildcards.pack)
    row = block_rows(*blocks)[wildcards.block]
    touching = chunk_indices(*chunks)[row.image].touching(row.core)
    return chunk_files(wildcards.pack, touching)


def chunks_of_pack(wildcards):
    """Return the chunk files of a pack that one job stitches; none for large images."""
    if blocks_of(wildcards.pack):
        return []
    table = Path(checkpoints.plan.get(pack=wildcards.pack).output.chunks)
    return chunk_files(
        wildcards.pack, dict.fromkeys(row.chunk for row in read_chunks(table))
    )


def stitched_blocks(wildcards):
    """Return the marks of the blocks of large images, and the names of the stores that they fill."""
    folder = f"{RUN}/stitched/{wildcards.pack}"
    blocks = blocks_of(wildcards.pack)
    marks = [f"{folder}/{block}.json" for block in blocks]
    return [f"{folder}/store.json", *marks] if blocks else []


@cache
def passes():
    """Return the names of the passes that the config's operations make."""
    from bioloom.tasks.recipe import pass_names

    return pass_names(CONFIG)


def pass_files(pack, name):
    """Return what the blocks of one pass make."""
    return [f"{RUN}/passes/{pack}/{name}/{block}.zarr.zip" for block in blocks_of(pack)]


def merged_pass(pack, name):
    """Return what merging one pass makes."""
    return f"{RUN}/passes/{pack}/{name}.zarr.zip"


def pass_before(wildcards):
    """Return the merged pass that a block needs, none for the first pass."""
    position = passes().index(wildcards.name)
    return [merged_pass(wildcards.pack, passes()[position - 1])] if position else []


def all_passes(wildcards):
    """Return everything the passes of a pack made, all of which is kept until its output is complete."""
    if not blocks_of(wildcards.pack):
        return []
    merged = [merged_pass(wildcards.pack, name) for name in passes()]
    return merged + [
        file for name in passes() for file in pass_files(wildcards.pack, name)
    ]
