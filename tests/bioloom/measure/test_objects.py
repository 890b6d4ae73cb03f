from math import pi

import numpy as np
import pandas as pd
import pytest
from scipy import ndimage
from skimage.measure import regionprops_table

from bioloom.errors import BioLoomError
from bioloom.measure.objects import measure_objects

NAMES = {
    "equivalent_diameter_area": "equivalent_diameter_um",
    "eccentricity": "eccentricity",
    "axis_major_length": "axis_major_length_um",
    "axis_minor_length": "axis_minor_length_um",
    "solidity": "solidity",
    "perimeter_crofton": "perimeter_um",
}


def reference(labels, image, spacing):
    """The same table by scikit-image, object by object."""
    pixels = np.moveaxis(image, 0, -1)
    voxel = ("label", "centroid", "bbox", "area", "intensity_mean", "intensity_std", "intensity_min")
    table = pd.DataFrame(regionprops_table(labels, pixels, (*voxel, "intensity_max")))
    table = table.rename(columns={"area": "voxels"})
    names = ["equivalent_diameter_area", "axis_major_length", "axis_minor_length"]
    if labels.ndim == 2:
        names += ["eccentricity", "solidity"]
        names += ["perimeter_crofton"] if len(set(spacing)) == 1 else []
    micron = pd.DataFrame(regionprops_table(labels, pixels, ("area", *names), spacing=spacing))
    micron = micron.rename(columns={**NAMES, "area": "area_um2" if labels.ndim == 2 else "volume_um3"})
    return pd.concat([table, micron], axis=1)


@pytest.mark.parametrize("square", [False, True])
def test_the_table_is_that_of_scikit_image(labels, image, spacing, square):
    spacing = (0.3,) * labels.ndim if square else spacing
    table = measure_objects(labels, image, spacing, image_id="test_a", details=True)
    expected = reference(labels, image, spacing)
    for column in expected:
        np.testing.assert_allclose(table[column], expected[column], rtol=1e-6, atol=1e-6, err_msg=column)


def test_without_details_the_same_columns_hold_the_same(labels, image, spacing):
    table = measure_objects(labels, image, spacing, image_id="test_a", details=True)
    brief = measure_objects(labels, image, spacing, image_id="test_a")
    pd.testing.assert_frame_equal(table[list(brief)], brief)


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (2.0, 1.0, 0.5)])
def test_a_ball(spacing):
    """Its mesh is too large by the steps of the voxels, see test_surface."""
    grids = np.meshgrid(*(np.arange(-24, 25) * step for step in spacing), indexing="ij")
    table = measure_objects(
        (sum(g**2 for g in grids) <= 144).astype(np.uint8), None, spacing, image_id="a", details=True
    )
    row = table.iloc[0]
    assert row["volume_um3"] == pytest.approx(4 / 3 * pi * 12**3, rel=0.02)
    assert row["surface_area_um2"] == pytest.approx(4 * pi * 12**2, rel=0.17)
    equal_ball = pi ** (1 / 3) * (6 * row["volume_um3"]) ** (2 / 3)
    assert row["sphericity"] == pytest.approx(equal_ball / row["surface_area_um2"])
    assert 0.84 < row["sphericity"] < 0.94
    for axis in ("major", "middle", "minor"):
        assert row[f"axis_{axis}_length_um"] == pytest.approx(24, rel=0.02)
    assert row["elongation"] == pytest.approx(1, abs=0.02)
    assert row["flatness"] == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("spacing", [(1.0, 1.0), (2.0, 1.0)])
def test_a_disc(spacing):
    y, x = np.meshgrid(*(np.arange(-40, 41) * step for step in spacing), indexing="ij")
    disc = (y**2 + x**2 <= 900).astype(int)
    row = measure_objects(disc, None, spacing, image_id="a", details=True).iloc[0]
    assert row["perimeter_um"] == pytest.approx(60 * pi, rel=0.02)
    assert row["circularity"] == pytest.approx(1, abs=0.04)
    assert 0.95 < row["solidity"] <= 1
    assert row["elongation"] == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("pixel", [1.0, 0.5])
def test_the_perimeter_of_a_square_is_as_short_as_the_documents_say(pixel):
    """Of four directions, none stands for a side along the rows alone."""
    square = np.ones((60, 60), int)
    row = measure_objects(square, None, (pixel, pixel), image_id="a", details=True).iloc[0]
    assert row["perimeter_um"] == pytest.approx(0.945 * 240 * pixel, rel=0.005)
    assert row["solidity"] == 1


def test_neighbours(ndim):
    labels = np.zeros((12,) * ndim, int)
    labels[(slice(2, 5),) * ndim] = 1
    labels[(slice(5, 8),) * ndim] = 2**32 - 1
    labels[(slice(9, 10), *(slice(5, 8),) * (ndim - 1))] = 4
    spacing = (2.0, *(1.0,) * (ndim - 1))
    table = measure_objects(labels, None, spacing, image_id="a", details=True)
    assert table["label"].tolist() == [1, 4, 2**32 - 1]
    assert table["neighbours"].tolist() == [1, 0, 1]
    near = np.sqrt(36 + 9 * (ndim - 1))
    np.testing.assert_allclose(table["nearest_neighbour_um"], [near, 6, 6])


