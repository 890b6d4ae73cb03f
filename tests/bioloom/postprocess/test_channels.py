import numpy as np
import pytest

from bioloom.errors import BioLoomError
from bioloom.postprocess.channels import find_terms, find_vector, numbered


def test_a_list_of_terms_is_their_minimum():
    prediction = np.array([[[0.9, 0.2, 0.7]], [[0.3, 0.1, 0.0]]])
    both = find_terms(["foreground", "not contour"], ["foreground", "contour"])(prediction)
    np.testing.assert_array_equal(both, np.array([[0.7, 0.2, 0.7]], np.float32))
    assert both.dtype == np.float32
    one = find_terms(["contour"], ["foreground", "contour"])(prediction)
    np.testing.assert_array_equal(one, prediction[1].astype(np.float32))


def test_an_unknown_channel_is_named():
    with pytest.raises(
        BioLoomError, match="no channel 'distanse'; allowed: foreground, distance; fix: did you"
    ):
        find_terms(["not distanse"], ["foreground", "distance"])


def test_components_of_a_vector_are_found_by_axis():
    channels = ["foreground", "flow-y", "flow-x", "flow-z"]
    assert find_vector("flow", channels, 3) == (3, 1, 2)
    assert find_vector("flow", channels, 2) == (1, 2)
    with pytest.raises(BioLoomError, match="no channel 'offset-y'"):
        find_vector("offset", channels, 2)


def test_numbered_channels_come_in_order():
    channels = ["ray-1", "foreground", "ray-0", "ray-10", "ray-2"]
    assert numbered("ray", channels) == (2, 0, 4)
    with pytest.raises(BioLoomError, match="no channel 'star-0'"):
        numbered("star", channels)
