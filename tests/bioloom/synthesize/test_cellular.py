import numpy as np
import pytest

from bioloom.synthesize.cellular import cut
from bioloom.synthesize.kind import Frame

FRAMES = [Frame((48, 64), (0.5, 0.5)), Frame((12, 32, 32), (1.0, 0.5, 0.5))]


@pytest.mark.parametrize("frame", FRAMES, ids=["2D", "3D"])
def test_cells_are_those_of_the_least_power(frame):
    found = cut(np.random.default_rng(0), frame, 4.0, spread=0.3, bend=0)
    offsets = frame.coordinates()[:, None] - found.centers.T[(..., *[None] * frame.ndim)]
    power = (offsets**2).sum(0) - (found.radii**2).reshape(-1, *[1] * frame.ndim)
    sure = np.diff(np.sort(power, axis=0)[:2], axis=0)[0] > 1e-3
    np.testing.assert_array_equal(found.cell[sure], power.argmin(0)[sure])
    assert len(np.unique(found.cell)) > 3


@pytest.mark.parametrize("frame", FRAMES, ids=["2D", "3D"])
def test_the_wall_is_the_plane_of_equal_power(frame):
    """Moved by its distance towards the other center, a voxel has the same power to both."""
    found = cut(np.random.default_rng(0), frame, 4.0, spread=0.3, bend=0)
    here, there = found.centers[found.cell], found.centers[found.beyond]
    way = there - here
    way /= np.linalg.norm(way, axis=-1, keepdims=True)
    moved = np.moveaxis(frame.coordinates(), 0, -1) + way * found.wall[..., None]
    powers = [
        ((moved - center) ** 2).sum(-1) - found.radii[cell] ** 2
        for center, cell in ((here, found.cell), (there, found.beyond))
    ]
    np.testing.assert_allclose(*powers, atol=1e-3)
    assert found.wall.min() >= 0


def test_bent_walls_are_longer():
    def walls(bend):
        cell = cut(np.random.default_rng(0), Frame((128, 128), (0.25, 0.25)), 4.0, 0.2, bend).cell
        return (np.diff(cell, axis=0) != 0).sum() + (np.diff(cell, axis=1) != 0).sum()

    assert walls(0.6) > 1.1 * walls(0)
