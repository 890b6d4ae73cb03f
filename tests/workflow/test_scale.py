"""Thousands of small images are a handful of jobs."""

from __future__ import annotations

from pathlib import Path

from bioloom.geometry.grid import PatchGrid, plan_blocks, plan_chunks
from bioloom.preprocess.rules import block, chunk, overlap, patch_size, predicted_size
from bioloom.settings import parse_config
from bioloom.settings.config import Config
from bioloom.tasks.recipe import targets_of
from bioloom.volumes.packs import packs
from bioloom.volumes.samples import discover

IMAGES = 1000
"""Of each of two splits."""
SIDE = 64


def many(template: Path, folder: Path) -> dict[str, str]:
    """Copy a picture and its labels many times and return the section of the config."""
    for kind in ("images", "labels"):
        (folder / kind).mkdir(parents=True)
        content = (template.parents[1] / kind / template.name).read_bytes()
        for number in range(IMAGES):
            (folder / kind / f"tile-{number:04d}.tif").write_bytes(content)
    return {kind: str(folder / kind) for kind in ("images", "labels")}


def jobs_after_plan(config: Config) -> tuple[int, int]:
    """Return how many jobs `infer` and the passes over blocks will have, by the rules behind `auto`."""
    facts = {
        "ndim": 2,
        "spacing_um": [1.0, 1.0],
        "median_shape": [SIDE, SIDE],
        "object_diameter_um": {"95": 14.0},
    }
    size = predicted_size(facts, patch_size(facts)[0], [[2, 2]] * 4)[0]
    shared = overlap(size)[0]
    per_job = tuple(chunk(facts, size, shared, len(targets_of(config).channels(2)))[0])
    chunks = fanned_out = 0
    for samples in packs(discover(config.data), config.data.pack_voxels).values():
        if samples[0].split == "train":
            continue
        shapes: dict[str, tuple[int, ...]] = {sample.image: (SIDE, SIDE) for sample in samples}
        grids = {image: PatchGrid.of(shape, size, shared) for image, shape in shapes.items()}
        chunks += len({row.chunk for row in plan_chunks(grids, per_job)})
        blocks = plan_blocks(shapes, tuple(block(facts)[0]))
        fanned_out += len(samples) == 1 and len(blocks) > 1
    return chunks, fanned_out


def test_two_thousand_images_are_fewer_than_a_hundred_jobs(tmp_path, picture, project):
    template = picture(tmp_path / "template", "tile", seed=1, shape=(SIDE, SIDE))
    data = {split: many(template, tmp_path / split) for split in ("train", "test")}
    config = {"run": "many", "task": "instance_segmentation", "data": data}
    launch = tmp_path / "launch"
    launch.mkdir()

    planned = type(project)(launch, config).planned()
    chunks, fanned_out = jobs_after_plan(parse_config(config))
    assert planned["plan"] == planned["stitch"] >= 2
    assert planned["infer"] == 0  # not known before `plan`, hence computed
    assert chunks >= 2
    assert fanned_out == 0
    assert planned.total() + chunks < 100
