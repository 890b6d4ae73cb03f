"""Tests of ``bioloom.postprocess.product``."""

import numpy as np
import pytest

from bioloom.errors import BioLoomError
from bioloom.geometry.box import Box
from bioloom.geometry.grid import BlockRow, plan_blocks, tiles
from bioloom.postprocess.product import Recipe, finish_image, merge_pass, process_block, process_image
from bioloom.postprocess.workspace import FileWorkspace
from bioloom.volumes.manifest import entry_of
from bioloom.volumes.store import create_volume, open_volume

TERMS = dict.fromkeys(("foreground", "seeds", "topography"), "channel-0")
RECIPE = Recipe([{"name": "watershed", **TERMS}, "fill_holes"], {}, {}, 20)
PASSES = ["0-seeds", "1-flood", "2-fill_holes", "3-relabel"]
SHAPES = {2: ((300, 300), (256, 256)), 3: ((20, 130, 70), (64, 64, 64))}


def cones(shape):
    """A prediction of round objects, 20 voxels apart."""
    grid = np.mgrid[tuple(slice(n) for n in shape)] % 20 - 10
    return np.clip(1.2 - np.sqrt((grid**2).sum(0)) / 10, 0, 1).astype(np.float32)[np.newaxis]


@pytest.fixture(params=SHAPES)
def scene(request, tmp_path):
    """A pack of two predictions, and its blocks."""
    shape, tile = SHAPES[request.param]
    shapes = {"test_a": shape, "test_b": (*shape[:-1], shape[-1] // 2)}
    entries = []
    for image, sides in shapes.items():
        path = tmp_path / f"{image}.zarr"
        volume = create_volume(path, (1, *sides), np.float32, spacing=(1.0,) * len(sides), kind="prediction")
        volume.write(Box.of(sides), cones(sides))
        entries.append(volume.entry(image))
    return entries, plan_blocks(shapes, tile)


def run_pass(scene, folder, name):
    entries, rows = scene
    for row in reversed(rows):
        process_block(entry_of(entries, row.image), rows, RECIPE, folder, name, row.block)
    merge_pass(entries, rows, RECIPE, folder, name)


def test_many_jobs_make_the_stores_of_one(scene, tmp_path):
    entries, rows = scene
    folder = tmp_path / "passes"
    for name in PASSES:
        run_pass(scene, folder, name)
    process_block(entries[0], rows, RECIPE, folder, PASSES[-1], rows[0].block)  # an orphan
    for entry in entries:
        name = f"{entry.image}.zarr"
        many = finish_image(entry, rows, RECIPE, folder, tmp_path / "many" / name)
        one = process_image(entry.path, entry.image, rows, RECIPE, tmp_path / "one" / name)
        assert (many.image, many.digest) == (entry.image, one.digest)
        assert open_volume(many.path).read().max() > 5
        assert finish_image(entry, rows, RECIPE, folder, many.path) == many  # after a kill
    assert all(not path.is_dir() or path.name in PASSES for path in folder.iterdir())


def test_stores_made_anew_after_their_blocks_are_noticed_and_change_the_table(scene, tmp_path):
    entries, rows = scene
    folder = tmp_path / "passes"
    for name in PASSES:
        run_pass(scene, folder, name)
    table = FileWorkspace(folder, "").table_path(PASSES[-2])
    before = table.read_bytes()
    merge_pass(entries, rows, RECIPE, folder, PASSES[-2])
    assert table.read_bytes() != before  # so that the workflow runs the last pass again
    for entry in entries:
        with pytest.raises(BioLoomError, match="lacks what some of its jobs wrote"):
            finish_image(entry, rows, RECIPE, folder, tmp_path / f"{entry.image}.zarr")
    run_pass(scene, folder, PASSES[-1])
    for entry in entries:
        finish_image(entry, rows, RECIPE, folder, tmp_path / "outputs" / f"{entry.image}.zarr")


@pytest.mark.parametrize("block", [256, 600])
def test_one_job_keeps_the_passes_of_many_blocks_in_files_and_removes_them(tmp_path, block, monkeypatch):
    grid = np.mgrid[:600, :600] % 40 - 20
    values = np.clip(1 - np.hypot(*grid) / 15, 0, 1).astype(np.float32)[np.newaxis]
    prediction = create_volume(
        tmp_path / "prediction.zarr",
        values.shape,
        np.float32,
        spacing=(1, 1),
        kind="prediction",
        facts={"spacing_known": False},
    )
    prediction.write(Box.of(prediction.spatial), values)
    rows = [BlockRow(f"{n:05d}", "a", core) for n, core in enumerate(tiles((600, 600), (block, block)))]
    recipe = Recipe([{"name": "watershed", **TERMS}], {}, {}, 20)
    written = []
    put = FileWorkspace.put_partial
    monkeypatch.setattr(FileWorkspace, "put_partial", lambda *a: (written.append(a[2]), put(*a)))
    entry = process_image(tmp_path / "prediction.zarr", "a", rows, recipe, tmp_path / "outputs" / "a.zarr")
    assert set(written) == ({row.block for row in rows} if len(rows) > 1 else set())
    assert [path.name for path in entry.path.parent.iterdir()] == ["a.zarr"]
    assert open_volume(entry.path).read().max() == 15 * 15
    assert not open_volume(entry.path).spacing_known
