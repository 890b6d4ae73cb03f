import numpy as np
import pytest
from pydantic import ValidationError

from bioloom.postprocess.limits import SizeLimit, SizeOptions

SIZES = np.array([4, 10, 10, 12, 41, 40])


@pytest.mark.parametrize(
    ("options", "spacing", "exceeded"),
    [
        ({}, (1.0, 1.0), []),
        ({"times_median": 3.7}, (1.0, 1.0), [41]),
        ({"times_median": 2}, (1.0, 1.0), [41, 40]),
        ({"max_voxels": 10}, (1.0, 1.0), [12, 41, 40]),
        ({"max_size_um": 2.5}, (0.5, 0.5), [12, 41, 40]),
        ({"max_size_um": 0.3 * 0.1 * 0.1 * 40}, (0.3, 0.1, 0.1), [41]),
    ],
)
def test_objects_above_the_limit_are_too_large(options, spacing, exceeded):
    limit = SizeLimit.of(SizeOptions.model_validate(options), spacing)
    assert SIZES[limit.exceeded(SIZES)].tolist() == exceeded  # the median is 11


def test_no_object_is_too_large():
    limit = SizeLimit.of(SizeOptions(), (1.0, 1.0))
    assert not limit.exceeded(np.zeros(0, np.int64)).any()


def test_two_limits_are_a_mistake():
    with pytest.raises(ValidationError, match="one of max_voxels, max_size_um, times_median"):
        SizeOptions(max_voxels=3, times_median=2)
