"""What holds for every target, in 2D and 3D."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from crowds import SHAPES, SPACINGS, crowded, facts_of, moved, reaching, scene, take_window, uncut
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from bioloom.geometry.box import Box
from bioloom.infer.orientations import counterparts, orientations
from bioloom.targets import TARGETS
from bioloom.targets.base import outer_faces

VARIANTS = {
    "foreground": [{}],
    "contour": [{}, {"width": 3}, {"mode": "inner", "width": 2}],
    "center": [{}, {"sigma": 1.5}],
    "distance": [{}, {"scale": "median"}],
    "background": [{}],
    "signed_distance": [{}, {"scale": "median", "limit": 2}, {"shape": "tanh", "limit": 2}],
    "center_distance": [{}],
    "neighbour_distance": [{}, {"reach": 1.5}],
    "touching": [{}, {"width": 1}],
    "core": [{}, {"depth": 0.3}],
    "skeleton": [{}, {"width": 1}],
    "border_weight": [{}, {"sigma": 0.4}],
    "offset": [{}],
    "flow": [{}],
    "stars": [{"rays": 12}],
    "embeddings": [{}],
    "affinities": [{}],
    "classes": [{"classes": [0, 1, 2]}],
    "points": [{}, {"radius_um": 4.0, "sigma": 0.3}, {"shape": "dilated", "radius_um": 1.5}],
}
EMPTY = {"background": 1, "center_distance": 1, "border_weight": 1, "signed_distance": -1}
"""Values of the background far from objects, where they are not 0."""
NEEDS_TWO = ("neighbour_distance", "touching", "border_weight")
"""Targets that a single object leaves as they are."""
REACH = {"signed_distance": 5, "neighbour_distance": 12, "touching": 2, "border_weight": 5}
"""How far, in voxels, unseen objects change the target of this module's images where voxels are cubes."""
CASES = [(name, options) for name, variants in VARIANTS.items() for options in variants]


def build(name, options):
    return TARGETS[name](TARGETS.parse({"name": name, **options}))


def made(target, labels, facts, spacing, cut):
    """The values and weights of a target; of one that weights others, its factor where it is known."""
    if not target.weights:
        return target.make(labels, facts, spacing, cut)
    assert all(part.shape == (0, *labels.shape) for part in target.make(labels, facts, spacing, cut))
    factor = target.factor(labels, facts, spacing, cut)[np.newaxis]
    return factor, (factor > 0).astype(np.float32)


def meant(name, labels, weight):
    """The weights that must be 1 in a whole image.

    Not those of rays outside of objects, and of rays and partners that lead out of the image.
    """
    if name == "affinities":
        reach = build(name, {}).margin(1.0, (1.0,) * labels.ndim)
        return weight[(slice(None), *(slice(r, -r) for r in reach))]
    if name != "stars":
        return weight
    inner = np.zeros(labels.shape, bool)
    inner[(slice(1, -1),) * labels.ndim] = True
    whole = (labels > 0) & ~np.isin(labels, labels[~inner])
    return np.concatenate([weight[0].ravel(), weight[1:, whole].ravel()])


def in_the_void(target, ndim):
    """The values of a target where there are no objects, by channel; those of a class 0 are 1."""
    options = target.options
    value = np.float32(EMPTY.get(options.name, 0) * getattr(options, "limit", 1))
    value = np.tanh(value) if getattr(options, "shape", "") == "tanh" else value
    names = [channel.name for channel in target.channels(ndim)] or [options.name]
    values = [1 if channel == "classes-0" else value for channel in names]
    return np.array(values, np.float32).reshape(-1, *(1,) * ndim)


def test_every_entry_is_tried():
    assert set(VARIANTS) == set(TARGETS)


