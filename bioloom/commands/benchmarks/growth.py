"""Memory as an image grows: every stage on a made-up volume, on 8 times and on 64 times as many voxels."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from bioloom.commands.benchmarks import bulk, bulk_job
from bioloom.commands.benchmarks.bulk import Bulk
from bioloom.settings.reference import table

FLAT = 1.10
"""The peak of a larger volume over that of the smallest one that counts as flat."""
ROUNDS = 3
"""Runs on the smallest volume, of which the median counts: the others are compared with it."""
NOISE = 5.0
"""MB by which the peaks of the same job differ from run to run: threads do not meet in the same way twice."""

TABLES = ("merge", "measure", "evaluate")
"""Words in the names of stages that hold a table of all objects."""

Found = Mapping[str, float]
"""What a stage took: ``memory`` (MB above the start-up) and ``seconds``."""


def measure_growth(
    smallest: tuple[int, ...], factors: Sequence[int], stages: Sequence[str] = tuple(bulk_job.STAGES)
) -> dict[str, str]:
    """Return the generated parts of the page: ``memory``, and ``objects`` with what objects cost.

    Clusters of objects lie farther apart in a larger volume, so that there are about as many: what grows then
    grows with voxels. The second size is measured full of objects as well.

    Parameters
    ----------
    smallest : tuple of int
        Spatial shape of the smallest volume.
    factors : sequence of int
        By what its sides are multiplied.
    stages : sequence of str
        Which stages, in the order of the pipeline.
    """
    shapes = {factor: tuple(n * factor for n in smallest) for factor in factors}
    found, scenes = {}, {}
    for factor, shape in shapes.items():
        rounds = [_run(shape, factor, stages) for _ in range(ROUNDS if factor == factors[0] else 1)]
        scenes[factor], found[factor] = rounds[0][0], _medians([values for _, values in rounds])
    full_scene, full = _run(shapes[factors[1]], 1, stages)
    return {
        "memory": _memory_text(list(scenes.values()), list(found.values())),
        "objects": _objects_text(scenes[factors[1]], found[factors[1]], full_scene, full),
    }


def _run(shape: tuple[int, ...], every: int, stages: Iterable[str]) -> tuple[Bulk, dict[str, Found]]:
    """Run the stages on a volume of one size, each in a process of its own."""
    with TemporaryDirectory() as folder:
        scene = Bulk(Path(folder), shape, every)
        logging.info("%s voxels, %d objects", _sides(shape), scene.objects)
        scene.write_raw()
        scene.write_chunks()
        found = {}
        for stage in stages:
            found[stage] = run_stage(stage, scene)
            logging.info("%s: %.0f MB, %.1f s", stage, found[stage]["memory"], found[stage]["seconds"])
    return scene, found


def _medians(rounds: Sequence[dict[str, Found]]) -> dict[str, Found]:
    """Return the median of every quantity of every stage."""
    first = rounds[0]
    return {
        stage: {name: median(values[stage][name] for values in rounds) for name in first[stage]}
        for stage in first
    }


def run_stage(stage: str, scene: Bulk) -> Found:
    """Run one stage, after those before it, in a process of its own."""
    where = (str(scene.folder), _sides(scene.shape), str(scene.every))
    command = [sys.executable, "-m", bulk_job.__name__, stage, *where]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: Found = json.loads(done.stdout.splitlines()[-1])
    return found


def _memory_text(scenes: list[Bulk], found: list[dict[str, Found]]) -> str:
    times = [round(scene.voxels / scenes[0].voxels) for scene in scenes]
    columns = ["stage", *(f"{n}x" for n in times), f"{times[-1]}x over 1x", f"MVoxel/s at {times[-1]}x"]
    rows = []
    for stage in found[0]:
        peaks = [values[stage]["memory"] for values in found]
        ratio, most = peaks[-1] / peaks[0], max(peaks)
        speed = scenes[-1].voxels / 1e6 / found[-1][stage]["seconds"]
        flat = most <= FLAT * peaks[0] or most <= peaks[0] + NOISE
        grows = f"{ratio:.2f}" if flat else f"**{ratio:.2f}**"
        rows.append((stage, *(f"{peak:.0f} MB" for peak in peaks), grows, f"{speed:.3g}"))
    sizes = "; ".join(
        f"{n}x: {_sides(scene.shape)} voxels ({scene.voxels / 1e6:.0f} million), {scene.objects} objects"
        for n, scene in zip(times, scenes, strict=True)
    )
    raw = 2 * scenes[-1].voxels / 1e9
    return (
        f"{sizes}. The largest image has {raw:.1f} GB as 16-bit integers. Blocks of {bulk.BLOCK} voxels "
        f"a side, a halo of {bulk.HALO}. The smallest volume was measured {ROUNDS} times, the "
        f"median counts. Bold: a larger volume takes over {FLAT:.2f} times as much, and at least "
        f"{NOISE:.0f} MB more, by which the same job may differ from run to run.\n\n{table(columns, rows)}"
    )


def _objects_text(sparse: Bulk, few: dict[str, Found], dense: Bulk, many: dict[str, Found]) -> str:
    added = dense.objects - sparse.objects
    rows = []
    for stage in (stage for stage in few if any(word in stage for word in TABLES)):
        more = many[stage]["memory"] - few[stage]["memory"]
        rows.append(
            (stage, *(f"{v[stage]['memory']:.1f} MB" for v in (few, many)), f"{more * 1e6 / added:.0f}")
        )
    columns = ("stage", f"{sparse.objects} objects", f"{dense.objects} objects", "bytes per added object")
    return (
        f"{_sides(dense.shape)} voxels, with clusters of objects and full of them.\n\n{table(columns, rows)}"
    )


def _sides(shape: Iterable[int]) -> str:
    return "x".join(map(str, shape))
