import numpy as np
import pytest
from pydantic import ValidationError
from skimage.measure import label, regionprops

from bioloom.errors import BioLoomError
from bioloom.measure.objects import measure_objects
from bioloom.postprocess.select_objects import Condition, SelectObjectsOptions, known_measures

SHAPES = {2: (30, 34), 3: (10, 13, 14)}
SPACING = {2: (1.5, 0.5), 3: (2.0, 0.5, 0.5)}


def select(where, action="keep"):
    return {"name": "select_objects", "action": action, "where": where}


def kept(labels, stays):
    """Labels of the objects for which a function of scikit-image's properties holds."""
    chosen = [region.label for region in regionprops(labels.astype(np.int32)) if stays(region)]
    return np.where(np.isin(labels, chosen), labels, 0)


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("action", ["keep", "remove"])
def test_objects_are_chosen_by_size_as_by_scikit_image(action, ndim, patches, operate, canonical):
    shape, size = SHAPES[ndim], np.prod(SPACING[ndim])
    name = "area_um2" if ndim == 2 else "volume_um3"
    for seed in range(2):
        labels = patches(shape, seed)
        where = [{"measure": name, "gt": 30 * size, "le": 110 * size}]
        expected = kept(labels, lambda region: (30 < region.area <= 110) == (action == "keep"))
        assert 0 < np.unique(expected).size - 1 < labels.max()
        for tile in (shape, (5,) * ndim, (4, 30, 5)[-ndim:]):
            found = operate(labels, select(where, action), spacing=SPACING[ndim], tile=tile)
            np.testing.assert_array_equal(found, canonical(expected))


def test_objects_are_chosen_by_shape_as_by_scikit_image(patches, operate, canonical):
    labels = canonical(label(patches((30, 34), 5, objects=20)))
    where = [{"measure": "eccentricity", "lt": 0.9}, {"measure": "solidity", "ge": 0.8}]
    expected = kept(labels, lambda region: region.eccentricity < 0.9 and region.solidity >= 0.8)
    assert 0 < np.unique(expected).size - 1 < labels.max()
    for tile in ((30, 34), (7, 4)):
        np.testing.assert_array_equal(operate(labels, select(where), tile=tile), canonical(expected))


def test_of_a_list_in_the_list_one_is_enough(patches, operate, canonical):
    labels = patches((30, 34), 5)
    small, large = {"measure": "voxels", "lt": 40}, {"measure": "voxels", "gt": 100}
    round_ = {"measure": "eccentricity", "lt": 0.9}
    expected = kept(
        labels, lambda region: (region.area < 40 or region.area > 100) and region.eccentricity < 0.9
    )
    assert 0 < np.unique(expected).size - 1 < labels.max()
    found = operate(labels, select([[small, large], round_]), tile=(9, 8))
    np.testing.assert_array_equal(found, canonical(expected))
    assert not operate(labels, select([small, large])).any()


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("kind", ["mean", "min", "max"])
def test_objects_are_chosen_by_the_values_of_a_channel(kind, ndim, patches, operate, canonical):
    shape = SHAPES[ndim]
    labels = patches(shape, 1)
    prediction = np.random.default_rng(0).random((3, *shape)).astype(np.float32)
    prediction[1] += 0.1 * (labels % 3)  # otherwise the means are all alike
    values = {n: getattr(np, kind)(prediction[1][labels == n]) for n in range(1, labels.max() + 1)}
    middle = float(np.median(list(values.values()))) + 1e-4
    expected = kept(labels, lambda region: values[region.label] >= middle)
    where = [{"measure": f"intensity_{kind}-b", "ge": middle}]
    for tile in (shape, (5,) * ndim):
        found = operate(labels, select(where), tile=tile, prediction=prediction)
        np.testing.assert_array_equal(found, canonical(expected))
    assert 0 < np.unique(expected).size - 1 < labels.max()


@pytest.mark.parametrize("ndim", [2, 3])
def test_every_measure_of_the_object_table_can_be_asked_for_in_any_blocks(ndim, patches, operate, canonical):
    labels = patches(SHAPES[ndim], 3)
    prediction = np.random.default_rng(0).integers(0, 64, (1, *labels.shape)).astype(np.float32) / 64
    table = measure_objects(
        labels.astype(np.int64), prediction, SPACING[ndim], ["a"], image_id="", details=True
    )
    spread = {"intensity_std-a"}  # whose sums are not exact
    known = known_measures(ndim, ["a"])
    assert set(known) == set(table.columns) - {"image", "label"} - spread
    for name in known:
        values = table[name].to_numpy(float)
        limit = float(np.nanmedian(values)) + 1e-9
        expected = canonical(np.where(np.isin(labels, table["label"][values <= limit]), labels, 0))
        found = operate(
            labels,
            select([{"measure": name, "le": limit}]),
            spacing=SPACING[ndim],
            tile=(9, 13, 20)[-ndim:],
            prediction=prediction,
        )
        np.testing.assert_array_equal(found, expected, err_msg=name)


def test_what_has_no_value_fulfils_no_condition():
    values = np.array([1.0, np.nan, 3.0])
    assert Condition(measure="elongation", ge=0).holds(values).tolist() == [True, False, True]
    assert Condition(measure="elongation", gt=1, lt=3).holds(values).tolist() == [False, False, False]
    assert Condition(measure="elongation", ge=1, le=3).holds(values).tolist() == [True, False, True]


def test_mistakes_are_named(operate):
    labels = np.ones((4, 4))
    with pytest.raises(BioLoomError, match=r"knows no measure 'volume_um3' in 2D; allowed: voxels, area_um2"):
        operate(labels, select([{"measure": "volume_um3", "lt": 3}]))
    with pytest.raises(BioLoomError, match="knows no measure 'intensity_mean-z'"):
        operate(labels, select([{"measure": "intensity_mean-z", "lt": 3}]))
    with pytest.raises(ValidationError, match="no limit is given; allowed: lt, le, gt, ge"):
        SelectObjectsOptions(where=[{"measure": "voxels"}])