@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize(("name", "options"), CASES)
class TestEveryTarget:
    def test_shapes_types_and_weights(self, name, options, ndim, spacing):
        target, step = build(name, options), SPACINGS[spacing][ndim]
        labels = crowded(ndim)
        values, weight = made(target, labels, facts_of(labels, step), step, uncut(ndim))
        count = len(target.channels(ndim))
        assert values.shape == weight.shape == (count or 1, *labels.shape)
        assert bool(count) != bool(target.weights), "a target is learned, or weights others"
        assert values.dtype == weight.dtype == np.float32
        assert np.isfinite(values).all()
        assert (meant(name, labels, weight) == 1).all(), "nothing is unsettled in a whole image"
        for channel in target.channels(ndim):
            assert channel.name == name or channel.name.startswith(f"{name}-")
            assert channel.activation in ("sigmoid", "linear", "softmax")
        if target.activation == "softmax":
            np.testing.assert_array_equal(values.sum(axis=0), 1)
        if target.activation in ("sigmoid", "softmax"):
            assert values.min() >= 0
            assert values.max() <= 1

    def test_an_empty_image_is_all_background(self, name, options, ndim, spacing):
        target, step = build(name, options), SPACINGS[spacing][ndim]
        labels = np.zeros(SHAPES[ndim], np.uint16)
        values, weight = made(target, labels, facts_of(labels, step), step, uncut(ndim))
        assert (values == in_the_void(target, ndim)).all()
        assert meant(name, labels, weight).all()

    def test_one_object_and_two_that_touch_are_seen(self, name, options, ndim, spacing):
        target, step = build(name, options), SPACINGS[spacing][ndim]
        labels = np.zeros(SHAPES[ndim], np.uint16)
        labels[(slice(3, 9),) * ndim] = 700
        values, weight = made(target, labels, facts_of(labels, step), step, uncut(ndim))
        assert meant(name, labels, weight).all()
        void = in_the_void(target, ndim)
        assert np.abs(values - void).max(initial=0) > 0.4 or name in NEEDS_TWO
        assert (values == void).all() or name not in NEEDS_TWO
        labels[..., 6:9] *= 2
        values, weight = made(target, labels, facts_of(labels, step), step, uncut(ndim))
        assert meant(name, labels, weight).all()
        assert np.abs(values - void).max() > 0.4

    def test_a_crop_inside_one_object_is_settled_or_left_out(self, name, options, ndim, spacing):
        target, step = build(name, options), SPACINGS[spacing][ndim]
        labels = np.zeros((40,) * ndim, np.int64)
        labels[(slice(2, 38),) * ndim] = 5
        facts = facts_of(labels, step)
        box = Box((15,) * ndim, (23,) * ndim)
        whole, _ = made(target, labels, facts, step, uncut(ndim))
        values, weight = made(
            target, labels[box.slices], moved(facts, box.start), step, ((True, True),) * ndim
        )
        settled = weight > 0
        np.testing.assert_allclose(values[settled], whole[(slice(None), *box.slices)][settled], atol=1e-5)

    def test_labels_of_any_integer_type_and_size_give_the_same(self, name, options, ndim, spacing):
        target, step = build(name, options), SPACINGS[spacing][ndim]
        labels = crowded(ndim)
        facts = facts_of(labels, step)
        expected = made(target, labels, facts, step, uncut(ndim))
        far = np.where(labels > 0, labels.astype(np.uint64) + 2**40, 0)
        facts = replace(facts, ids=facts.ids + 2**40)
        for got, wanted in zip(made(target, far, facts, step, uncut(ndim)), expected, strict=True):
            np.testing.assert_array_equal(got, wanted)


def window_of(draw, shape, sticking_out):
    start, stop = [], []
    for n in shape:
        side = draw(st.integers(3, n))
        reach = 6 if sticking_out else 0
        first = draw(st.integers(max(-reach, 1 - side), min(n - side + reach, n - 1)))
        start.append(first)
        stop.append(first + side)
    return Box(tuple(start), tuple(stop))


@settings(max_examples=12, deadline=None, derandomize=True)
@given(data=st.data())
@pytest.mark.parametrize("sticking_out", [False, True])
@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize(("name", "options"), CASES)
def test_a_window_says_what_the_whole_image_says_or_nothing(name, options, ndim, sticking_out, data):
    target = build(name, options)
    step = SPACINGS[data.draw(st.sampled_from(sorted(SPACINGS)))][ndim]
    labels, facts = scene(ndim, data.draw(st.integers(0, 3)), step)
    box = window_of(data.draw, labels.shape, sticking_out)
    window = take_window(labels, box)
    cut = outer_faces(window)
    values, weight = made(target, window, moved(facts, box.start), step, cut)
    whole, _ = made(target, labels, facts, step, uncut(ndim))

    common = box.clip(Box.of(labels.shape))
    settled = weight[(slice(None), *common.within(box).slices)] > 0
    found = values[(slice(None), *common.within(box).slices)]
    np.testing.assert_allclose(found[settled], whole[(slice(None), *common.slices)][settled], atol=1e-5)
    assert not weight[:, window < 0].any(), "nothing is known beyond the border"


