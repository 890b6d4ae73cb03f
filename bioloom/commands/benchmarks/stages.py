"""What comes before and after the network: speed, and memory when the image grows."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import tifffile

from bioloom.commands.benchmarks import scene
from bioloom.commands.benchmarks.chunks import write_chunks
from bioloom.commands.benchmarks.job import job
from bioloom.commands.benchmarks.page import Row, Section
from bioloom.commands.benchmarks.rounds import side_by_side, timed
from bioloom.commands.benchmarks.scale import Scale
from bioloom.preprocess.slabs import SLAB_BYTES
from bioloom.volumes.store import open_volume

FLAT = 1.25
"""Peak memory at the large image over that at the small one: what still counts as flat."""
CUT = ("stitch", "postprocess")
"""Stages that work block by block, so that the small image is several units of work already."""
CROPS = 100
BYTES = {"preprocess": 2, "stitch": 4 * len(scene.SPEC.channels)}
"""Bytes per voxel by which the speed counts: raw uint16, and float32 predictions."""


def measure_stages(scale: Scale) -> Section:
    """Measure preprocessing, random crops, stitching and post-processing of a small and a large image."""
    with TemporaryDirectory() as name:
        folders = {side: Path(name) / str(side) for side in (scale.side, scale.larger)}
        for side, folder in folders.items():
            scene.write_image(scene.raw_file(folder), side)
        rows = _grow("preprocess", folders, scale)
        rows.append(_crops(folders[scale.larger], scale))
        for side, folder in folders.items():
            write_chunks(folder, side)
        rows += _grow("stitch", folders, scale)
        rows += _grow("postprocess", folders, scale)
        rows.append(_blocks(folders[scale.side], scale))
    times = (scale.larger / scale.side) ** 2
    return Section(
        "Before and after the network",
        f"A made-up image of {scale.side}x{scale.side} voxels full of objects, and one {times:.0f} times as "
        f"large; blocks of {scale.block}x{scale.block}. Every stage runs in a process of its own; memory is "
        "its peak without what Python and the libraries take to start. "
        f"Turns: {scale.rounds}.",
        rows,
        f"Preprocessing reads slabs of up to {SLAB_BYTES >> 20} MiB; the small image is a part of one.",
    )


def _grow(stage: str, folders: dict[int, Path], scale: Scale) -> list[Row]:
    """Compare a stage on the large image with the same on the small one."""
    jobs = {str(side): job(stage, folder, side, scale.block) for side, folder in folders.items()}
    found = side_by_side(jobs, scale.rounds)
    small, large = found[str(scale.side)], found[str(scale.larger)]
    speeds = [_speed(stage, side, found[str(side)]["seconds"]) for side in (scale.larger, scale.side)]
    unit = "MB/s" if stage in BYTES else "MVoxel/s"
    growth = large["memory"] / small["memory"]
    per_voxel = 1e6 * (large["memory"] - small["memory"]) / (scale.larger**2 - scale.side**2)
    return [
        Row(
            f"{stage}, large image",
            f"{speeds[0]:.3g} {unit}",
            f"small: {speeds[1]:.3g} {unit}",
            speeds[0] / speeds[1],
        ),
        Row(
            f"{stage}, peak memory for the large image",
            f"{large['memory']:.0f} MB ({per_voxel:+.1f} bytes per added voxel)",
            f"small: {small['memory']:.0f} MB",
            growth,
            f"flat (<= {FLAT})" if stage in CUT else "",
            growth <= FLAT,
        ),
    ]


def _speed(stage: str, side: int, seconds: float) -> float:
    """Return MB or, where no bytes are counted, megavoxels per second."""
    return side**2 * BYTES.get(stage, 1) / 1e6 / seconds


def _blocks(folder: Path, scale: Scale) -> Row:
    """Compare post-processing in blocks with that in one."""
    cut, whole = (job("postprocess", folder, scale.side, block) for block in (scale.block, scale.side))
    found = side_by_side({"cut": cut, "whole": whole}, scale.rounds)
    speeds = {name: _speed("postprocess", scale.side, v["seconds"]) for name, v in found.items()}
    return Row(
        "postprocess in blocks, small image",
        f"{speeds['cut']:.3g} MVoxel/s",
        f"in one block: {speeds['whole']:.3g} MVoxel/s",
        speeds["cut"] / speeds["whole"],
    )


def _crops(folder: Path, scale: Scale) -> Row:
    """Compare random crops from the store with the same from the uncompressed file, mapped into memory."""
    boxes = scene.random_boxes(scale.larger, min(scene.PATCH, scale.side), CROPS)
    volume, raw = open_volume(scene.image_store(folder)), tifffile.memmap(scene.raw_file(folder), mode="r")
    candidates = {
        "store": timed(lambda: [volume.read(box) for box in boxes]),
        "raw": timed(lambda: [np.array(raw[box.slices]) for box in boxes]),
    }
    found = side_by_side(candidates, scale.rounds)
    speeds = {name: CROPS / v["seconds"] for name, v in found.items()}
    return Row(
        f"random crops of {boxes[0].shape[0]}x{boxes[0].shape[1]} from the store",
        f"{speeds['store']:.0f} a second",
        f"from memory, where training keeps what fits: {speeds['raw']:.0f} a second",
        speeds["store"] / speeds["raw"],
    )
