import numpy as np
import pytest

from bioloom.geometry.box import Box
from bioloom.geometry.grid import PatchGrid, plan_chunks
from bioloom.geometry.window import patch_window
from bioloom.infer.fixed_point import SCALE
from bioloom.infer.stitch import stitch_block

GRIDS = {2: PatchGrid((40, 50), (16, 16), (4, 6)), 3: PatchGrid((9, 30, 40), (8, 16, 16), (2, 4, 4))}


def weighted(grid, row, values):
    """Return the sums of a chunk of patches that all show the same picture."""
    sums = np.zeros((len(values), *row.box.shape), np.int32)
    for index in np.ndindex(*row.patches.shape):
        index = tuple(i + first for i, first in zip(index, row.patches.start, strict=True))
        patch = grid.patch(index)
        shown = patch.clip(row.box)
        window = patch_window(grid, index)[shown.within(patch).slices]
        where = (slice(None), *shown.within(row.box).slices)
        sums[where] += values[(slice(None), *shown.slices)] * window
    return sums


@pytest.mark.parametrize("ndim", GRIDS)
def test_blocks_make_the_picture_and_read_only_what_touches_them(ndim):
    grid = GRIDS[ndim]
    values = np.random.default_rng(0).integers(-SCALE, SCALE, (2, *grid.shape)).astype(np.int32)
    rows = plan_chunks({"a": grid}, (2,) * ndim)
    sums = {row.chunk: weighted(grid, row, values) for row in rows}
    read = []

    def reader(row, box):
        read.append(row)
        return sums[row.chunk][(slice(None), *box.slices)]

    core = Box((0,) * ndim, tuple(n // 3 for n in grid.shape))
    found = stitch_block(core, grid, rows, reader, 2)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, values[(slice(None), *core.slices)] / SCALE, atol=1e-6)
    assert read == [row for row in rows if not row.box.clip(core).empty]
    assert len(read) < len(rows)
