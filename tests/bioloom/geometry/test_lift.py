from math import prod

import pytest

from bioloom.errors import BioLoomError
from bioloom.geometry.grid import PatchGrid, plan_blocks, plan_chunks
from bioloom.geometry.lift import LIFTED_BLOCK, lifted, lifted_block, lifted_chunk


def test_what_is_said_of_planes_is_lifted_to_volumes_only():
    assert lifted([32, 48], 3, 1) == (1, 32, 48)
    assert lifted([32, 48], 2, 1) == (32, 48)
    assert lifted([4, 32, 48], 3, 1) == (4, 32, 48)
    assert lifted([4, 32, 48], 2, 1) == (4, 32, 48)
    assert lifted_block((2048, 512), 3) == LIFTED_BLOCK
    assert lifted_block((2048, 512), 2) == (2048, 512)
    assert lifted_block((64, 64, 64), 3) == (64, 64, 64)


@pytest.mark.parametrize(
    ("chunk", "counts", "expected"),
    [
        ((20, 20), (50, 3, 3), (44, 20, 20)),
        ((20, 20), (50, 20, 20), (1, 20, 20)),
        ((20, 20), (50, 90, 90), (1, 20, 20)),
        ((20, 20), (50, 1, 90), (20, 20, 20)),
        ((1, 1), (50, 1, 1), (1, 1, 1)),
        ((20, 20), (3, 3), (20, 20)),
        ((2, 3, 4), (50, 3, 3), (2, 3, 4)),
    ],
)
def test_a_chunk_takes_as_many_planes_as_hold_no_more_patches(chunk, counts, expected):
    found = lifted_chunk(chunk, counts)
    assert found == expected
    assert prod(map(min, found, counts)) <= prod(chunk)


def test_the_patches_of_a_volume_are_those_of_its_planes():
    plane, volume = PatchGrid.of((70, 90), [32, 32], [8, 8]), PatchGrid.of((5, 70, 90), [32, 32], [8, 8])
    assert volume.counts == (5, *plane.counts)
    assert volume.starts[1:] == plane.starts
    assert volume.starts[0] == (0, 1, 2, 3, 4)
    assert volume.size == (1, 32, 32)
    with pytest.raises(BioLoomError, match="patches of 8 x 32 x 32 voxels"):
        PatchGrid.of((70, 90), [8, 32, 32], [2, 8, 8])


def test_a_pack_of_planes_and_volumes():
    shapes = {"a": (70, 90), "b": (5, 70, 90), "c": (300, 300, 20)}
    grids = {image: PatchGrid.of(shape, [32, 32], [8, 8]) for image, shape in shapes.items()}
    rows = plan_chunks(grids, (4, 4))
    for image, grid in grids.items():
        own = [row for row in rows if row.image == image]
        assert sum(row.patches.size for row in own) == prod(grid.counts)
        assert max(row.patches.size for row in own) <= 16
    blocks = plan_blocks(shapes, (256, 256))
    assert [(row.image, row.core.shape) for row in blocks] == [
        ("a", (70, 90)),
        ("b", (5, 70, 90)),
        ("c", (256, 256, 20)),
        ("c", (256, 44, 20)),
        ("c", (44, 256, 20)),
        ("c", (44, 44, 20)),
    ]
