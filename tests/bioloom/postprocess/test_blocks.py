import pytest

from bioloom.errors import BioLoomError
from bioloom.geometry.box import Box
from bioloom.postprocess.blocks import Layout


def test_windows_are_clipped_to_the_image():
    layout = Layout.cut((10, 9), (4, 9), halo=3)
    assert [block.core.shape for block in layout.blocks] == [(4, 9), (4, 9), (2, 9)]
    assert [block.window for block in layout.blocks] == [
        Box((0, 0), (7, 9)),
        Box((1, 0), (10, 9)),
        Box((5, 0), (10, 9)),
    ]
    assert layout.block("00002") == layout.blocks[2] == layout.blocks[-1]
    with pytest.raises(BioLoomError, match="there is no block '7'; allowed: 00000 to 00002"):
        layout.block("7")


@pytest.mark.parametrize(("shape", "tile"), [((10, 9), (4, 2)), ((5, 6, 7), (2, 6, 3))])
def test_touching_finds_every_core_that_shares_a_voxel(shape, tile):
    layout = Layout.cut(shape, tile, halo=0)
    for block in layout.blocks:
        box = block.core.grow(1)
        slow = [n for n, other in enumerate(layout.blocks) if not other.core.clip(box).empty]
        assert layout.touching(box) == slow


def test_cores_must_cover_the_image():
    with pytest.raises(ValueError, match="cover the image"):
        Layout((4, 4), [("a", Box((0, 0), (4, 3)))], halo=0)
