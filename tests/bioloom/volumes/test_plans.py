import pytest

from bioloom.errors import BioLoomError
from bioloom.geometry.grid import PatchGrid, plan_blocks, plan_chunks
from bioloom.volumes.plans import (
    read_blocks,
    read_chunks,
    row_of_block,
    rows_of_chunk,
    rows_of_image,
    write_blocks,
    write_chunks,
)

SHAPES = {2: (70, 90), 3: (9, 40, 50)}


@pytest.mark.parametrize("ndim", [2, 3])
def test_tables_come_back_as_they_went(tmp_path, ndim):
    shape, size = SHAPES[ndim], (8, 16, 16)[-ndim:]
    grids = {"a": PatchGrid(shape, size, (2,) * ndim), "b": PatchGrid(size, size, (2,) * ndim)}
    chunks, blocks = plan_chunks(grids, (2,) * ndim), plan_blocks({"a": shape, "b": size}, (32,) * ndim)
    write_chunks(tmp_path / "chunks.csv", chunks)
    write_blocks(tmp_path / "blocks.csv", blocks)
    assert read_chunks(tmp_path / "chunks.csv") == chunks
    assert read_blocks(tmp_path / "blocks.csv") == blocks
    last = chunks[-1].chunk
    assert rows_of_chunk(tmp_path / "chunks.csv", last) == [row for row in chunks if row.chunk == last]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("block,image,begin,stop\n", "the columns are block,image,begin,stop"),
        ("", "the columns are missing"),
        ("block,image,start,stop\n00000,a,0x0\n", "line 2 is '00000,a,0x0'"),
        ("block,image,start,stop\n00000,a,0x0,9x\n", "line 2 is"),
    ],
)
def test_damaged_tables(tmp_path, text, says):
    path = tmp_path / "blocks.csv"
    path.write_text(text)
    with pytest.raises(BioLoomError, match=says):
        read_blocks(path)


def test_missing_tables_and_chunks(tmp_path):
    with pytest.raises(BioLoomError, match=r"there is no table .*run `bioloom plan`"):
        read_chunks(tmp_path / "chunks.csv")
    write_chunks(tmp_path / "chunks.csv", [])
    with pytest.raises(BioLoomError, match="has no chunk '00001'; allowed: none, the table is empty"):
        rows_of_chunk(tmp_path / "chunks.csv", "00001")


def test_the_blocks_of_an_image_must_cover_it():
    rows = plan_blocks({"a": (9, 9), "b": (5, 12)}, (5, 5))
    assert rows_of_image(rows, "b", (5, 12)) == rows[4:]
    for shape in ((5, 13), (6, 10), (1, 5, 12)):
        with pytest.raises(
            BioLoomError, match=r"blocks of image 'b' do not cover its .* voxels; fix: run `bio"
        ):
            rows_of_image(rows, "b", shape)


def test_a_block_by_its_name():
    rows = plan_blocks({"a": (9, 9)}, (5, 5))
    assert row_of_block(rows, "00002") is rows[2]
    with pytest.raises(BioLoomError, match="there is no block '00004'; allowed: 00000 to 00003"):
        row_of_block(rows, "00004")
