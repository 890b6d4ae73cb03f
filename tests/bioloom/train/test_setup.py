from dataclasses import replace

import numpy as np
import pytest
from small_run import PACKS, SHAPES, SIZES, config, facts, files

from bioloom.errors import BioLoomError
from bioloom.tasks.recipe import augment_of, targets_of
from bioloom.train.setup import open_source
from bioloom.volumes.manifest import write_manifest


def source(found, ndim, options):
    return open_source(found, options, facts(ndim), targets_of(options), augment_of(options), memory_gb=1.0)


@pytest.mark.parametrize("ndim", SHAPES)
def test_examples_of_the_patches_of_a_run(tmp_path, ndim):
    options = config(ndim)
    channels = len(targets_of(options).channels(ndim))
    found = source(files(tmp_path, ndim), ndim, options)
    example = found.example(0, 0)
    assert example["image"].shape == (1, *SIZES[ndim])
    assert example["target"].shape == (channels, *SIZES[ndim])
    assert len(found.validation_rows) > 1
    first, second = found.example(0, 0), found.example(0, 1)
    np.testing.assert_array_equal(first["image"], example["image"])
    assert (first["image"] != second["image"]).any()


def test_what_identifies_the_data(tmp_path):
    found = files(tmp_path, 2)
    digests = found.digests()
    assert set(digests) == {f"{kind}/{pack}" for kind in ("images", "labels") for pack in PACKS}
    assert len(set(digests.values())) == len(digests)
    assert files(tmp_path / "again", 2).digests() == digests


def test_an_image_without_labels(tmp_path):
    found = files(tmp_path, 2)
    write_manifest(tmp_path / "labels" / "train_b.csv", [])
    with pytest.raises(BioLoomError, match="there is no image 'train_b' in "):
        source(found, 2, config(2))


def test_a_missing_table(tmp_path):
    found = files(tmp_path, 2)
    (tmp_path / "patches" / "val.csv").unlink()
    with pytest.raises(BioLoomError, match=r"there is no patch table .*val\.csv"):
        source(found, 2, config(2))


@pytest.mark.parametrize(("packs", "image"), [(PACKS[:2], "val_c"), (PACKS[2:], "train_a")])
def test_a_pack_that_was_forgotten(tmp_path, packs, image):
    found = replace(files(tmp_path, 2), packs=packs)
    with pytest.raises(BioLoomError, match=f"the patches name the image {image}.*, which none of the packs"):
        source(found, 2, config(2))


@pytest.mark.parametrize("memory_gb", [0.0, 1e300])
def test_any_amount_of_memory(tmp_path, memory_gb):
    options, found = config(2), files(tmp_path, 2)
    made = open_source(found, options, facts(2), targets_of(options), [], memory_gb=memory_gb)
    assert made.example(0, 0)["image"].shape == (1, *SIZES[2])
