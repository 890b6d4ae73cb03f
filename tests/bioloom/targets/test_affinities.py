import numpy as np
import pytest
from pydantic import ValidationError

from bioloom.errors import BioLoomError
from bioloom.targets.affinities import Affinities, AffinitiesOptions, offset_name, pairs, read_offset
from bioloom.targets.facts import ObjectFacts

NOTHING = ObjectFacts(np.zeros(0, int), np.zeros((0, 2)), np.zeros(0), 1.0)


def made(labels, **options):
    cut = ((False, False),) * labels.ndim
    return Affinities(AffinitiesOptions(**options)).make(labels, NOTHING, (1.0,) * labels.ndim, cut)


@pytest.mark.parametrize(
    "offsets", [[[1, 0], [0, -2]], [[2, -1], [-1, -1], [9, 0]], [[1, 0, 0], [-1, 2, -3]]]
)
def test_each_voxel_is_compared_with_the_one_at_the_offset(offsets):
    shape = (7, 8, 9)[-len(offsets[0]) :]
    labels = np.random.default_rng(0).integers(-2, 3, shape)
    values, weight = made(labels, offsets=offsets)
    for number, offset in enumerate(offsets):
        for voxel in np.ndindex(*shape):
            other = tuple(np.array(voxel) + offset)
            inside = all(0 <= place < side for place, side in zip(other, shape, strict=True))
            known = inside and labels[voxel] >= 0 and labels[other] >= 0
            same = known and labels[voxel] == labels[other] > 0
            assert weight[(number, *voxel)] == known
            assert values[(number, *voxel)] == same


@pytest.mark.parametrize("ndim", [2, 3])
def test_channels_hold_their_offset_and_are_named_by_it(ndim):
    channels = Affinities(AffinitiesOptions()).channels(ndim)
    assert len({channel.name for channel in channels}) == len(channels)
    for channel in channels:
        assert read_offset(channel.name.removeprefix("affinities-"), ndim) == channel.offset
    assert channels[0].name == ("affinities-y1" if ndim == 2 else "affinities-z1")
    units = [channel.offset for channel in channels if sum(channel.offset) == 1]
    assert len(units) == ndim


@pytest.mark.parametrize("offset", [(4, -4), (0, 1), (-3, 0), (1, 0, -12), (0, 0, 2)])
def test_names_are_read_back(offset):
    assert read_offset(offset_name(offset), len(offset)) == offset
    assert "-" not in offset_name(offset)


def test_other_names_are_no_offsets():
    assert read_offset("probability", 2) is None
    assert read_offset("", 2) is None


def test_the_margin_is_the_longest_offset():
    target = Affinities(AffinitiesOptions(offsets=[[1, 0], [0, 1], [-7, 2]]))
    assert target.margin(5.0, (1.0, 1.0)) == (7, 2)


def test_parts_of_an_array_with_a_partner():
    here, there = pairs((2, -3), (5, 3))
    assert np.zeros((5, 3))[here].shape == np.zeros((5, 3))[there].shape == (3, 0)


@pytest.mark.parametrize("offsets", [[[0, 0]], [[1, 0], [-1, 0]], [[1, 0], [1, 0, 0]], [[1]], []])
def test_offsets_that_make_no_sense_are_refused(offsets):
    with pytest.raises(ValidationError):
        AffinitiesOptions(offsets=offsets)


def test_offsets_for_other_images_are_named():
    with pytest.raises(BioLoomError, match="3 numbers, the images 2 spatial axes"):
        made(np.zeros((4, 4), int), offsets=[[1, 0, 0]])
