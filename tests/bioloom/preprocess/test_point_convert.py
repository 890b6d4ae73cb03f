"""Tables of points beside images, from files to stores, and what `bioloom check` says about them."""

import numpy as np
import pytest
import tifffile
import yaml

from bioloom.errors import BioLoomError
from bioloom.measure.points import measure_points, true_points
from bioloom.preprocess import NORMALIZATIONS
from bioloom.preprocess.check import check_run
from bioloom.preprocess.convert import convert_sample
from bioloom.preprocess.meaning import Meaning
from bioloom.volumes.parts import split_parts
from bioloom.volumes.points import POINTS, POINTS_FILE, read_points
from bioloom.volumes.samples import Sample, discover
from bioloom.volumes.store import open_volume

SHAPES = {2: (40, 110), 3: (6, 40, 110)}
POINT = Meaning("points")


def write(folder, name, shape, places, classes=None):
    rng = np.random.default_rng(0)
    for kind in ("images", "points"):
        (folder / kind).mkdir(parents=True, exist_ok=True)
    values = rng.integers(0, 900, shape).astype(np.uint16)
    axes = {"axes": "ZYX"} if len(shape) == 3 else {}
    tifffile.imwrite(folder / "images" / f"{name}.tif", values, metadata=axes, photometric="minisblack")
    header = [f"axis-{axis}" for axis in range(len(shape))] + (["class"] if classes else [])
    rows = [
        [*place, *([class_] if classes else [])]
        for place, class_ in zip(places, classes or places, strict=True)
    ]
    text = "\n".join(",".join(map(str, row)) for row in [header, *rows])
    (folder / "points" / f"{name}.csv").write_text(text + "\n")
    return Sample(
        f"train_{name}", "train", folder / "images" / f"{name}.tif", folder / "points" / f"{name}.csv"
    )


def convert(sample, folder, meaning=POINT):
    normalize = NORMALIZATIONS.parse("percentile")
    where = folder / "run/images", folder / "run/labels"
    return convert_sample(sample, *where, axes=None, voxel_size=None, normalize=normalize, meaning=meaning)


def some_places(ndim, number=12):
    return np.random.default_rng(1).uniform(0, np.array(SHAPES[ndim]) - 1, (number, ndim)).round(3).tolist()


@pytest.mark.parametrize("ndim", [2, 3])
def test_a_table_becomes_a_store_with_its_points(tmp_path, ndim):
    places = some_places(ndim)
    sample = write(tmp_path, "x", SHAPES[ndim], places, ["a", "b"] * 6)
    ((_, entry),) = convert(sample, tmp_path)
    labels = open_volume(entry.path)
    assert labels.facts[POINTS] == labels.facts["objects"] == 12
    assert entry.shape == (1, *SHAPES[ndim])
    found = read_points(entry.path / POINTS_FILE)
    np.testing.assert_allclose(found.places, places)
    values = labels.read()[0]
    for number, place in enumerate(places):
        assert values[tuple(np.floor(np.array(place) + 0.5).astype(int))] == number + 1
    table = measure_points(labels, image_id="train_x")
    np.testing.assert_allclose(true_points(table, ndim).places, places)
    assert table["class"].tolist() == ["a", "b"] * 6


@pytest.mark.parametrize("ndim", [2, 3])
def test_a_region_of_a_file_has_its_own_points(tmp_path, ndim):
    places = some_places(ndim, 40)
    whole = write(tmp_path, "x", SHAPES[ndim], places)
    counts = 0
    for part, name in zip(split_parts(0.4), ("train_x", "val_x"), strict=True):
        sample = Sample(name, name.split("_")[0], whole.path, whole.labels, part=part)
        ((image, entry),) = convert(sample, tmp_path)
        labels = open_volume(entry.path)
        found = read_points(entry.path / POINTS_FILE)
        start = labels.facts["region"]["start"]
        expected = [p for p in places if start <= np.floor(p[-1] + 0.5) < start + image.shape[-1]]
        np.testing.assert_allclose(found.places[:, -1] + start, [p[-1] for p in expected])
        assert sorted(set(labels.read().ravel()) - {0}) == list(range(1, len(expected) + 1))
        counts += len(expected)
    assert 20 < counts <= 40


def test_an_empty_table_is_an_image_without_points(tmp_path):
    sample = write(tmp_path, "x", SHAPES[2], [])
    ((_, entry),) = convert(sample, tmp_path)
    assert not open_volume(entry.path).read().any()
    assert len(measure_points(open_volume(entry.path), image_id="train_x")) == 0


def test_points_for_a_task_that_wants_label_images_are_refused(tmp_path):
    sample = write(tmp_path, "x", SHAPES[2], some_places(2))
    with pytest.raises(BioLoomError, match="are a table"):
        convert(sample, tmp_path, Meaning("objects"))


def test_a_faulty_table_leaves_nothing_behind(tmp_path):
    sample = write(tmp_path, "x", SHAPES[2], [[1, 2], [99, 3]])
    with pytest.raises(BioLoomError, match="1 of 2 points lie outside"):
        convert(sample, tmp_path)
    assert not (tmp_path / "run").exists()


def config(folder, **more):
    path = folder / "config.yaml"
    source = {"images": str(folder / "images"), "labels": str(folder / "points")}
    path.write_text(yaml.safe_dump({"run": "x", "task": "detection", "data": {"train": source}, **more}))
    return path


def test_a_check_counts_points_and_says_what_is_wrong(tmp_path):
    for name in "abc":
        write(tmp_path, name, SHAPES[2], some_places(2))
    good = check_run(config(tmp_path))
    assert good.mistakes == []
    assert [seen.objects for seen in good.seen] == [12, 12, 12]
    write(tmp_path, "b", SHAPES[2], [[3, 400]])
    bad = check_run(config(tmp_path))
    assert len(bad.mistakes) == 1
    assert "b.csv: 1 of 1 points lie outside" in bad.mistakes[0]
    other = check_run(config(tmp_path, task="instance_segmentation"))
    assert any("are a table" in line for line in other.mistakes)


def test_a_folder_of_tables_pairs_with_its_images(tmp_path):
    for name in ("a1", "a2"):
        write(tmp_path, name, SHAPES[2], some_places(2))
    found = check_run(config(tmp_path)).config
    samples = discover(found.data)
    assert {sample.labels.name for sample in samples} == {"a1.csv", "a2.csv"}
    assert all(sample.labels.stem == sample.path.stem for sample in samples)
