"""Tests of ``bioloom.postprocess.product``."""

import numpy as np
import pytest

from bioloom.geometry.box import Box
from bioloom.geometry.grid import BlockRow, tiles
from bioloom.postprocess.product import (
    Recipe,
    create_labels,
    finish_image,
    process_image,
    working_store,
)
from bioloom.postprocess.workspace import FileWorkspace
from bioloom.volumes.store import create_volume, open_volume


@pytest.fixture
def passes(tmp_path):
    """A folder of passes with a working store that all four blocks have filled."""
    shape = (300, 300)
    prediction = create_volume(
        tmp_path / "prediction.zarr", (1, *shape), np.float32, spacing=(1, 1), kind="prediction"
    )
    rows = [BlockRow(f"{n:05d}", "a", core) for n, core in enumerate(tiles(shape, (256, 256)))]
    labels = create_labels(prediction, rows, working_store(tmp_path / "passes"))
    for number, row in enumerate(rows, start=1):
        labels.write(row.core, np.full((1, *row.core.shape), number, np.uint32))
    return tmp_path / "passes"


def test_the_finished_store_is_moved_to_its_place(tmp_path, passes):
    entry = finish_image("a", passes, tmp_path / "outputs" / "a.zarr")
    volume = open_volume(entry.path)
    assert volume.read(Box((255, 255), (257, 257)))[0].tolist() == [[1, 2], [3, 4]]
    assert (entry.path / "1").is_dir()
    assert not working_store(passes).exists()


def test_finishing_again_after_a_kill_gives_the_same(tmp_path, passes, monkeypatch):
    output = tmp_path / "outputs" / "a.zarr"

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("bioloom.postprocess.product.replace", killed)
        with pytest.raises(KeyboardInterrupt):
            finish_image("a", passes, output)
    first = finish_image("a", passes, output)
    # the move was the last thing before the kill: the manifest is still missing
    assert finish_image("a", passes, output) == first


@pytest.mark.parametrize("block", [256, 600])
def test_one_job_keeps_the_passes_of_many_blocks_in_files_and_removes_them(tmp_path, block, monkeypatch):
    grid = np.mgrid[:600, :600] % 40 - 20
    values = np.clip(1 - np.hypot(*grid) / 15, 0, 1).astype(np.float32)[np.newaxis]
    prediction = create_volume(
        tmp_path / "prediction.zarr", values.shape, np.float32, spacing=(1, 1), kind="prediction"
    )
    prediction.write(Box.of(prediction.spatial), values)
    rows = [BlockRow(f"{n:05d}", "a", core) for n, core in enumerate(tiles((600, 600), (block, block)))]
    terms = dict.fromkeys(("foreground", "seeds", "topography"), "channel-0")
    recipe = Recipe([{"name": "watershed", **terms}], {}, {}, 20)
    written = []
    put = FileWorkspace.put_partial
    monkeypatch.setattr(FileWorkspace, "put_partial", lambda *a: (written.append(a[2]), put(*a)))
    entry = process_image(tmp_path / "prediction.zarr", "a", rows, recipe, tmp_path / "outputs" / "a.zarr")
    assert set(written) == ({row.block for row in rows} if len(rows) > 1 else set())
    assert [path.name for path in entry.path.parent.iterdir()] == ["a.zarr"]
    assert open_volume(entry.path).read().max() == 15 * 15
