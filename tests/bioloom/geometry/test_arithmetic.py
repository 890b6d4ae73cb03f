"""Against numbers worked out by hand."""

import pytest

from bioloom.geometry.arithmetic import Demand, ImageAccount, account
from bioloom.geometry.grid import PatchGrid, plan_blocks, plan_chunks


def planned(shapes, size, overlap, chunk, block, demand):
    grids = {image: PatchGrid.of(shape, size, overlap) for image, shape in shapes.items()}
    return account(grids, plan_chunks(grids, chunk), plan_blocks(shapes, block), demand)


@pytest.fixture
def flat():
    """Patches begin every 192 voxels: along y at -32, 160, ... 736, 776; along x at -32, 160, 352, 476."""
    demand = Demand(channels=1, targets=3, batch_size=4, halo=40, passes=4, network=1_000_000)
    return planned({"a": (1000, 700)}, (256, 256), (64, 64), (2, 2), (512, 512), demand)


@pytest.fixture
def deep():
    """Patches begin every 24, 48, 48 voxels: z -4, 20, 44, 68, 72; y -8, .. 232, 244; x -8, .. 136, 144."""
    demand = Demand(channels=2, targets=2, batch_size=1, halo=8, passes=3)
    return planned({"v": (100, 300, 200)}, (32, 64, 64), (8, 16, 16), (2, 2, 2), (64, 64, 64), demand)


def test_images(flat, deep):
    assert flat.images == [ImageAccount("a", (1000, 700), (6, 4), 6, 4, 8_400_000, 2_800_000)]
    # 2 x 5 x 4 blocks; 6,000,000 voxels
    assert deep.images == [ImageAccount("v", (100, 300, 200), (5, 7, 5), 36, 40, 48_000_000, 24_000_000)]


def test_sums_of_chunks_in_2d(flat):
    # two patches cover 192 + 256 = 448 voxels, 32 fewer at the border; the last two 736 to 1000, 352 to 700
    assert list(flat.sums.values()) == [
        12 * rows * columns for rows in (416, 448, 264) for columns in (416, 348)
    ]
    assert max(flat.sums.values()) == 2_236_416
    assert sum(flat.sums.values()) == 10_341_504


def test_sums_of_chunks_in_3d(deep):
    # z 0 to 52, 44 to 100, 72 to 100; y 0 to 104, 88 to 200, 184 to 296, 244 to 300; x as y, but 144 to 200
    sides = ((52, 56, 28), (104, 112, 112, 56), (104, 112, 56))
    assert list(deep.sums.values()) == [8 * z * y * x for z in sides[0] for y in sides[1] for x in sides[2]]
    assert max(deep.sums.values()) == 5_619_712
    assert sum(deep.sums.values()) == 113_639_424


def test_jobs(flat, deep):
    assert flat.jobs == {
        "infer": 6,
        "stitch_store": 1,
        "stitch_block": 4,
        "stitch": 1,
        "postprocess_block": 16,
        "postprocess_merge": 4,
        "postprocess": 1,
    }
    assert deep.jobs == {
        "infer": 36,
        "stitch_store": 1,
        "stitch_block": 40,
        "stitch": 1,
        "postprocess_block": 120,
        "postprocess_merge": 3,
        "postprocess": 1,
    }


def test_memory_in_2d(flat):
    # two batches of 4 patches, 1 channel and 3 targets; 38 bytes a voxel of 512 x 512; 102 of 552 x 552
    assert flat.memory == {
        "infer": 750_000_000 + 1_000_000 + 2 * 2_236_416 + 2 * 4 * 4 * 65_536 * 4,
        "stitch": 250_000_000 + 38 * 262_144,
        "postprocess": 250_000_000 + 102 * 304_704,
    }


def test_memory_in_3d(deep):
    # a block that begins at z = 0 sees 64 + 8, in the middle of y and x 64 + 16
    assert deep.memory == {
        "infer": 750_000_000 + 2 * 5_619_712 + 2 * 4 * 131_072 * 4,
        "stitch": 250_000_000 + 28 * 262_144,
        "postprocess": 250_000_000 + 98 * 72 * 80 * 80,
    }


def test_small_images_share_a_chunk_and_large_ones_have_jobs_for_their_blocks():
    demand = Demand(channels=1, targets=2, batch_size=4, halo=8, passes=4)
    shapes = {"a": (200, 100), "b": (256, 300), "c": (10, 10)}
    found = planned(shapes, (256, 256), (64, 64), (2, 2), (256, 512), demand)
    assert [(image.patches, image.chunks, image.blocks) for image in found.images] == [
        ((1, 1), 1, 1),
        ((1, 2), 1, 1),
        ((1, 1), 1, 1),
    ]
    # what lies beyond the border of an image is not kept
    assert found.sums == {"00000": 8 * (200 * 100 + 256 * 300 + 10 * 10)}
    assert found.jobs == {"infer": 1, "stitch": 1, "postprocess": 1}
    assert found.block == (256, 300)
    # an image of two blocks makes those of its neighbours jobs as well
    found = planned(shapes, (256, 256), (64, 64), (2, 2), (256, 256), demand)
    assert [image.blocks for image in found.images] == [1, 2, 1]
    assert found.jobs["stitch_block"] == 4
    assert found.jobs["postprocess_block"] == 16
    assert found.block == (256, 256)


def test_planes_of_a_volume():
    """A network for planes predicts a volume plane by plane; its blocks are those of volumes, 256 a side."""
    demand = Demand(channels=1, targets=1, batch_size=1, halo=8, passes=3)
    found = planned({"v": (10, 100, 100)}, (64, 64), (16, 16), (2, 2), (64, 64), demand)
    # in every plane they begin at -8, 40 and 44 along y and x
    (image,) = found.images
    assert image.patches == (10, 3, 3)
    assert image.blocks == 1
    assert found.block == (10, 100, 100)
