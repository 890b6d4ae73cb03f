import json
import re
import shutil

import numpy as np
import pytest

from bioloom.errors import BioLoomError
from bioloom.geometry.box import Box
from bioloom.geometry.grid import tiles
from bioloom.volumes.shared import SharedStore
from bioloom.volumes.store import create_volume, open_volume

SHAPES = {2: ((300, 300), (256, 256)), 3: ((70, 65, 300), (64, 64, 128))}


def make(shape, block):
    return lambda path: create_volume(
        path, (1, *shape), np.uint32, spacing=(1.0,) * len(shape), kind="labels", block=block
    )


def all_(number):
    return lambda box: np.full((1, *box.shape), number, np.uint32)


@pytest.fixture(params=SHAPES)
def filled(request, tmp_path):
    """A folder, its store, and the marks of all blocks: the first is empty, the others hold their number."""
    shape, block = SHAPES[request.param]
    store = SharedStore.create(tmp_path / "shared", make(shape, block))
    marks = [store.fill(core, all_(number)) for number, core in enumerate(tiles(shape, block))]
    return store, marks, shape, block


@pytest.fixture
def output(tmp_path):
    return tmp_path / "outputs" / "a.zarr"


def test_the_complete_store_moves_to_its_place(filled, output):
    store, marks, shape, block = filled
    assert set(marks[0]["shards"].values()) == {0}
    assert min(marks[1]["shards"].values()) > 0
    store.complete([json.loads(json.dumps(mark)) for mark in marks], output)
    volume = open_volume(output)
    for number, core in enumerate(tiles(shape, block)):
        assert (volume.read(core) == number).all()
    assert (output / "1").is_dir()
    assert list(store.folder.iterdir()) == []


def test_completing_again_after_a_kill_gives_the_same(filled, output, monkeypatch):
    store, marks, *_ = filled

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("bioloom.volumes.shared.replace", killed)
        with pytest.raises(KeyboardInterrupt):
            store.complete(marks, output)
    store.complete(marks, output)
    first = open_volume(output).entry("a")
    store.complete(marks, output)  # the move was the last thing before the kill
    assert open_volume(output).entry("a") == first


def test_a_job_that_runs_twice_or_belongs_to_an_earlier_store_does_no_harm(filled, output):
    store, marks, shape, block = filled
    core = list(tiles(shape, block))[-1]
    orphan, again = store, SharedStore.create(store.folder, make(shape, block))
    assert again.name != orphan.name
    marks = [again.fill(core, all_(7)) for core in tiles(shape, block)]
    orphan.fill(core, all_(9))
    assert again.fill(core, all_(7)) == marks[-1]
    again.complete(marks, output)
    assert (open_volume(output).read() == 7).all()
    with pytest.raises(BioLoomError, match="there is no OME-Zarr store"):
        orphan.fill(core, all_(9))


def test_a_store_made_anew_after_some_jobs_is_noticed(filled, output):
    store, marks, shape, block = filled
    again = SharedStore.create(store.folder, make(shape, block))
    core = next(tiles(shape, block))
    with pytest.raises(BioLoomError, match="lacks what some of its jobs wrote; fix: delete the folder"):
        again.complete([again.fill(core, all_(3)), *marks[1:]], output)
    assert not output.exists()


@pytest.mark.parametrize(
    "damage", ["a shard is gone", "a shard is cut", "the store is gone", "an older output"]
)
def test_what_is_lost_is_noticed(filled, output, damage):
    store, marks, shape, _ = filled
    shard = max((store.path / "0" / "c").rglob("*"), key=lambda path: (path.is_file(), path.name))
    if damage == "a shard is gone":
        shard.unlink()
    elif damage == "a shard is cut":
        shard.write_bytes(shard.read_bytes()[:-1])
    else:
        shutil.rmtree(store.path)
    if damage == "an older output":
        make(shape, None)(output).array[...] = 1
    before = sorted(output.rglob("*"))
    with pytest.raises(BioLoomError, match=re.escape(str(store.folder))):
        store.complete(marks, output)
    assert sorted(output.rglob("*")) == before


def test_a_block_that_cuts_a_shard_is_refused(filled):
    store, *_, shape, _block = filled
    core = Box((0,) * len(shape), (9,) * len(shape))
    with pytest.raises(ValueError, match="cuts the blocks"):
        store.fill(core, all_(1))


def test_a_block_of_several_shards_is_made_one_by_one(tmp_path):
    shape, made = (70, 130, 150), []

    def values(box):
        made.append(box)
        return np.full((1, *box.shape), len(made), np.uint32)

    store = SharedStore.create(tmp_path, make(shape, (64, 64, 64)))
    mark = store.fill(Box((0, 64, 0), (70, 130, 150)), values)
    assert [box.shape for box in made[:3]] == [(64, 64, 64), (64, 64, 64), (64, 64, 22)]
    assert len(made) == len(mark["shards"]) == 12
    found = open_volume(store.path)
    assert all((found.read(box) == number).all() for number, box in enumerate(made, start=1))