def test_distance_max_is_that_of_each_object_alone(labels, spacing):
    table = measure_objects(labels, None, spacing, image_id="test_a", distances=True)
    for object_id, largest in zip(table["label"], table["distance_max_um"], strict=True):
        expected = ndimage.distance_transform_edt(labels == object_id, sampling=spacing).max()
        assert largest == pytest.approx(expected, rel=1e-6)


def test_columns_stand_in_the_order_of_the_object_table(labels, image, spacing, ndim):
    table = measure_objects(labels, image, spacing, ("dapi", "gfp"), image_id="test_a", distances=True)
    position = ["image", "label", *(f"centroid-{axis}" for axis in range(ndim))]
    position += [*(f"bbox-{side}" for side in range(2 * ndim)), "voxels"]
    position += ["area_um2" if ndim == 2 else "volume_um3", "equivalent_diameter_um"]
    expected = [
        *position,
        *(["eccentricity"] if ndim == 2 else []),
        "intensity_mean-dapi",
        "intensity_mean-gfp",
    ]
    assert list(table) == [*expected, "touches_border", "distance_max_um"]
    assert set(table["image"]) == {"test_a"}
    table = measure_objects(labels, image, spacing, ("dapi", "gfp"), image_id="test_a", details=True)
    shape = {
        2: "perimeter_um circularity axis_major_length_um axis_minor_length_um elongation eccentricity"
        " orientation_rad solidity",
        3: "surface_area_um2 sphericity axis_major_length_um axis_middle_length_um axis_minor_length_um"
        " elongation flatness",
    }[ndim].split()
    intensity = [f"intensity_{name}-{c}" for name in ("mean", "std", "min", "max") for c in ("dapi", "gfp")]
    around = ["touches_border", "neighbours", "nearest_neighbour_um"]
    assert list(table) == [*position, *shape, *intensity, *around]


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


@pytest.mark.parametrize("details", [False, True])
def test_no_objects_give_an_empty_table_of_the_same_columns(labels, image, spacing, details):
    options = {"image_id": "a", "distances": True, "details": details}
    full = measure_objects(labels, image, spacing, **options)
    empty = measure_objects(labels * 0, image, spacing, **options)
    assert len(empty) == 0
    assert empty.dtypes.to_dict() == full.dtypes.to_dict()


@pytest.mark.parametrize("shape", [(0, 5), (5, 0), (3, 0, 4)])
def test_no_voxels_give_an_empty_table(shape):
    table = measure_objects(np.zeros(shape, int), None, (1.0,) * len(shape), image_id="a", details=True)
    assert len(table) == 0


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("shape", [(1, 1), (1, 4), (1, 1, 1), (1, 1, 4), (3, 1, 3)])
def test_objects_without_extent_have_no_warnings(shape):
    table = measure_objects(np.ones(shape, int), None, (0.5,) * len(shape), image_id="a", details=True)
    assert table["voxels"].tolist() == [np.prod(shape)]
    missing = {"elongation", "flatness", "orientation_rad", "nearest_neighbour_um"}
    assert set(table.columns[table.isna().any()]) <= missing


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (np.array([[0.0, 1.0]]), "float64.*allowed: integers"),
        (np.array([[0, -3]]), "the id -3"),
        (np.array([[2**63]], np.uint64), "the id 9223372036854775808"),
    ],
)
def test_labels_that_are_no_ids(wrong, message):
    with pytest.raises(BioLoomError, match=message):
        measure_objects(wrong, None, (1.0, 1.0), image_id="a", details=True)


def test_an_image_of_another_shape(labels, image, spacing):
    with pytest.raises(BioLoomError, match="an image of shape"):
        measure_objects(labels, image[..., 1:], spacing, image_id="a", details=True)


@pytest.mark.parametrize("names", [("dapi",), ("dapi", "dapi"), ("a", "b", "c")])
def test_channel_names_must_fit(labels, image, spacing, names):
    with pytest.raises(BioLoomError, match="for 2 channels"):
        measure_objects(labels, image, spacing, names, image_id="a")


@pytest.mark.parametrize(
    "wrong", [(1.0,), (0.0, 1.0, 1.0), (0.0, 1.0), (-1.0, 1.0), (np.nan, 1.0), (np.inf, 1.0)]
)
@pytest.mark.parametrize("what", ["distances", "details"])
def test_spacing_must_fit(wrong, what):
    labels = np.ones((4, 4) if len(wrong) < 3 else (4, 4, 4), int)
    with pytest.raises(BioLoomError, match="voxel size"):
        measure_objects(labels, None, wrong, image_id="a", **{what: True})
