import numpy as np
import pytest
import torch
from scipy import ndimage

from bioloom.augment.displacement import Displacement


def random_field(counts, step, seed=0):
    generator = torch.Generator().manual_seed(seed)
    controls = torch.randn(len(counts), *counts, generator=generator, dtype=torch.float64)
    return Displacement(controls, (step,) * len(counts))


def reference(field, points, beyond=6):
    """Cubic B-splines by scipy; points in micrometres from the center, control points continued outwards."""
    controls = field.controls.numpy()
    counts = np.array(controls.shape[1:])
    knots = points / field.step + (counts - 1) / 2 + beyond
    padded = np.pad(controls, [(0, 0)] + [(beyond, beyond)] * len(counts), mode="edge")
    return np.stack(
        [ndimage.map_coordinates(c, knots.T, order=3, prefilter=False, mode="nearest") for c in padded], 1
    )


@pytest.mark.parametrize("counts", [(5, 7), (4, 5, 6)])
def test_at_points_it_is_the_spline_of_scipy(counts):
    field = random_field(counts, 8.0)
    points = np.random.default_rng(1).uniform(-30, 30, (200, len(counts)))
    np.testing.assert_allclose(field.at(torch.from_numpy(points)), reference(field, points), atol=1e-10)


@pytest.mark.parametrize("counts", [(5, 7), (4, 5, 6)])
def test_on_a_grid_it_is_the_same(counts):
    field = random_field(counts, 8.0)
    positions = [torch.linspace(-20, 25, 6 + axis, dtype=torch.float64) for axis in range(len(counts))]
    grid = torch.stack(torch.meshgrid(*positions, indexing="ij"), -1)
    expected = field.at(grid.reshape(-1, len(counts))).T.reshape(len(counts), *grid.shape[:-1])
    found = field.on_grid(positions)
    assert found.dtype == torch.float32
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_nothing_exceeds_the_limit():
    field = random_field((6, 6), 4.0)
    points = torch.rand(2000, 2, dtype=torch.float64) * 60 - 30
    assert (field.at(points).abs().amax(0) <= torch.tensor(field.limit) + 1e-6).all()


@pytest.mark.parametrize("counts", [(12, 12), (8, 8, 8)])
def test_it_does_not_fold_while_control_points_move_less_than_0_4_steps(counts):
    rng = np.random.default_rng(3)
    # the hardest case: every component at one of the two ends
    controls = torch.from_numpy(rng.choice([-0.4, 0.4], (len(counts), *counts))) * 8.0
    field = Displacement(controls, (8.0,) * len(counts))
    positions = [torch.arange(-20, 20, 1.0, dtype=torch.float64)] * len(counts)
    field_on_grid = field.on_grid(positions).double().numpy()
    jacobian = np.stack([np.stack(np.gradient(component), -1) for component in field_on_grid], -2)
    assert np.linalg.det(jacobian + np.eye(len(counts))).min() > 0
