import numpy as np
import pytest

from bioloom.errors import BioLoomError
from bioloom.evaluate.channels import Channels, find_channel
from bioloom.geometry.box import Box

NAMES = ("contour", "foreground", "distance")


@pytest.mark.parametrize(
    ("wanted", "names", "place"),
    [
        ("auto", NAMES, (1, False)),
        ("auto", ("background", "contour"), (0, True)),
        ("auto", ("embeddings-y", "embeddings-x", "embeddings-width", "embeddings-seed"), (3, False)),
        ("auto", ("affinity-0", "affinity-1"), (0, False)),
        ("distance", NAMES, (2, False)),
        ("not contour", NAMES, (0, True)),
    ],
)
def test_a_channel_is_found_by_its_name(wanted, names, place):
    assert find_channel(wanted, names) == place


def test_a_channel_that_is_not_there_is_named_with_those_that_are():
    with pytest.raises(BioLoomError, match=r"no channel 'distanse'; allowed: contour, .* mean 'distance'\?"):
        find_channel("distanse", NAMES)
    with pytest.raises(BioLoomError, match="fix: name a channel"):
        find_channel("x", NAMES)


def test_only_what_is_wanted_is_read(ndim, open_prediction):
    values = np.random.default_rng(0).random((3, *(6,) * ndim)).astype(np.float32)
    channels = Channels(open_prediction(values, NAMES), ("distance", "auto", "not distance"))
    box = Box((1,) * ndim, (4,) * ndim)
    expected = np.stack([values[2], values[1], 1 - values[2]])[(slice(None), *box.slices)]
    np.testing.assert_array_equal(channels.read(box), expected)
    assert channels.shape == values.shape[1:]
