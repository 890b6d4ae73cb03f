import pytest

from bioloom.geometry.arithmetic import Demand, account
from bioloom.geometry.explain import explain, readable
from bioloom.geometry.grid import PatchGrid, plan_blocks, plan_chunks


def text(shapes, size, overlap, chunk, block, demand):
    grids = {image: PatchGrid.of(shape, size, overlap) for image, shape in shapes.items()}
    found = account(grids, plan_chunks(grids, chunk), plan_blocks(shapes, block), demand)
    return explain(found, next(iter(grids.values())), chunk, demand)


def test_a_volume_of_many_blocks():
    demand = Demand(channels=1, targets=2, batch_size=1, halo=8, passes=3)
    shapes = {"test_v": (100, 300, 200)}
    assert text(shapes, (32, 64, 64), (8, 16, 16), (2, 2, 2), (64, 64, 64), demand).splitlines() == [
        "image   voxels           patches          chunks  blocks  prediction  labels",
        "test_v  100 x 300 x 200  5 x 7 x 5 = 175  36      40      48 MB       24 MB",
        "",
        "patches  32 x 64 x 64 voxels, overlap 8 x 16 x 16",
        "         one begins every 24 x 48 x 48 voxels, the last one is moved inward; the outermost reach "
        "4 x 8 x 8 beyond the image",
        "chunks   up to 2 x 2 x 2 = 8 patches; each is a job of infer",
        "         sums of 2 targets x 4 bytes: up to 5.62 MB a chunk, 114 MB in all",
        "blocks   up to 64 x 64 x 64 voxels, seen with a halo of 8",
        "         40 jobs of stitch_block; 3 passes x 40 blocks = 120 jobs of postprocess_block",
        "jobs     202: infer 36, stitch_store 1, stitch_block 40, stitch 1, postprocess_block 120, "
        "postprocess_merge 3, postprocess 1",
        "memory   an estimate, on a CPU: infer 764 MB and the network, stitch 257 MB, postprocess 295 MB",
    ]


def test_a_pack_of_small_images():
    demand = Demand(channels=1, targets=2, batch_size=4, halo=8, passes=4, network=0)
    lines = text({"a": (200, 100), "b": (256, 300)}, (256, 256), (64, 64), (2, 2), (256, 512), demand)
    assert "\na      200 x 100  1 x 1 = 1  1       1       160 kB      80 kB\n" in lines
    assert "one job of stitch, one of postprocess with 4 passes" in lines
    assert "jobs     3: infer 1, stitch 1, postprocess 1" in lines
    assert "the network" not in lines


@pytest.mark.parametrize(
    ("count", "says"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1 kB"),
        (999_499, "999 kB"),
        (999_500, "1 MB"),
        (1_048_576, "1.05 MB"),
        (34_567_000_000, "34.6 GB"),
        (5 * 10**15, "5 PB"),
    ],
)
def test_sizes(count, says):
    assert readable(count) == says
