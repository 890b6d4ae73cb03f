"""The chunk grid never shows: the same prediction, bit for bit, for any chunks in any order."""

import numpy as np
import pytest
import torch

from bioloom.geometry.box import Box
from bioloom.geometry.grid import PatchGrid, plan_chunks, tiles
from bioloom.infer.predict import Picture, Predictor, predict_chunk
from bioloom.infer.stitch import stitch_block


class MirroredArray:
    def __init__(self, values):
        self.values = values

    def read_reflected(self, box):
        size = self.values.shape[1:]
        lines = [
            np.pad(np.arange(n), (0, max(0, b - n)), "reflect") for n, b in zip(size, box.stop, strict=True)
        ]
        index = [line[a:b] for line, a, b in zip(lines, box.start, box.stop, strict=True)]
        return self.values[np.ix_(np.arange(len(self.values)), *index)]


def network(ndim):
    torch.manual_seed(0)
    layer = torch.nn.Conv2d if ndim == 2 else torch.nn.Conv3d
    norm = torch.nn.BatchNorm2d if ndim == 2 else torch.nn.BatchNorm3d
    stack = torch.nn.Sequential(
        layer(1, 8, 3, padding=1), norm(8), torch.nn.ReLU(), layer(8, 3, 3, padding=1), torch.nn.Sigmoid()
    )
    return stack.eval()


def by_planes(network):
    return lambda batch: network(batch.squeeze(2)).unsqueeze(2)


CASES = {
    2: (PatchGrid((75, 90), (16, 16), (5, 7)), [(99, 99), (4, 99), (3, 3), (2, 3)]),
    3: (PatchGrid((13, 30, 40), (8, 16, 16), (3, 4, 7)), [(9, 9, 9), (1, 9, 9), (2, 2, 2), (1, 1, 2)]),
    "thin": (PatchGrid((3, 30, 40), (8, 16, 16), (3, 4, 7)), [(9, 9, 9), (1, 2, 2), (1, 1, 2)]),
    "planes": (PatchGrid((13, 30, 40), (1, 16, 16), (0, 4, 7)), [(9, 9), (5, 5), (2, 2), (1, 2)]),
}
"""A volume that is thinner than a patch, and one of planes whose chunks are those of 2D."""


@pytest.mark.parametrize("case", CASES)
def test_predictions_are_bit_identical_for_any_chunks_blocks_and_order(case):
    grid, chunkings = CASES[case]
    ndim = len(grid.shape)
    volume = MirroredArray(np.random.default_rng(0).normal(size=(1, *grid.shape)).astype(np.float32))
    picture = Picture(volume, grid, np.zeros(1, np.float32), np.ones(1, np.float32))
    forward = by_planes(network(2)) if case == "planes" else network(ndim)
    predictor = Predictor(forward, torch.device("cpu"), 3)
    results = []
    for number, chunk in enumerate(chunkings):
        rows = plan_chunks({"a": grid}, chunk)
        order = np.random.default_rng(number).permutation(len(rows))
        sums = {rows[i].chunk: predict_chunk([rows[i]], {"a": picture}, predictor)["a"] for i in order}
        result = np.zeros((3, *grid.shape), np.float32)
        for core in tiles(grid.shape, (11 + 5 * number,) * ndim):
            result[(slice(None), *core.slices)] = stitch_block(
                core, grid, rows, lambda row, box, sums=sums: sums[row.chunk][(slice(None), *box.slices)], 3
            )
        results.append(result)
    for other in results[1:]:
        np.testing.assert_array_equal(results[0], other)
    assert results[0].std() > 0


def test_the_result_is_the_weighted_mean_of_whole_patches():
    grid = PatchGrid((20, 12), (8, 16), (3, 4))
    values = np.random.default_rng(1).uniform(size=(1, *grid.shape)).astype(np.float32)
    picture = Picture(MirroredArray(values), grid, np.zeros(1, np.float32), np.ones(1, np.float32))
    predictor = Predictor(lambda batch: batch, torch.device("cpu"), 2)
    rows = plan_chunks({"a": grid}, (2, 2))
    sums = {row.chunk: predict_chunk([row], {"a": picture}, predictor)["a"] for row in rows}
    result = stitch_block(
        Box.of(grid.shape), grid, rows, lambda row, box: sums[row.chunk][(slice(None), *box.slices)], 1
    )
    np.testing.assert_allclose(result, values, atol=0.5 / 2048 + 1e-6)
