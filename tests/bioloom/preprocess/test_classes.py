import pandas as pd
import pytest

from bioloom.errors import BioLoomError
from bioloom.preprocess.classes import CLASS_ID, LARGEST_WEIGHT, balancing, class_facts, settled_class_id
from bioloom.preprocess.meaning import Meaning


def table(*rows):
    return pd.DataFrame(rows, columns=["label", "voxels"])


def test_shares_weights_and_ids_of_classes():
    found = class_facts(table((1, 10), (3, 20), (1, 20), (9, 50)), 250, Meaning("classes", ignore=9))
    assert found["classes"] == [0, 1, 3]
    assert found["class_shares"] == {"0": 0.75, "1": 0.15, "3": 0.1}
    assert found["foreground_share"] == pytest.approx(0.25)
    weights = found["class_weights"]
    assert weights["1"] / weights["0"] == pytest.approx(5, rel=1e-4)
    assert sum(weights[i] * share for i, share in found["class_shares"].items()) == pytest.approx(1, rel=1e-4)


def test_labels_without_background_have_no_class_0():
    assert class_facts(table((1, 60), (2, 40)), 100, Meaning("classes"))["classes"] == [1, 2]


def test_a_single_class_beside_the_background_is_that_of_a_threshold():
    assert settled_class_id({"classes": [0, 255]})[CLASS_ID]["value"] == 255
    assert settled_class_id({"classes": [0, 1, 2]}) == {}


def test_declared_classes_stay_also_without_a_voxel():
    found = class_facts(table((1, 10)), 100, Meaning("classes", classes=[0, 1, 2]))
    assert found["classes"] == [0, 1, 2]
    assert found["class_shares"]["2"] == 0


@pytest.mark.parametrize(("rows", "what"), [([], "the class 0 only"), ([(2, 100)], "the class 2 only")])
def test_one_class_is_too_few(rows, what):
    with pytest.raises(BioLoomError, match=f"the training labels hold {what}; allowed: two classes or more"):
        class_facts(table(*rows), 100, Meaning("classes"))


def test_all_training_voxels_ignored():
    with pytest.raises(BioLoomError, match="hold no class"):
        class_facts(table((7, 100)), 100, Meaning("classes", ignore=7))


def test_weights_are_bounded_and_a_rare_class_gets_the_largest():
    weights = balancing([0.9899, 0.01, 0.0001, 0.0])
    assert weights[1] == weights[2] == weights[3]
    assert weights[1] / weights[0] == pytest.approx(LARGEST_WEIGHT)
    assert balancing([0.25] * 4) == pytest.approx([1.0] * 4)
    assert balancing([0.0, 0.0]) == [1.0, 1.0]
