import numpy as np
import pytest

from bioloom.errors import BioLoomError
from bioloom.geometry.box import Box
from bioloom.volumes.parts import (
    GAP_LEAST,
    REGION_LEAST,
    cut_faces,
    in_series,
    region_of,
    region_text,
    series_of,
    split_parts,
    time_id,
)


@pytest.mark.parametrize("fraction", [0.05, 0.2, 0.25, 1 / 3, 0.5, 0.8])
@pytest.mark.parametrize("shape", [(400, 300), (300, 400), (31, 260, 257), (300, 20, 20)])
def test_the_two_parts_of_a_file_share_nothing_and_keep_apart(shape, fraction):
    learn, validate = (region_of(part, shape, "a.tif") for part in split_parts(fraction))
    assert learn.axis == validate.axis == int(np.argmax(shape))
    side = max(shape)
    assert (learn.start, validate.stop) == (0, side)
    assert validate.stop - validate.start == pytest.approx(fraction * side, abs=1)
    assert validate.start - learn.stop == max(16, np.ceil(0.05 * side))
    for region in (learn, validate):
        assert Box.of(shape).contains(region.box)
        assert [n for axis, n in enumerate(region.box.shape) if axis != region.axis] == [
            n for axis, n in enumerate(shape) if axis != region.axis
        ]


def test_of_equal_axes_the_first_is_cut():
    assert region_of("0:0.8", (64, 64, 64), "a.tif").letter == "z"
    assert region_of("0:0.8", (20, 64, 64), "a.tif").letter == "y"
    assert region_of("0.8:1", (256, 256), "a.tif").facts == {
        "axis": "y",
        "start": 205,
        "stop": 256,
        "of": 256,
    }


@pytest.mark.parametrize(
    ("shape", "fraction"), [((57, 20), 0.2), ((31, 31, 31), 0.5), ((200, 3), 0.05), ((90, 9), 0.9)]
)
def test_too_small_to_be_cut(shape, fraction):
    for part in split_parts(fraction):
        with pytest.raises(
            BioLoomError, match=r"a\.tif is the only training image.*too short.*give data\.val"
        ):
            region_of(part, shape, "a.tif")


def test_a_small_file_that_can_be_cut():
    """12 voxels to validate on are a fifth of 60, 16 lie between, 32 stay."""
    regions = [region_of(part, (60, 4), "a.tif") for part in split_parts(0.2)]
    assert [(r.start, r.stop) for r in regions] == [(0, 32), (60 - REGION_LEAST, 60)]
    assert regions[1].start - regions[0].stop == GAP_LEAST


@pytest.mark.parametrize("part", ["0-0.8", "y 0:0.8", "0:2", "0.8", "-1:1"])
def test_what_is_no_part(part):
    with pytest.raises(BioLoomError, match="shares of the longest axis"):
        region_of(part, (300, 300), "a.tif")


def test_faces_and_words():
    learn, validate = ({"region": region_of(p, (20, 256, 30), "a").facts} for p in split_parts(0.2))
    assert cut_faces(learn, 3) == ((False, False), (False, True), (False, False))
    assert cut_faces(validate, 3) == ((False, False), (True, False), (False, False))
    assert cut_faces({}, 2) == ((False, False),) * 2
    assert cut_faces({"region": region_of("0:0.8", (30, 256), "a").facts}, 2) == (
        (False, False),
        (False, True),
    )
    assert region_text(validate) == "y = 205 to 255 of 0 to 255"
    assert region_text({}) == ""


def test_time_points_and_their_file():
    assert time_id("test_a.1", 3) == "test_a.1_t0003"
    assert series_of("test_a.1_t0003") == ("test_a.1", 3)
    assert series_of(time_id("test_a", 12345)) == ("test_a", 12345)
    assert series_of("test_a-t0003") == ("test_a-t0003", None)
    assert series_of("test_t0003") == ("test_t0003", None)  # of a file called t0003.tif
    images = [time_id("test_b", 10), "test_a", time_id("test_b", 9), time_id("test_b", 10000)]
    assert in_series(images) == {"test_b": [images[2], images[0], images[3]], "test_a": ["test_a"]}
