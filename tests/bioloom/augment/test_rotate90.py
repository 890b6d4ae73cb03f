import numpy as np
import pytest
import torch

from bioloom.augment.frame import Frame
from bioloom.augment.options import Rotate90Options
from bioloom.augment.rotate90 import rotate90
from bioloom.augment.spatial_map import SpatialMap


def turns(shape, spacing, planes="YX"):
    generator, frame = torch.Generator().manual_seed(0), Frame(shape, spacing)
    options = Rotate90Options(planes=planes)
    return [rotate90(SpatialMap.identity(frame), options, generator) for _ in range(200)]


def different(maps):
    return {tuple(m.matrix.ravel()) for m in maps}


def test_squares_turn_by_all_quarters():
    maps = turns((8, 8), (0.5, 0.5))
    quarter = np.array([[0, -1], [1, 0]])
    expected = {tuple(np.linalg.matrix_power(quarter, k).ravel().astype(float)) for k in range(4)}
    assert different(maps) == expected


@pytest.mark.parametrize(("shape", "spacing"), [((8, 9), (1.0, 1.0)), ((8, 8), (1.0, 2.0))])
def test_unequal_sides_of_patch_or_voxel_only_turn_by_half(shape, spacing):
    assert different(turns(shape, spacing)) == {(1.0, 0.0, 0.0, 1.0), (-1.0, 0.0, 0.0, -1.0)}


def test_volumes_turn_in_the_plane_of_the_slices():
    assert all(m.matrix[0, 0] == 1 for m in turns((8, 8, 8), (1.0, 1.0, 1.0)))
    assert len(different(turns((8, 8, 8), (1.0, 1.0, 1.0), "all"))) == 10
    thick = different(turns((8, 8, 8), (3.0, 1.0, 1.0), "all"))
    assert len(thick) == 6, "nothing, three quarters in the slices, a half turn in each other plane"


def test_turns_are_exact():
    for maps in (turns((8, 8), (0.3, 0.3)), turns((8, 8, 8), (3.0, 0.7, 0.7), "all")):
        assert all(m.exact for m in maps)
