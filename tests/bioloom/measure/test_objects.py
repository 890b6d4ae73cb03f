import numpy as np
import pandas as pd
import pytest
from scipy import ndimage
from skimage.measure import regionprops_table

from bioloom.errors import BioLoomError
from bioloom.measure.distance import boundary_distance
from bioloom.measure.moments import accumulate, merge
from bioloom.measure.objects import finish, measure_objects


def reference(labels, image, spacing):
    """The same table by scikit-image, object by object."""
    pixels = np.moveaxis(image, 0, -1)
    voxel = regionprops_table(labels, pixels, ("label", "centroid", "bbox", "area", "intensity_mean"))
    micron = ["area", "equivalent_diameter_area", *(["eccentricity"] if labels.ndim == 2 else [])]
    micron = regionprops_table(labels, pixels, micron, spacing=spacing)
    table = pd.DataFrame(voxel).rename(columns={"area": "voxels"})
    table["area_um2" if labels.ndim == 2 else "volume_um3"] = micron["area"]
    table["equivalent_diameter_um"] = micron["equivalent_diameter_area"]
    if labels.ndim == 2:
        table["eccentricity"] = micron["eccentricity"]
    return table


def test_the_table_is_that_of_scikit_image(labels, image, spacing):
    table = measure_objects(labels, image, spacing, image_id="test_a")
    expected = reference(labels, image, spacing)
    assert set(expected) == set(table) - {"image", "touches_border"}
    for column in expected:
        np.testing.assert_allclose(table[column], expected[column], rtol=1e-6, atol=1e-6, err_msg=column)


def test_distance_max_is_that_of_each_object_alone(labels, spacing):
    table = measure_objects(labels, None, spacing, image_id="test_a", distances=True)
    for object_id, largest in zip(table["label"], table["distance_max_um"], strict=True):
        expected = ndimage.distance_transform_edt(labels == object_id, sampling=spacing).max()
        assert largest == pytest.approx(expected, rel=1e-6)


def test_columns_stand_in_the_order_of_the_object_table(labels, image, spacing, ndim):
    table = measure_objects(labels, image, spacing, ("dapi", "gfp"), image_id="test_a", distances=True)
    expected = ["image", "label", *(f"centroid-{axis}" for axis in range(ndim))]
    expected += [*(f"bbox-{side}" for side in range(2 * ndim)), "voxels"]
    expected += ["area_um2" if ndim == 2 else "volume_um3", "equivalent_diameter_um"]
    expected += [*(["eccentricity"] if ndim == 2 else []), "intensity_mean-dapi", "intensity_mean-gfp"]
    assert list(table) == [*expected, "touches_border", "distance_max_um"]
    assert set(table["image"]) == {"test_a"}


def test_blocks_give_the_same_table(labels, image, spacing):
    distance = boundary_distance(labels, spacing)
    parts = [
        accumulate(
            labels[start : start + 5],
            image[:, start : start + 5],
            distance=distance[start : start + 5],
            origin=(start, *(0,) * (labels.ndim - 1)),
        )
        for start in range(0, len(labels), 5)
    ]
    whole = measure_objects(labels, image, spacing, image_id="a", distances=True)
    pd.testing.assert_frame_equal(finish(merge(parts), labels.shape, spacing, image_id="a"), whole, rtol=0)


def test_touching_the_border(ndim):
    labels = np.zeros((9,) * ndim, int)
    labels[(4,) * ndim] = 1
    labels[(0, *(4,) * (ndim - 1))] = 2
    labels[(*(4,) * (ndim - 1), 8)] = 3
    table = measure_objects(labels, None, (1.0,) * ndim, image_id="a")
    assert table["touches_border"].tolist() == [False, True, True]


def test_a_single_plane_is_not_all_border():
    labels = np.zeros((1, 5, 5), int)
    labels[0, 2, 2], labels[0, 0, 0] = 1, 2
    table = measure_objects(labels, None, (1, 1, 1), image_id="a")
    assert table["touches_border"].tolist() == [False, True]


@pytest.mark.parametrize(("shape", "expected"), [((1, 1), 0), ((1, 9), 1), ((4, 4), 0)])
def test_eccentricity_of_a_point_a_line_and_a_square(shape, expected):
    labels = np.pad(np.ones(shape, int), 2)
    table = measure_objects(labels, None, (0.5, 0.5), image_id="a")
    assert table["eccentricity"][0] == pytest.approx(expected, abs=1e-7)


def test_no_objects_give_an_empty_table_of_the_same_columns(labels, image, spacing):
    full = measure_objects(labels, image, spacing, image_id="a", distances=True)
    empty = measure_objects(labels * 0, image, spacing, image_id="a", distances=True)
    assert len(empty) == 0
    assert empty.dtypes.to_dict() == full.dtypes.to_dict()


@pytest.mark.parametrize("names", [("dapi",), ("dapi", "dapi"), ("a", "b", "c")])
def test_channel_names_must_fit(labels, image, spacing, names):
    with pytest.raises(BioLoomError, match="for 2 channels"):
        measure_objects(labels, image, spacing, names, image_id="a")


@pytest.mark.parametrize("wrong", [(1.0,), (0.0, 1.0, 1.0), (-1.0, 1.0)])
def test_spacing_must_fit(labels, wrong):
    with pytest.raises(BioLoomError, match="voxel size"):
        measure_objects(labels, None, wrong, image_id="a", distances=True)
