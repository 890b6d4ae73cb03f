import numpy as np
import pytest
from scipy.spatial.distance import pdist, squareform

from bioloom.synthesize.kind import Frame
from bioloom.synthesize.place import count_for, place, rotation, tidied, window

FRAMES = [Frame((100, 120), (0.5, 0.5)), Frame((30, 60, 60), (1.0, 0.5, 0.5))]


@pytest.mark.parametrize("frame", FRAMES, ids=["2D", "3D"])
@pytest.mark.parametrize("touching", [0.0, 0.8])
def test_balls_keep_their_distance(frame, touching):
    radii = np.random.default_rng(1).uniform(1, 3, 60)
    centers, kept = place(np.random.default_rng(0), frame, radii, touching=touching, closeness=0.9)
    assert len(centers) == len(kept) > 10
    gaps = squareform(pdist(centers)) / (radii[kept][:, None] + radii[kept])
    np.fill_diagonal(gaps, 9)
    assert gaps.min() >= 0.9
    assert ((centers >= 0) & (centers <= frame.extent)).all()
    assert ((gaps.min(0) < 0.92).mean() > 0.5) == (touching > 0)


def test_a_margin_lets_centers_lie_outside():
    centers, _ = place(np.random.default_rng(0), FRAMES[0], np.ones(200), margin=5.0)
    assert centers.min() < 0
    assert centers.min() >= -5


@pytest.mark.parametrize("frame", FRAMES, ids=["2D", "3D"])
def test_the_number_of_balls_fills_the_share(frame):
    count = count_for(frame, 0.4, 2.0)
    distance = np.linalg.norm(Frame((41,) * frame.ndim, (0.1,) * frame.ndim).coordinates() - 2.05, axis=0)
    ball = (distance < 2.0).sum() * 0.1**frame.ndim  # voxels of a ball, counted
    assert count * ball / np.prod(frame.extent) == pytest.approx(0.4, rel=0.05)


@pytest.mark.parametrize("ndim", [2, 3])
def test_a_rotation_keeps_lengths(ndim):
    turn = rotation(np.random.default_rng(0), ndim)
    np.testing.assert_allclose(turn @ turn.T, np.eye(ndim), atol=1e-12)


@pytest.mark.parametrize("frame", FRAMES, ids=["2D", "3D"])
def test_a_window_holds_all_voxels_that_are_near(frame):
    center = frame.extent * 0.9
    near = np.linalg.norm(frame.coordinates() - center.reshape(-1, *[1] * frame.ndim), axis=0) < 4
    box = window(frame, center, 4.0)
    assert near[box].sum() == near.sum() > 0
    assert near[box].size < near.size


def test_labels_are_tidied():
    labels = np.array([[5, 5, 0, 2], [0, 0, 5, 2], [9, 0, 0, 2]])
    np.testing.assert_array_equal(tidied(labels, 2), [[2, 2, 0, 1], [0, 0, 0, 1], [0, 0, 0, 1]])
    assert tidied(np.zeros((3, 3), int), 2).max() == 0
