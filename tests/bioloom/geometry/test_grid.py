import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bioloom.errors import BioLoomError
from bioloom.geometry.box import Box
from bioloom.geometry.grid import ChunkIndex, PatchGrid, axis_starts, indices, plan_blocks, plan_chunks, tiles


@st.composite
def grids(draw):
    ndim = draw(st.integers(2, 3))
    size = draw(st.tuples(*[st.integers(2, 9)] * ndim))
    shape = draw(st.tuples(*[st.integers(1, 24)] * ndim))
    overlap = tuple(draw(st.integers(0, (n - 1) // 2)) for n in size)
    return draw(st.sampled_from([PatchGrid, PatchGrid.of]))(shape, size, overlap)


def test_the_last_patch_is_shifted_inward():
    assert axis_starts(20, 8, 3) == (0, 5, 10, 12)
    assert axis_starts(18, 8, 3) == (0, 5, 10)
    assert axis_starts(8, 8, 3) == (0,)
    assert axis_starts(5, 8, 3) == (0,)


def test_predicted_patches_reach_beyond_the_border():
    assert axis_starts(20, 8, 4, 2) == (-2, 2, 6, 10, 14)
    assert axis_starts(21, 8, 4, 2) == (-2, 2, 6, 10, 14, 15)
    assert axis_starts(8, 8, 4, 2) == (0,)
    assert axis_starts(5, 8, 4, 2) == (-1,)  # in the middle
    grid = PatchGrid.of((20, 30, 6), (8, 8, 8), (4, 3, 4))
    assert grid.margin == (2, 1, 2)
    assert grid.patch((0, 0, 0)) == Box((-2, -1, -1), (6, 7, 7))
    assert grid.extent(Box.of(grid.counts)) == Box.of(grid.shape)


@given(grids())
@settings(max_examples=60, deadline=None)
def test_patches_cover_the_image_and_overlap_as_asked(grid):
    covered = np.zeros(grid.shape, bool)
    for index in indices(Box.of(grid.counts)):
        covered[grid.patch(index).clip(Box.of(grid.shape)).slices] = True
    assert covered.all()
    for starts, size, overlap in zip(grid.starts, grid.size, grid.overlap, strict=True):
        assert all(b - a <= size - overlap for a, b in itertools.pairwise(starts))
        assert starts[-1] + size >= 1


@given(grids(), st.integers(1, 4))
@settings(max_examples=60, deadline=None)
def test_every_patch_is_in_exactly_one_chunk(grid, side):
    chunks = grid.chunks((side,) * len(grid.shape))
    seen = [index for chunk in chunks for index in indices(chunk)]
    assert sorted(seen) == sorted(indices(Box.of(grid.counts)))
    for chunk in chunks:
        extent = grid.extent(chunk)
        assert all(extent.contains(grid.patch(i).clip(Box.of(grid.shape))) for i in indices(chunk))


@pytest.mark.parametrize("shape", [(5, 7), (4, 5, 6)])
def test_blocks_are_disjoint_and_cover(shape):
    count = np.zeros(shape, int)
    for box in tiles(shape, (3,) * len(shape)):
        count[box.slices] += 1
    assert (count == 1).all()
    assert [row.core for row in plan_blocks({"a": shape}, (3,) * len(shape))] == list(
        tiles(shape, (3,) * len(shape))
    )


def test_small_images_share_a_chunk_and_a_large_one_does_not():
    small, large = PatchGrid((8, 8), (8, 8), (2, 2)), PatchGrid((20, 8), (8, 8), (2, 2))
    rows = plan_chunks({"a": small, "b": small, "c": large, "d": small}, (1, 2))
    assert [(row.image, row.chunk) for row in rows] == [
        ("a", "00000"),
        ("b", "00000"),
        ("c", "00001"),
        ("c", "00002"),
        ("c", "00003"),
        ("d", "00004"),
    ]


@pytest.mark.parametrize(
    ("size", "overlap", "says"),
    [
        ((8, 8, 8), (2, 2), "patches of 8 x 8 x 8 voxels, overlap 2 x 2, for an image of 20 x 30"),
        ((8, 8), (2, 2, 2), "allowed: one number per spatial axis"),
        (
            (8, 8),
            (2, 8),
            "patch.overlap is 2 x 8, the patches are 8 x 8; allowed: an overlap",
        ),
    ],
)
def test_patches_that_do_not_suit(size, overlap, says):
    with pytest.raises(BioLoomError, match=says):
        PatchGrid((20, 30), size, overlap)


@pytest.mark.parametrize(
    ("shape", "size", "chunk"), [((300, 170), (64, 64), (2, 1)), ((40, 90, 70), (16, 32, 32), (1, 2, 1))]
)
def test_the_index_finds_every_chunk_that_touches_a_box(shape, size, chunk):
    rows = plan_chunks({"a": PatchGrid(shape, size, tuple(n // 4 for n in size))}, chunk)
    index = ChunkIndex(rows)
    for core in tiles(shape, tuple(n // 3 for n in shape)):
        assert sorted(index.touching(core)) == [row.chunk for row in rows if not row.box.clip(core).empty]
    assert index.touching(Box(shape, tuple(n + 1 for n in shape))) == []