@settings(max_examples=12, deadline=None, derandomize=True)
@given(data=st.data())
@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize(("name", "options"), CASES)
def test_a_region_says_what_its_file_says_or_nothing(name, options, ndim, data):
    """Windows of a region, cut out of the file at one or two faces, against the target of the whole file."""
    target = build(name, options)
    step = SPACINGS[data.draw(st.sampled_from(sorted(SPACINGS)))][ndim]
    labels, facts = scene(ndim, data.draw(st.integers(0, 3)), step)
    axis = data.draw(st.integers(0, ndim - 1))
    side = labels.shape[axis]
    start, stop = data.draw(st.sampled_from([(0, side // 2), (side // 3, side), (side // 4, side - 2)]))
    region = Box(
        *(
            tuple(end if a == axis else n for a, n in enumerate(other))
            for end, other in ((start, (0,) * ndim), (stop, labels.shape))
        )
    )
    cut = tuple((start > 0, stop < side) if a == axis else (False, False) for a in range(ndim))
    part = labels[region.slices]
    own = facts_of(part, step)
    own.distance_max_um[np.isin(own.ids, reaching(part, cut))] = np.inf

    box = window_of(data.draw, part.shape, sticking_out=True)
    window = take_window(part, box, cut)
    values, weight = made(target, window, moved(own, box.start), step, outer_faces(window))
    whole, _ = made(target, labels, facts, step, uncut(ndim))
    common = box.clip(Box.of(part.shape))
    settled = weight[(slice(None), *common.within(box).slices)] > 0
    found = values[(slice(None), *common.within(box).slices)]
    expected = whole[(slice(None), *common.shift(region.start).slices)]
    np.testing.assert_allclose(found[settled], expected[settled], atol=1e-5)
    assert not weight[:, window < 0].any(), "nothing is known beyond the region"


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize(("name", "options"), CASES)
def test_a_region_keeps_most_of_its_weight(name, options, ndim):
    """Objects that reach the cut are left out where they matter, and all others count in full."""
    target, step = build(name, options), SPACINGS["isotropic"][ndim]
    labels = crowded(ndim)
    cut = ((False, True), *uncut(ndim)[1:])
    part = labels[: labels.shape[0] // 2]
    own = facts_of(part, step)
    cut_objects = reaching(part, cut)
    cut_objects = cut_objects[cut_objects > 0]
    own.distance_max_um[np.isin(own.ids, cut_objects)] = np.inf
    box = Box.of(part.shape).grow(4)
    window = take_window(part, box, cut)
    _, weight = made(target, window, moved(own, box.start), step, outer_faces(window))
    weight = weight[(slice(None), *Box.of(part.shape).within(box).slices)]
    near = np.isin(part, cut_objects)
    near[-options.get("width", REACH.get(name, 1)) :] = True
    if name == "points":  # an object that is not known may have its center, and a blob, anywhere near
        near = ndimage.binary_dilation(near, np.ones((3,) * ndim), max(target.margin(2.5, step)))
    assert near.any()
    assert meant(name, np.where(near, 0, part), np.where(near, 1, weight)).all()


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize(("name", "options"), CASES)
def test_the_margin_settles_the_whole_patch(name, options, ndim):
    target, step = build(name, options), SPACINGS["anisotropic"][ndim]
    labels = crowded(ndim)
    facts = facts_of(labels, step)
    margin = target.margin(max(float(facts.distance_max_um.max()) / 2, facts.median_radius_um), step)
    patch = Box(tuple(n // 3 for n in labels.shape), tuple(2 * n // 3 for n in labels.shape))
    box = patch.grow(margin)
    window = take_window(labels, box)
    _, weight = made(target, window, moved(facts, box.start), step, outer_faces(window))
    settled = weight[(slice(None), *patch.within(box).slices)]
    if name in ("stars", "affinities"):  # a few rays go through the whole of a long object
        _, whole = target.make(labels, facts, step, uncut(ndim))
        assert (settled == whole[(slice(None), *patch.slices)]).mean() > 0.97
    elif name in ("skeleton", "flow"):  # which need objects whole, and some are longer
        assert settled.mean() > 0.9
    else:
        assert settled.all()


SEED_WITHOUT_HALVES = 2
"""Makes a crowd in which no centroid lies exactly between two voxels, where `center` must take one."""


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize(("name", "options"), [case for case in CASES if case[0] != "skeleton"])
def test_a_turned_picture_has_turned_targets(name, options, ndim):
    """In all orientations of inference; thinning takes the sides one after the other, so skeletons differ."""
    target, step = build(name, options), SPACINGS["isotropic"][ndim]
    labels = crowded(ndim, seed=SEED_WITHOUT_HALVES)
    channels = [c.described() for c in target.channels(ndim)] or [{"name": name}]
    expected, weight = made(target, labels, facts_of(labels, step), step, uncut(ndim))
    if name == "stars" and ndim == 3:  # on a Fibonacci lattice, which no turn maps to itself
        expected = expected[:0]
    for turn in orientations(ndim, exchange=True):
        turned = turn.turn(torch.from_numpy(labels)[None, None])[0, 0].numpy()
        values, _ = made(target, turned, facts_of(turned, step), step, uncut(ndim))
        values = turn.turn_back(torch.from_numpy(values)[None])[0].numpy()
        moves = counterparts(channels[: len(expected)], turn)
        assert moves is not None
        for channel, counts, (origin, factor, shift) in zip(expected, weight, moves, strict=False):
            assert name == "affinities" or not any(shift)
            came, known = np.roll(values[origin], [-s for s in shift], range(ndim)), counts > 0
            np.testing.assert_allclose((factor * came)[known], channel[known], atol=1e-5)
