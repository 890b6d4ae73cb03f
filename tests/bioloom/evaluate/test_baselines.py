import numpy as np

from bioloom.evaluate.baseline import otsu_watershed
from bioloom.evaluate.baselines import BASELINES
from bioloom.evaluate.otsu_classes import otsu_classes
from bioloom.tasks import TASKS


def test_every_task_has_the_baseline_of_its_truth():
    assert {TASKS[name].truth for name in TASKS} <= set(BASELINES)


def test_a_baseline_gets_what_it_needs():
    image = np.zeros((1, 20, 20))
    image[0, 4:12, 5:12] = 9
    found = {truth: BASELINES[truth](image, (1.0, 2.0), (0, 3)) for truth in ("objects", "classes")}
    np.testing.assert_array_equal(found["objects"], otsu_watershed(image, (1.0, 2.0)))
    np.testing.assert_array_equal(found["classes"], otsu_classes(image, (0, 3)))
