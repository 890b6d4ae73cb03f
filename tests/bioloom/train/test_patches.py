from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bioloom.train.patches import PATCHES, PatchRows, patch_table
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
