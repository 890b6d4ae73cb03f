"""What holds for every recipe of every task: perfect predictions give the truth back, in 2D and 3D."""

import numpy as np
import pytest
from crowds import facts_of, uncut

from bioloom.evaluate.matching import match_pairs
from bioloom.postprocess.blocks import Layout
from bioloom.postprocess.passes import run_in_memory
from bioloom.postprocess.program import compile_passes
from bioloom.targets import TARGETS
from bioloom.targets.stack import TargetStack
from bioloom.tasks import TASKS

RECIPES = [(task, name) for task in TASKS for name in TASKS[task].recipes]
SPACINGS = {
    "isotropic": {2: (1.0, 1.0), 3: (1.0, 1.0, 1.0)},
    "anisotropic": {2: (0.5, 1.0), 3: (2.0, 1.0, 1.0)},
}
SIDES_UM = {2: (60, 70), 3: (32, 44, 40)}


def balls(ndim, spacing, centers_um, radii_um):
    """Balls that are flattened against each other where they would overlap."""
    shape = tuple(round(side / step) for side, step in zip(SIDES_UM[ndim], spacing, strict=True))
    places = np.stack(np.meshgrid(*(np.arange(n) for n in shape), indexing="ij"), -1) * spacing
    depth = np.array(radii_um) - np.linalg.norm(places[..., None, :] - np.array(centers_um), axis=-1)
    return np.where(depth.max(-1) > 0, depth.argmax(-1) + 1, 0).astype(np.uint32)


def crowd(ndim, spacing):
    """A cluster of touching balls, one that lies apart, and some that the border of the image cuts."""
    if ndim == 2:
        centers = [(14, 14), (14, 29), (28, 20), (45, 20), (46, 35), (20, 55), (0, 66), (58, 58), (33, 48)]
        radii = [8, 8, 9, 9, 7, 10, 9, 11, 6]
    else:
        centers = [(13, 12, 12), (13, 12, 28), (14, 28, 18), (16, 28, 34), (0, 42, 38), (30, 5, 5)]
        radii = [8, 9, 9, 8, 9, 9]
    return balls(ndim, spacing, centers, radii)


def decode(task, name, labels, spacing, tile=None):
    """Make the targets of labels and, as if a network had predicted just them, labels again."""
    recipe = TASKS[task].recipes[name]
    stack = TargetStack(TARGETS.parse(target) for target in recipe.targets)
    facts = facts_of(labels, spacing)
    prediction, _ = stack.make(labels, facts, spacing, uncut(labels.ndim))
    passes = compile_passes(
        recipe.postprocess,
        channels=[channel.name for channel in stack.channels(labels.ndim)],
        spacing=spacing,
        defaults={"min_voxels": 5, "radius_um": facts.median_radius_um},
    )
    return run_in_memory(prediction, passes, Layout.cut(labels.shape, tile or labels.shape, 4))


@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize(("task", "name"), RECIPES)
def test_perfect_predictions_give_the_truth_back(task, name, ndim, spacing):
    step = SPACINGS[spacing][ndim]
    truth = crowd(ndim, step)
    labels = decode(task, name, truth, step)
    found = match_pairs(truth, labels, 0.9)
    assert not len(found.missed)
    assert not len(found.invented)
    tile = tuple(n // 2 + 1 for n in truth.shape)
    np.testing.assert_array_equal(decode(task, name, truth, step, tile), labels)


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize(("task", "name"), RECIPES)
def test_nothing_gives_nothing_and_one_gives_one(task, name, ndim):
    step = SPACINGS["anisotropic"][ndim]
    truth = balls(ndim, step, [np.array(SIDES_UM[ndim]) / 2], [9])
    assert not decode(task, name, np.zeros_like(truth), step).any()
    labels = decode(task, name, truth, step)
    if name == "stars":  # whose outlines have as many corners as there are rays
        assert len(match_pairs(truth, labels, 0.9).missed) == 0
        assert labels.max() == 1
    else:
        np.testing.assert_array_equal(labels, truth)


def hooks(ndim):
    """Two bent objects that touch along the arm of one, which reaches into the bay of the other."""
    labels = np.zeros((40, 48), np.uint32)
    labels[4:36, 4:12] = labels[4:12, 4:30] = labels[28:36, 4:30] = 1
    labels[4:36, 38:46] = labels[19:28, 18:46] = 2
    return labels if ndim == 2 else np.stack([0 * labels, *[labels] * 6, 0 * labels])


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("name", ["contour", "touching", "skeleton", "flow", "affinities"])
def test_bent_objects_of_instance_segmentation(name, ndim):
    truth = hooks(ndim)
    labels = decode("instance_segmentation", name, truth, SPACINGS["isotropic"][ndim])
    found = match_pairs(truth, labels, 0.9)
    assert (found.truth.size, found.missed.size, found.invented.size) == (2, 0, 0)


@pytest.mark.parametrize(("task", "name"), RECIPES)
def test_every_recipe_says_when_to_use_it(task, name):
    assert TASKS[task].recipes[name].when.endswith(".")
