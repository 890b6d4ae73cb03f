import numpy as np
import pytest
from scipy import ndimage

from bioloom.targets.base import UNKNOWN
from bioloom.targets.seen import CORNERS, FACES, distance_to_unseen, middle, pieces


@pytest.mark.parametrize(("shape", "spacing"), [((7, 9), (1.0, 0.4)), ((4, 5, 6), (2.0, 0.5, 0.7))])
def test_the_nearest_unseen_voxel(shape, spacing):
    labels = np.zeros(shape, int)
    labels[0, 0] = -1 - UNKNOWN
    labels[-1] = -1  # beyond the border, where nothing is hidden
    cut = ((False, False), (False, True), (False, False))[: len(shape)]
    padded = np.pad(labels != -1 - UNKNOWN, [(0, 0), (0, 1), (0, 0)][: len(shape)])
    expected = ndimage.distance_transform_edt(padded, sampling=spacing)[:, :-1]
    np.testing.assert_allclose(distance_to_unseen(labels, spacing, cut), expected, rtol=1e-6)
    assert np.isinf(distance_to_unseen(np.zeros(shape, int), spacing, ((False, False),) * len(shape))).all()


def test_pieces_are_connected_and_known_to_be_whole():
    labels = np.array(
        [
            [1, 1, 0, 0, 2, 2],
            [0, 0, 1, 0, 0, 0],
            [3, 0, 0, 4, 0, 0],
            [3, 0, 0, 4, -5, -5],
        ]
    )
    cut = ((False, False), (True, False))
    found = pieces(labels, cut, FACES)
    assert len(found.boxes) == 5
    numbers = found.numbers
    whole = {
        label: found.whole[numbers[place]]
        for label, place in {
            "1": (0, 0),
            "1 again": (1, 2),
            "2": (0, 4),
            "3": (2, 0),
            "4": (2, 3),
            "none": (0, 2),
        }.items()
    }
    assert whole == {"1": False, "1 again": True, "2": True, "3": False, "4": True, "none": True}
    assert not pieces(labels, cut, CORNERS).whole[1], "one piece over the corner"
    assert (numbers[labels < 0] == 0).all()
    hidden = np.where(labels < 0, labels - UNKNOWN, labels)
    found = pieces(hidden, cut, FACES)
    assert not found.whole[found.numbers[2, 3]]


def test_no_object_is_no_piece():
    found = pieces(np.zeros((3, 4), np.uint8), ((True, True),) * 2, FACES)
    assert found.boxes == []
    assert found.whole.tolist() == [True]


def test_the_middle_is_in_the_piece_and_takes_no_side():
    def found(piece, spacing=(1.0, 1.0)):
        return np.stack(middle(piece, spacing), axis=1).tolist()

    assert found(np.ones((3, 5), bool)) == [[1, 2]]
    assert found(np.ones((3, 4), bool)) == [[1, 1], [1, 2]]
    assert found(np.ones((2, 2), bool)) == [[0, 0], [0, 1], [1, 0], [1, 1]]
    ring = np.ones((5, 5), bool)
    ring[1:4, 1:4] = False
    assert found(ring) == [[0, 2]], "of four that lie apart the first"
    assert found(ring, (2.0, 1.0)) == [[2, 0]]
