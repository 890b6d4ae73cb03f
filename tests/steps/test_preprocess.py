"""`bioloom preprocess`: bad files are refused, and what was made earlier stays."""

import numpy as np
import pytest
import tifffile

from bioloom.volumes.manifest import read_manifest
from bioloom.volumes.samples import Sample, write_pack
from bioloom.volumes.store import open_volume

NOISE = np.random.default_rng(0).integers(1, 200, (64, 64)).astype(np.uint8)


@pytest.fixture
def replaced(run, tmp_path):
    """Replace the files of a training pack of the run."""

    def replace(image, labels, split="train"):
        for name, values in (("image", image), ("labels", labels)):
            photometric = "rgb" if values.shape[-1] == 3 else "minisblack"
            tifffile.imwrite(tmp_path / f"{name}.tif", values, photometric=photometric)
        sample = Sample("test_d", split, tmp_path / "image.tif", tmp_path / "labels.tif")
        write_pack(run / "packs" / "test_d.csv", [sample])

    return replace


BAD = {
    "float labels": (NOISE, NOISE.astype(np.float32), "labels.tif are of type float32"),
    "colour labels": (NOISE, np.stack([NOISE] * 3, -1), "labels.tif have 3 channels"),
    "NaN": (np.where(NOISE > 190, np.nan, NOISE).astype(np.float32), NOISE, "NaN or infinite"),
    "constant": (NOISE * 0, NOISE, "image.tif is constant"),
    "shapes": (NOISE, NOISE[:-1], "63 x 64 voxels"),
}


@pytest.mark.parametrize(("image", "labels", "says"), BAD.values(), ids=BAD)
def test_bad_files(refused, run, line_of, contents, replaced, image, labels, says):
    replaced(image, labels)
    before = contents(run)
    assert says in refused(*line_of("preprocess"))
    assert contents(run) == before


def test_a_truncated_file(refused, run, line_of, contents, replaced, tmp_path):
    replaced(NOISE, NOISE)
    path = tmp_path / "image.tif"
    path.write_bytes(path.read_bytes()[:-100])
    before = contents(run)
    assert "image.tif cannot be read: it is truncated or damaged" in refused(*line_of("preprocess"))
    assert contents(run) == before


def test_images_of_two_kinds_in_a_pack(refused, run, line_of, contents, replaced, tmp_path):
    replaced(NOISE, NOISE)
    tifffile.imwrite(tmp_path / "two.tif", np.stack([NOISE] * 2), metadata={"axes": "CYX"}, ome=True)
    samples = [Sample(f"predict_{n}", "predict", tmp_path / f"{n}.tif") for n in ("image", "two")]
    write_pack(run / "packs" / "test_d.csv", samples)
    before = contents(run)
    assert "two.tif has 2 channel(s)" in refused(*line_of("preprocess"))
    assert {path: text for path, text in contents(run).items() if path in before} == before


def test_a_constant_image_may_be_scored_on(bioloom, run, line_of, replaced):
    replaced(NOISE * 0, NOISE, split="test")
    assert bioloom(*line_of("preprocess")).code == 0
    (entry,) = read_manifest(run / "images" / "test_d.csv")
    assert open_volume(entry.path).read().max() == 0


def test_an_image_smaller_than_a_patch(bioloom, run, line_of, replaced):
    """It is filled up by its mirror image, from conversion to labels."""
    small = NOISE[:11, :23]
    replaced(small, small, split="test")
    for name in ("preprocess", "plan", "infer", "stitch", "postprocess", "evaluate"):
        assert bioloom(*line_of(name)).code == 0
    (entry,) = read_manifest(run / "outputs" / "test_d.csv")
    assert entry.shape == (1, 11, 23)
