from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bioloom.train.patches import PATCHES, PatchRows, class_patch_table, patch_table
from bioloom.volumes.manifest import Entry
from bioloom.volumes.tables import read_table, write_table


def entry(image, *shape):
    return Entry(image, Path(f"{image}.zarr"), (1, *shape), "uint8", "")


def objects_of(labels, image="a"):
    rows = []
    for i in np.unique(labels[labels > 0]):
        places = np.argwhere(labels == i)
        box = [*places.min(0), *(places.max(0) + 1)]
        rows.append(
            {"image": image, "label": i, "voxels": len(places)} | {f"bbox-{k}": b for k, b in enumerate(box)}
        )
    return pd.DataFrame(rows)


def boxes(shape, count, seed=0):
    """An image of boxes that fill their bounding boxes, so that the estimate of the foreground is exact."""
    rng, labels = np.random.default_rng(seed), np.zeros(shape, int)
    for i in range(1, count + 1):
        start = [rng.integers(0, n - 2) for n in shape]
        where = tuple(slice(a, a + rng.integers(2, 9)) for a in start)
        if not labels[where].any():
            labels[where] = i
    return labels


@pytest.mark.parametrize(("shape", "size"), [((50, 43), (16, 20)), ((9, 30, 20), (9, 8, 8))])
def test_every_patch_counts_its_objects_and_foreground(shape, size):
    labels = boxes(shape, 12)
    table = patch_table([entry("a", *shape)], objects_of(labels), size)
    covered = np.zeros(shape, bool)
    for row in table.to_dict("records"):
        start = [row[f"start-{axis}"] for axis in range(len(shape))]
        where = tuple(slice(a, a + n) for a, n in zip(start, size, strict=True))
        covered[where] = True
        seen = labels[where]
        assert seen.shape == size
        assert row["objects"] == len(np.unique(seen[seen > 0]))
        assert row["foreground"] == pytest.approx((seen > 0).mean())
    assert covered.all()
    assert (table["objects"] > 0).any()


def test_images_smaller_than_a_patch_have_one_at_their_start():
    table = patch_table([entry("a", 10, 40), entry("b", 8, 8)], pd.DataFrame(), (16, 16))
    assert table.values.tolist() == [
        ["a", 0, 0, 0, 0.0],
        ["a", 0, 12, 0, 0.0],
        ["a", 0, 24, 0, 0.0],
        ["b", 0, 0, 0, 0.0],
    ]


def test_objects_count_in_their_own_image_only():
    table = patch_table([entry("a", 16, 16), entry("b", 16, 16)], objects_of(np.eye(16, dtype=int)), (16, 16))
    assert table["objects"].tolist() == [1, 0]


def test_the_table_can_be_written_and_read(tmp_path):
    for shape in [(40, 40), (20, 30, 30)]:
        size = (16,) * len(shape)
        table = patch_table([entry("a", *shape)], objects_of(boxes(shape, 9)), size)
        write_table(tmp_path / "train.csv", table, PATCHES)
        found = read_table(tmp_path / "train.csv", PATCHES)
        pd.testing.assert_frame_equal(found, table, check_dtype=False)


def rows_of(objects):
    table = pd.DataFrame({"image": "a", "start-0": range(len(objects)), "start-1": 0, "objects": objects})
    return PatchRows(table, (10, 10))


def test_the_share_of_patches_with_objects():
    rows, random = rows_of([0, 0, 1, 0, 2, 0, 0, 0]), np.random.default_rng(0)
    drawn = [rows.draw(0.5, random) for _ in range(4000)]
    with_objects = np.isin(drawn, [2, 4]).mean()
    assert with_objects == pytest.approx(0.5 + 0.5 * 2 / 8, abs=0.03)
    assert set(drawn) == set(range(8))
    assert {rows.draw(1.0, random) for _ in range(100)} == {2, 4}


def test_without_any_object_every_patch_is_drawn():
    rows, random = rows_of([0, 0, 0]), np.random.default_rng(0)
    assert {rows.draw(1.0, random) for _ in range(100)} == {0, 1, 2}


def test_jitter_reaches_half_a_patch_and_stays_inside():
    rows, random = rows_of([1]), np.random.default_rng(0)
    moved = np.array([rows.jitter((20, 1), (100, 12), random) for _ in range(2000)])
    assert (moved.min(0).tolist(), moved.max(0).tolist()) == ([15, 0], [25, 2])


def test_an_axis_shorter_than_the_patch_stays_whole():
    rows, random = rows_of([1]), np.random.default_rng(0)
    moved = np.array([rows.jitter((0, 0), (7, 10), random) for _ in range(500)])
    assert (moved.min(0).tolist(), moved.max(0).tolist()) == ([-3, 0], [0, 0])


@dataclass(frozen=True)
class ClassMap:
    """A class map in memory, opened like a stored one."""

    values: np.ndarray

    @property
    def spatial(self):
        return self.values.shape

    def read(self, box):
        return self.values[None][(slice(None), *box.slices)]


@pytest.mark.parametrize(
    ("shape", "size"), [((50, 43), (16, 20)), ((9, 30, 20), (9, 8, 8)), ((10, 9), (16, 16))]
)
def test_every_patch_counts_the_voxels_of_every_class(shape, size):
    values = np.random.default_rng(0).choice([0, 1, 4, 255], shape, p=[0.6, 0.2, 0.1, 0.1]).astype(np.uint8)
    values[:5] = 0
    table = class_patch_table([(entry("a", *shape), ClassMap(values))], (0, 1, 4), size)
    assert table[["image", "start-0", "start-1"]].equals(
        patch_table([entry("a", *shape)], pd.DataFrame(), size)[["image", "start-0", "start-1"]]
    )
    for row in table.to_dict("records"):
        start = [row[f"start-{axis}"] for axis in range(len(shape))]
        seen = values[tuple(slice(a, a + n) for a, n in zip(start, size, strict=True))]
        assert [row[f"class-{c}"] for c in (0, 1, 4)] == [(seen == c).sum() for c in (0, 1, 4)]
        assert row["objects"] == len({1, 4} & set(np.unique(seen)))
        assert row["foreground"] == pytest.approx(((seen == 1) | (seen == 4)).sum() / np.prod(size))


def test_a_table_of_classes_comes_back_from_its_file(tmp_path):
    table = class_patch_table([(entry("a", 9, 9), ClassMap(np.eye(9, dtype=np.uint8)))], (0, 1), (4, 4))
    write_table(tmp_path / "train.csv", table, PATCHES)
    pd.testing.assert_frame_equal(read_table(tmp_path / "train.csv", PATCHES), table, check_dtype=False)
    assert len(class_patch_table([], (0, 1), (4, 4))) == 0


def test_classes_are_drawn_equally_often_and_patches_by_how_much_they_show():
    columns = {"image": "a", "start-0": range(4), "start-1": 0, "objects": [0, 1, 1, 1], "foreground": 0.5}
    table = pd.DataFrame(columns | {"class-0": 9, "class-1": [0, 30, 10, 0], "class-2": [0, 0, 0, 1]})
    rows = PatchRows(table, (4, 4))
    generator = np.random.default_rng(0)
    drawn = np.bincount([rows.draw(1.0, generator) for _ in range(4000)], minlength=4) / 4000
    np.testing.assert_allclose(drawn, [0, 0.375, 0.125, 0.5], atol=0.03)
    anywhere = np.bincount([rows.draw(0.0, generator) for _ in range(4000)], minlength=4) / 4000
    np.testing.assert_allclose(anywhere, 0.25, atol=0.03)
