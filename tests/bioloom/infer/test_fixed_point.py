import numpy as np
import pytest
import torch

from bioloom.errors import BioLoomError
from bioloom.geometry.grid import PatchGrid
from bioloom.infer import fixed_point
from bioloom.infer.fixed_point import LIMIT, SCALE, check_range, dequantize, quantize


def test_values_become_whole_steps_within_the_limit():
    values = torch.tensor([0.0, 0.5, -0.25, 1 / SCALE, 0.4 / SCALE, 9.0, -100.0, float("nan"), float("inf")])
    steps = quantize(values)
    assert steps.dtype == torch.int32
    top = LIMIT * SCALE
    assert steps.tolist() == [0, SCALE // 2, -SCALE // 4, 1, 0, top, -top, 0, top]


@pytest.mark.parametrize("shape", [(31, 17), (5, 9, 13)])
def test_means_are_those_of_float64_rounded_once(shape):
    generator = np.random.default_rng(0)
    sums = generator.integers(-(2**31), 2**31, (3, *shape)).astype(np.int32)
    weights = generator.integers(1, 4 * 16 ** len(shape), shape).astype(np.int32)
    found = dequantize(sums, weights)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, (sums / (weights.astype(np.float64) * SCALE)).astype(np.float32))


def test_what_was_rounded_comes_back_within_half_a_step():
    values = torch.rand(4, 50) * 4 - 2
    weights = np.full(50, 7, np.int32)
    found = dequantize(quantize(values).numpy() * weights, weights)
    np.testing.assert_allclose(found, values.numpy(), atol=0.5 / SCALE + 1e-6)


def test_a_grid_that_could_overflow_is_refused(monkeypatch):
    grid = PatchGrid((64, 64, 64), (16, 16, 16), (7, 7, 7))
    check_range(grid)
    monkeypatch.setattr(fixed_point, "LIMIT", 100 * LIMIT)
    with pytest.raises(BioLoomError, match="cover a voxel too often"):
        check_range(grid)
