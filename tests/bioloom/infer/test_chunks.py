import pytest

from bioloom.errors import BioLoomError
from bioloom.geometry.grid import PatchGrid, plan_chunks
from bioloom.infer.chunks import check_chunks

GRIDS = {2: PatchGrid((40, 50), (16, 16), (4, 4)), 3: PatchGrid((9, 30, 40), (8, 16, 16), (2, 4, 4))}


@pytest.mark.parametrize("ndim", GRIDS)
@pytest.mark.parametrize("chunk", [1, 2, 99])
def test_chunks_of_the_same_patches(ndim, chunk):
    rows = plan_chunks({"a": GRIDS[ndim]}, (chunk,) * ndim)
    check_chunks("a", GRIDS[ndim], rows, complete=True)
    check_chunks("a", GRIDS[ndim], rows[:1])
    if len(rows) > 1:
        with pytest.raises(BioLoomError, match="image 'a' were planned for other patches"):
            check_chunks("a", GRIDS[ndim], rows[1:], complete=True)


@pytest.mark.parametrize(
    "other",
    [
        PatchGrid((40, 50), (16, 16), (5, 4)),
        PatchGrid((40, 50), (20, 20), (4, 4)),
        PatchGrid((41, 50), (16, 16), (4, 4)),
        PatchGrid.of((3, 40, 50), (16, 16), (4, 4)),
    ],
)
def test_chunks_of_other_patches(other):
    rows = plan_chunks({"a": other}, (9, 9))
    with pytest.raises(BioLoomError, match="run `bioloom plan` with these options"):
        check_chunks("a", GRIDS[2], rows, complete=True)
