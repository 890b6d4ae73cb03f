import numpy as np
import pytest
from scipy.sparse import lil_array
from scipy.sparse.linalg import spsolve

from bioloom.targets.facts import ObjectFacts
from bioloom.targets.flow import Flow, FlowOptions, directions, heated
from bioloom.targets.seen import middle


def ball(ndim, spacing):
    sides = [round(10 / step) | 1 for step in spacing]
    grid = np.stack(np.meshgrid(*(np.arange(n) - n // 2 for n in sides), indexing="ij"), -1) * spacing
    return np.linalg.norm(grid, axis=-1) <= 4.6, grid


def horseshoe():
    piece = np.zeros((17, 17), bool)
    piece[2:15, 2:15] = True
    piece[2:10, 6:11] = False
    return piece


def make(labels, spacing):
    ids = np.unique(labels[labels > 0])
    facts = ObjectFacts(ids, np.zeros((len(ids), labels.ndim)), np.ones(len(ids)), 1.0)
    return Flow(FlowOptions()).make(labels, facts, spacing, ((False, False),) * labels.ndim)


@pytest.mark.parametrize(("ndim", "spacing"), [(2, (1.0, 1.0)), (2, (0.5, 1.0)), (3, (2.0, 1.0, 1.0))])
def test_in_a_ball_vectors_lead_straight_to_the_middle(ndim, spacing):
    piece, grid = ball(ndim, spacing)
    values, weight = make(piece.astype(np.int64), spacing)
    away = np.linalg.norm(grid, axis=-1)
    clear = piece & (away > 0)
    np.testing.assert_allclose(np.linalg.norm(values[:, clear], axis=0), 1, rtol=1e-5)
    straight = -np.moveaxis(grid, -1, 0)[:, clear] / away[clear]
    assert (values[:, clear] * straight).sum(0).mean() > 0.95
    assert not values[:, ~piece].any()
    assert weight.all()


def test_heat_tends_to_the_solution_of_the_equation():
    """With more and more steps the temperatures satisfy Poisson's equation, solved directly by scipy."""
    piece, spacing = np.ones((7, 9), bool), (1.0, 0.8)
    index = np.arange(piece.size).reshape(piece.shape)
    matrix = lil_array((piece.size, piece.size))
    for place in np.ndindex(piece.shape):
        matrix[index[place], index[place]] = 2 * sum(1 / s**2 for s in spacing)
        for axis, step in enumerate(spacing):
            for side in (-1, 1):
                other = list(place)
                other[axis] += side
                if 0 <= other[axis] < piece.shape[axis]:
                    matrix[index[place], index[tuple(other)]] = -1 / step**2
    source = np.zeros(piece.size)
    source[index[middle(piece, spacing)]] = 1
    solved = directions(spsolve(matrix.tocsr(), source).reshape(piece.shape), spacing)
    flow = directions(heated(piece, spacing), spacing)
    moves = np.linalg.norm(solved, axis=0) > 0
    assert (flow * solved).sum(0)[moves].min() > 0.9


def test_vectors_lead_around_corners():
    piece = horseshoe()
    values, _ = make(piece.astype(np.int32) * 5, (1.0, 1.0))
    place, end = np.array([3.0, 3.0]), np.mean(middle(piece, (1.0, 1.0)), axis=1)
    for _ in range(60):
        voxel = tuple(np.floor(place + 0.5).astype(int))
        assert piece[voxel]
        place = place + 0.5 * values[(slice(None), *voxel)]
    assert np.linalg.norm(place - end) < 2


def test_touching_objects_flow_apart():
    labels = np.zeros((9, 16), int)
    labels[1:8, 1:8] = 1
    labels[1:8, 8:15] = 2
    values, _ = make(labels, (1.0, 1.0))
    assert values[1, 4, 7] == pytest.approx(-1, abs=1e-5)
    assert values[1, 4, 8] == pytest.approx(1, abs=1e-5)


def test_an_object_in_two_pieces_has_a_middle_in_each():
    labels = np.zeros((7, 20), int)
    labels[1:6, 1:6] = labels[1:6, 12:17] = 3
    values, _ = make(labels, (1.0, 1.0))
    np.testing.assert_array_equal(values[:, :, 1:6], values[:, :, 12:17])


@pytest.mark.parametrize("length", [1, 3, 400])
def test_lines_of_any_length(length):
    heat = heated(np.ones((1, length), bool), (1.0, 1.0))
    np.testing.assert_allclose(heat, heat[:, ::-1])
    assert heat.argmax() in (length // 2, (length - 1) // 2)
    assert (heat > 0).all()
