import csv

import numpy as np
import pytest
import tifffile

from bioloom.errors import BioLoomError
from bioloom.synthesize import KINDS
from bioloom.synthesize.write import check_empty, write_all, write_ome, write_points
from bioloom.volumes.formats import read_foreign

SIDE = 48


def write(folder, name="spots", *, ndim=2, images=2, seed=0, learned=None):
    kind = KINDS[name]
    frame = kind.frame(ndim, SIDE)
    list(write_all(kind, frame, folder, images=images, seed=seed, learned=learned))
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.*")}


@pytest.mark.parametrize("name", KINDS)
def test_the_same_seed_makes_the_same_bytes_however_many_are_asked_for(tmp_path, name):
    ndim = next(iter(KINDS[name].frames))
    few, more = (write(tmp_path / f"{n}", name, ndim=ndim, images=n) for n in (1, 2))
    assert len(more) == 2 * len(few)
    assert few.items() <= more.items()
    assert not write(tmp_path / "other", name, ndim=ndim, images=1, seed=1).items() & few.items()


def test_every_truth_has_its_folder(tmp_path):
    files = write(tmp_path, images=1)
    assert sorted(files) == sorted(
        f"{split}/{kind}/spots-000.{'csv' if kind == 'points' else 'tif'}"
        for split in ("train", "test")
        for kind in ("images", "labels", "classes", "points")
    )


@pytest.mark.parametrize("learned", ["objects", "classes", "points"])
def test_a_task_finds_what_it_learns_from_in_labels(tmp_path, learned):
    every = write(tmp_path / "all", images=1)
    found = write(tmp_path / "task", images=1, learned=learned)
    folder, suffix = {
        "objects": ("labels", "tif"),
        "classes": ("classes", "tif"),
        "points": ("points", "csv"),
    }[learned]
    assert set(found) == {
        f"{s}/{k}" for s in ("train", "test") for k in ("images/spots-000.tif", f"labels/spots-000.{suffix}")
    }
    assert found[f"test/labels/spots-000.{suffix}"] == every[f"test/{folder}/spots-000.{suffix}"]


@pytest.mark.parametrize(("name", "ndim"), [("nuclei", 2), ("nuclei", 3), ("cells", 2)])
def test_files_tell_axes_and_voxel_size(tmp_path, name, ndim):
    write(tmp_path, name, ndim=ndim, images=1)
    image = read_foreign(tmp_path / f"train/images/{name}-000.tif")
    labels = read_foreign(tmp_path / f"train/labels/{name}-000.tif", labels=True)
    frame = KINDS[name].frame(ndim, SIDE)
    colours = name == "cells"
    assert image.axes == "ZYX"[-ndim:] + "S" * colours
    assert tuple(image.source.shape) == frame.shape + (3,) * colours
    assert image.spacing == labels.spacing == frame.spacing


def test_what_is_written_is_read(tmp_path):
    kind = KINDS["cells"]
    frame = kind.frame(2, SIDE)
    values = np.random.default_rng(0).integers(0, 256, (*frame.shape, 3), np.uint8)
    write_ome(tmp_path / "a.tif", values, frame)
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "a.tif"), values)


def test_points_are_a_table(tmp_path):
    write_points(tmp_path / "a.csv", np.array([[1.234, 2, 30.5]]), ["vesicle"])
    assert (tmp_path / "a.csv").read_text() == "axis-0,axis-1,axis-2,class\n1.23,2.00,30.50,vesicle\n"


def test_points_name_their_classes(tmp_path):
    write(tmp_path, images=1)
    with (tmp_path / "train/points/spots-000.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {row["class"] for row in rows} == {"vesicle", "punctum"}
    labels = tifffile.imread(tmp_path / "train/labels/spots-000.tif")
    places = np.array([[float(row["axis-0"]), float(row["axis-1"])] for row in rows])
    y, x = places.round().astype(int).clip(0, SIDE - 1).T
    np.testing.assert_array_equal(labels[y, x], np.arange(1, len(rows) + 1))


def test_a_full_folder_is_left_alone(tmp_path):
    check_empty(tmp_path, overwrite=False)
    check_empty(tmp_path / "new", overwrite=False)
    (tmp_path / "mine.txt").write_text("")
    check_empty(tmp_path, overwrite=True)
    with pytest.raises(BioLoomError, match=r"is not empty; allowed: .* new or empty; fix: .* --overwrite"):
        check_empty(tmp_path, overwrite=False)
    with pytest.raises(BioLoomError, match=r"mine\.txt is a file"):
        check_empty(tmp_path / "mine.txt", overwrite=True)
