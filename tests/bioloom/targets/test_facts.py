import numpy as np
import pandas as pd
import pytest

from bioloom.errors import BioLoomError
from bioloom.targets.facts import ObjectFacts

TABLE = pd.DataFrame(
    {
        "label": [9, 2, 5],
        "centroid-0": [90.0, 20.0, 50.0],
        "centroid-1": [91.0, 21.0, 51.0],
        "distance_max_um": [0.9, 0.2, 0.5],
    }
)


def test_a_table_is_read_in_the_order_of_labels():
    facts = ObjectFacts.from_table(TABLE, 2, 0.5)
    np.testing.assert_array_equal(facts.ids, [2, 5, 9])
    np.testing.assert_array_equal(facts.centroids, [[20, 21], [50, 51], [90, 91]])
    np.testing.assert_array_equal(facts.distance_max_um, [0.2, 0.5, 0.9])
    assert facts.median_radius_um == 0.5


@pytest.mark.parametrize("offset", [0, 2**40])
def test_rows_of_labels_of_any_size(offset):
    facts = ObjectFacts.from_table(TABLE.assign(label=TABLE["label"] + offset), 2, 0.5)
    labels = np.array([[9, 2], [2, 5]], np.uint64) + np.uint64(offset)
    np.testing.assert_array_equal(facts.rows(labels), [[2, 0], [0, 1]])


@pytest.mark.parametrize("label", [1, 7, 12, 2**50])
def test_a_label_without_facts_is_an_error(label):
    facts = ObjectFacts.from_table(TABLE, 2, 0.5)
    with pytest.raises(BioLoomError, match=f"label {label} is missing in the object table"):
        facts.rows(np.array([2, label], np.int64))


def test_no_objects_at_all():
    facts = ObjectFacts.from_table(TABLE.iloc[:0], 2, 0.5)
    assert facts.rows(np.zeros(0, np.int32)).size == 0
    assert facts.centroids.shape == (0, 2)
    with pytest.raises(BioLoomError):
        facts.rows(np.array([2**40]))


def test_taken_objects_are_numbered_anew():
    facts = ObjectFacts.from_table(TABLE, 2, 0.5).take(np.array([9, 2]))
    np.testing.assert_array_equal(facts.ids, [1, 2])
    np.testing.assert_array_equal(facts.distance_max_um, [0.9, 0.2])


def test_a_map_replaces_centers_and_scales_distances():
    facts = ObjectFacts.from_table(TABLE, 2, 0.5).moved(np.zeros((3, 2)), 2.0)
    np.testing.assert_array_equal(facts.distance_max_um, [0.4, 1.0, 1.8])
    assert not facts.centroids.any()
    assert facts.median_radius_um == 0.5, "the stored median is that of the training set"


def test_the_reach_comes_from_the_bounding_box():
    boxes = TABLE.assign(
        **{"bbox-0": [88, 18, 50], "bbox-1": [90, 19, 51], "bbox-2": [94, 22, 51], "bbox-3": [93, 25, 52]}
    )
    boxes.loc[boxes["label"] == 9, "distance_max_um"] = np.nan
    facts = ObjectFacts.from_table(boxes, 2, 0.5)
    np.testing.assert_array_equal(facts.half_lengths, [[2, 3], [0, 0], [3, 1]])
    np.testing.assert_allclose(facts.reach_um((2.0, 0.5)), [4.0, 0.5, np.inf])
    np.testing.assert_allclose(facts.take(np.array([5, 2])).reach_um((1.0, 1.0)), [1, 3])
    np.testing.assert_allclose(facts.moved(facts.centroids, 2.0).reach_um((2.0, 0.5)), [8.0, 0.5, np.inf])
    plain = ObjectFacts.from_table(TABLE, 2, 0.5)
    np.testing.assert_allclose(plain.reach_um((0.3, 0.4)), [0.3, 0.5, 0.9])
