import numpy as np
import pytest
from scipy.spatial.distance import cdist

from bioloom.geometry.box import Box
from bioloom.measure import points as module
from bioloom.measure.points import measure_points, nearest_neighbour, true_points
from bioloom.measure.volume import measure_volume
from bioloom.volumes.points import POINTS, POINTS_FILE, Points, write_points
from bioloom.volumes.store import create_volume

SHAPES = {2: (24, 30), 3: (8, 24, 30)}
SPACINGS = {2: (0.5, 0.8), 3: (2.0, 0.5, 0.8)}


def store(path, labels, **facts):
    spacing = SPACINGS[labels.ndim]
    volume = create_volume(path, (1, *labels.shape), np.uint16, spacing=spacing, kind="labels", facts=facts)
    volume.write(Box.of(labels.shape), labels[None].astype(np.uint16))
    return volume


@pytest.mark.parametrize("ndim", [2, 3])
def test_a_table_of_points_stays_what_it_is(tmp_path, ndim):
    rng = np.random.default_rng(0)
    points = Points.of(rng.uniform(0, np.array(SHAPES[ndim]) - 1, (8, ndim)), ["a", "b"] * 4)
    labels = store(tmp_path / "x.zarr", np.zeros(SHAPES[ndim]), **{POINTS: 8})
    write_points(tmp_path / "x.zarr" / POINTS_FILE, points)
    table = measure_points(labels, image_id="train_x")
    found = true_points(table, ndim)
    np.testing.assert_allclose(found.places, points.places, rtol=1e-8)
    assert found.classes.tolist() == points.classes.tolist()
    assert table["label"].tolist() == list(range(1, 9))
    assert (table["distance_max_um"] == 0).all()
    boxes = table[[f"bbox-{n}" for n in range(2 * ndim)]].to_numpy()
    assert (boxes[:, ndim:] - boxes[:, :ndim] == 1).all()
    np.testing.assert_array_equal(boxes[:, :ndim], np.floor(points.places + 0.5))


@pytest.mark.parametrize("largest", [2**26, 0])
@pytest.mark.parametrize("ndim", [2, 3])
def test_the_center_of_an_object_lies_in_it(tmp_path, monkeypatch, ndim, largest):
    monkeypatch.setattr(module, "LARGEST_READ", largest)
    labels = np.zeros(SHAPES[ndim], int)
    labels[(..., slice(2, 16), slice(2, 16))] = 7
    labels[(..., slice(4, 16), slice(4, 14))] = 0  # a crescent around its centroid
    labels[(..., slice(18, 22), slice(20, 25))] = 3
    volume = store(tmp_path / "x.zarr", labels)
    table = measure_points(volume, image_id="train_x").set_index("label")
    plain = measure_volume(volume, None, image_id="train_x", distances=True).set_index("label")
    centers = table[[f"centroid-{axis}" for axis in range(ndim)]]
    centroids = plain[[f"centroid-{axis}" for axis in range(ndim)]]
    np.testing.assert_array_equal(centers.loc[3], centroids.loc[3])
    voxels = np.argwhere(labels == 7)
    away = np.linalg.norm((voxels - centroids.loc[7].to_numpy()) * SPACINGS[ndim], axis=1)
    center = centers.loc[7].to_numpy()
    assert labels[tuple(center.astype(int))] == 7
    offset = np.linalg.norm((center - centroids.loc[7].to_numpy()) * SPACINGS[ndim])
    np.testing.assert_allclose(offset, away.min())
    np.testing.assert_array_equal(table["equivalent_diameter_um"], plain["equivalent_diameter_um"])


@pytest.mark.parametrize("ndim", [2, 3])
def test_no_objects_are_an_empty_table(tmp_path, ndim):
    table = measure_points(store(tmp_path / "x.zarr", np.zeros(SHAPES[ndim])), image_id="a")
    assert len(table) == 0
    assert true_points(table, ndim).places.shape == (0, ndim)
    labels = store(tmp_path / "y.zarr", np.zeros(SHAPES[ndim]), **{POINTS: 0})
    write_points(tmp_path / "y.zarr" / POINTS_FILE, Points.of(np.zeros((0, ndim))))
    assert len(measure_points(labels, image_id="a")) == 0


@pytest.mark.parametrize("ndim", [2, 3])
def test_the_nearest_neighbour_is_that_of_all_distances(ndim):
    places = np.random.default_rng(0).uniform(0, 20, (30, ndim))
    distance = cdist(places * SPACINGS[ndim], places * SPACINGS[ndim]) + np.diag([np.inf] * 30)
    np.testing.assert_allclose(nearest_neighbour(places, SPACINGS[ndim]), distance.min(1))
    assert np.isnan(nearest_neighbour(places[:1], SPACINGS[ndim])).all()
