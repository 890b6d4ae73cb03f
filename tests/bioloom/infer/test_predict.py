import numpy as np
import pytest
import torch

from bioloom.errors import BioLoomError
from bioloom.geometry.grid import PatchGrid, plan_chunks
from bioloom.infer.fixed_point import SCALE
from bioloom.infer.predict import Picture, Predictor, predict_chunk
from bioloom.volumes.store import open_volume


def copy(batch):
    return batch


def test_a_patch_is_normalised(image):
    volume = open_volume(image((1, 20, 30)).path)
    grid = PatchGrid((20, 30), (16, 16), (4, 4))
    picture = Picture(volume, grid, np.float32([10]), np.float32([4]))
    expected = (volume.read(grid.patch((1, 2))).astype(np.float32) - 10) / 4
    np.testing.assert_allclose(picture.patch((1, 2)), expected, rtol=1e-6)


def test_an_image_smaller_than_a_patch_is_mirrored(image):
    volume = open_volume(image((1, 5, 30)).path)
    picture = Picture(volume, PatchGrid((5, 30), (16, 16), (4, 4)), np.float32([0]), np.float32([1]))
    expected = np.pad(volume.read()[0], ((0, 11), (0, 0)), "reflect")[:, :16]
    np.testing.assert_array_equal(picture.patch((0, 0))[0], expected)


def test_batches_are_filled_up():
    seen = []

    def forward(batch):
        seen.append(tuple(batch.shape))
        return batch

    predictor = Predictor(forward, torch.device("cpu"), 4)
    patches = [np.full((1, 8, 8), value, np.float32) for value in (1, 2, 3)]
    found = predictor(patches)
    assert seen == [(4, 1, 8, 8)]
    assert found.dtype == np.int32
    np.testing.assert_array_equal(found[:, 0, 0, 0], [SCALE, 2 * SCALE, 3 * SCALE])


class Counter:
    """Takes note of what it is told."""

    def __init__(self):
        self.told = []

    def start(self, total, done=0):
        self.told.append(("start", total))

    def advance(self, note=""):
        self.told.append("advance")

    def finish(self):
        self.told.append("finish")


@pytest.mark.parametrize("shape", [(1, 40, 30), (1, 10, 20, 40)], ids=["2d", "3d"])
def test_small_images_share_a_chunk(image, shape):
    size, overlap = (8, 16, 16)[-len(shape) + 1 :], (2, 4, 4)[-len(shape) + 1 :]
    entries = [image(shape, "a"), image(shape, "b")]
    grids = {e.image: PatchGrid(e.shape[1:], size, overlap) for e in entries}
    pictures = {
        e.image: Picture(open_volume(e.path), grids[e.image], np.float32([0]), np.float32([255]))
        for e in entries
    }
    rows = plan_chunks(grids, (99,) * len(size))
    assert {row.chunk for row in rows} == {"00000"}
    progress = Counter()
    sums = predict_chunk(rows, pictures, Predictor(copy, torch.device("cpu"), 3), progress=progress)
    assert {name: values.shape for name, values in sums.items()} == {"a": shape, "b": shape}
    patches = sum(row.patches.size for row in rows)
    assert progress.told == [("start", patches), *["advance"] * patches, "finish"]
    alone = predict_chunk(rows[1:], pictures, Predictor(copy, torch.device("cpu"), 2))
    np.testing.assert_array_equal(alone["b"], sums["b"])


def test_what_a_reader_raises_arrives(image):
    class Broken:
        def read_reflected(self, box):
            raise BioLoomError("the store is damaged")

    grid = PatchGrid((40, 40), (16, 16), (4, 4))
    picture = Picture(Broken(), grid, np.float32([0]), np.float32([1]))
    with pytest.raises(BioLoomError, match="the store is damaged"):
        predict_chunk(
            plan_chunks({"a": grid}, (9, 9)), {"a": picture}, Predictor(copy, torch.device("cpu"), 2)
        )
