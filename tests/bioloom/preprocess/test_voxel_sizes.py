from pathlib import Path

import numpy as np
import pytest
import tifffile

from bioloom.errors import BioLoomError
from bioloom.preprocess import NORMALIZATIONS
from bioloom.preprocess.convert import convert_pack
from bioloom.preprocess.voxel_sizes import apart, apart_text, check_known, size_text
from bioloom.volumes.samples import Sample

FINE = (2.0, 0.3, 0.3)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ((0.3, 0.3), (0.3, 0.3), False),
        ((0.3, 0.3), (0.375, 0.24), False),  # 1.25 both, but for rounding
        ((0.3, 0.3), (0.3, 0.38), True),
        ((0.3, 0.3), (0.23, 0.3), True),
        (FINE, (1.0, 0.3, 0.3), True),
        (FINE, (0.3, 0.3), False),
        (FINE, (2.0, 0.3), True),
    ],
)
def test_sizes_that_are_apart(one, other, expected):
    assert apart(one, other) is apart(other, one) is expected


def test_known_sizes_beside_unknown_ones():
    sizes = {Path(name): size for name, size in zip("abcd", (FINE, None, (1.0, 1.0, 1.0), None), strict=True)}
    with pytest.raises(
        BioLoomError,
        match=r"size of b \(and of 1 more\) is unknown, that of a is 2 x 0.3 x 0.3 um; allowed: .*all known, "
        r"or all unknown; fix: set data\.voxel_size .*write it into the files",
    ):
        check_known(sizes)
    for same in (None, FINE):
        check_known(dict.fromkeys(sizes, same))
    check_known({})


def test_sizes_in_words():
    assert size_text(FINE) == "2 x 0.3 x 0.3"
    assert apart_text("a.tif", 1, (1.0, 1.0), FINE) == (
        "a.tif has voxels of 1 x 1 um, the training images have 2 x 0.3 x 0.3 um"
    )
    assert apart_text("a.tif", 3, (1.0, 1.0), FINE).startswith("a.tif (one of 3 such images) has")


def test_a_pack_of_known_and_unknown_sizes(tmp_path):
    values = np.arange(1200, dtype=np.uint16).reshape(30, 40)
    known = {"imagej": True, "resolution": (2.0, 2.0), "metadata": {"axes": "YX", "unit": "um"}}
    samples = [Sample(f"train_{name}", "train", tmp_path / f"{name}.tif") for name in "ab"]
    for sample, more in zip(samples, (known, {}), strict=True):
        tifffile.imwrite(sample.path, values, **more)
    options = {"axes": None, "normalize": NORMALIZATIONS.parse("none")}
    folders = tmp_path / "images", tmp_path / "labels"
    with pytest.raises(
        BioLoomError, match=r"size of \S+b\.tif is unknown, that of \S+a\.tif is 0\.5 x 0\.5 um"
    ):
        convert_pack(samples, *folders, voxel_size=None, **options)
    assert len(convert_pack(samples, *folders, voxel_size=[0.5, 0.5], **options)[0]) == 2
