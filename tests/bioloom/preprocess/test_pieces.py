from pathlib import Path

import numpy as np
import pytest

from bioloom.errors import BioLoomError
from bioloom.preprocess.pieces import pieces_of
from bioloom.volumes.formats.foreign import Foreign
from bioloom.volumes.parts import split_parts
from bioloom.volumes.samples import Sample

LEARN, VALIDATE = split_parts(0.2)
SHAPES = {"TYX": (3, 80, 60), "TZYX": (3, 9, 80, 60), "YX": (80, 60), "ZYX": (9, 80, 60)}


def file(axes, name="a.tif"):
    source = np.random.default_rng(len(name)).integers(0, 99, SHAPES[axes])
    return Foreign(Path(name), source, axes)


def sample(part="", split="train"):
    return Sample(f"{split}_a", split, Path("a.tif"), part=part)


@pytest.mark.parametrize("axes", ["YX", "ZYX"])
def test_a_file_is_one_image(axes):
    image, labels = file(axes), file(axes, "l.tif")
    (piece,) = pieces_of(sample(), image, labels)
    assert (piece.image, piece.facts, piece.name) == ("train_a", {}, "a.tif")
    assert piece.voxels == image
    assert piece.labels == labels
    (alone,) = pieces_of(sample(), image, None)
    assert alone.labels is None
    one = Foreign(Path("a.tif"), image.source[None], f"T{axes}")
    (piece,) = pieces_of(sample(), one, None)
    assert (piece.image, piece.facts) == ("train_a", {})
    np.testing.assert_array_equal(piece.voxels.read(), image.read())


@pytest.mark.parametrize("axes", ["TYX", "TZYX"])
def test_every_time_point_is_an_image_with_its_labels(axes):
    image, labels = file(axes), file(axes, "l.tif")
    pieces = pieces_of(sample(), image, labels)
    assert [piece.image for piece in pieces] == ["train_a_t0000", "train_a_t0001", "train_a_t0002"]
    for time, piece in enumerate(pieces):
        assert piece.facts == {"time": time}
        assert piece.name == f"a.tif (time point {time})"
        np.testing.assert_array_equal(piece.voxels.read()[0], image.source[time])
        np.testing.assert_array_equal(piece.labels.read()[0], labels.source[time])


@pytest.mark.parametrize("axes", SHAPES)
def test_regions_are_the_same_at_every_time(axes):
    """Rows 0 to 47 of 80 to learn from, 64 to 79 to validate on."""
    image, labels = file(axes), file(axes, "l.tif")
    for part, split, rows in ((LEARN, "train", slice(0, 48)), (VALIDATE, "val", slice(64, 80))):
        pieces = pieces_of(sample(part, split), image, labels)
        assert len(pieces) == image.times
        for time, piece in enumerate(pieces):
            whole = (image.source, labels.source)
            if "T" in axes:
                assert piece.image == f"{split}_a_t000{time}"
                whole = (image.source[time], labels.source[time])
            for found, values in zip((piece.voxels, piece.labels), whole, strict=True):
                np.testing.assert_array_equal(found.read()[0], values[..., rows, :])
            region = {"axis": "y", "start": rows.start, "stop": rows.stop, "of": 80}
            assert piece.facts == {"region": region} | ({"time": time} if "T" in axes else {})
            place = f"y = {rows.start} to {rows.stop - 1} of 0 to 79"
            assert piece.name == f"a.tif ({f'time point {time}, ' if 'T' in axes else ''}{place})"


def test_what_does_not_fit():
    with pytest.raises(BioLoomError, match="hold one time point"):
        pieces_of(sample(), file("TYX"), file("YX"))
    small = Foreign(Path("a.tif"), np.zeros((30, 20)), "YX")
    with pytest.raises(BioLoomError, match="its longest axis of 30 voxels is too short"):
        pieces_of(sample(LEARN), small, None)
