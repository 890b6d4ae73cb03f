"""What `check_losses`, `check_patches` and `check_planes` find before anything runs."""

import pytest

from bioloom.errors import BioLoomError
from bioloom.settings import parse_config, parse_options
from bioloom.tasks import TASKS
from bioloom.tasks import recipe as recipes


def config(task="instance_segmentation", **options):
    return parse_options({"task": task, **options})


def losing(*losses, task="instance_segmentation", targets="auto", **more):
    return config(task, train={"losses": list(losses), "targets": targets}, **more)


DATA = {"data": {"train": {"images": "i", "labels": "l"}}}
CLASSES = [{"name": "classes", "classes": [1, 2]}, "foreground"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (losing("dice", "dice"), "dice is listed twice"),
        (losing({"name": "dice", "target": "foreground"}), "no loss for contour, distance, center"),
        (losing("cross_entropy"), "cross_entropy is of one group of classes, not of foreground"),
        (losing("spatial_embedding"), "of the target embeddings as a whole, not of foreground"),
        (losing("dice", {"name": "focal", "target": "classes-3"}, targets=CLASSES), "does not learn"),
        (losing({"name": "focal", "class_weights": [1, 2]}, targets=CLASSES), "3 in all"),
        # of classes that only the images tell, what can be known
        (losing("dice", "dice", task="semantic_segmentation"), "dice is listed twice"),
        (losing("cross_entropy", "dice", targets=["classes", "foreground"]), "one group of classes"),
        (losing({"name": "dice", "target": "classes-4"}, targets=["classes", "flow"]), "no loss for flow-y"),
    ],
)
def test_losses_that_do_not_suit_what_is_learned(options, says):
    with pytest.raises(BioLoomError, match=says):
        recipes.check_losses(options)


@pytest.mark.parametrize(
    "options",
    [
        *[config(task) for task in TASKS],
        *[config(recipe=name) for name in TASKS["instance_segmentation"].recipes],
        losing("l1", {"name": "mse", "target": "flow-z"}, targets=["foreground", "flow"]),  # of volumes
        losing({"name": "cross_entropy", "class_weights": [1, 2, 3]}, task="semantic_segmentation"),
        losing({"name": "dice", "target": "classes-4"}, task="semantic_segmentation"),
        losing(*({"name": "mse", "target": f"points-{c}"} for c in "ab"), task="detection"),
    ],
)
def test_losses_that_suit_what_is_learned_or_may_do_so(options):
    recipes.check_losses(options)


def test_patches_and_poolings_that_are_given():
    given = {"model": {"name": "unet", "pooling": [[2, 2], [2, 2]]}, "patch": {"size": [32, 32]}}
    recipes.check_patches(config(**given))
    recipes.check_patches(config(patch={"size": [33, 33]}, infer={"patch_size": [50, 50]}))
    with pytest.raises(
        BioLoomError, match=r"^infer\.patch_size: \[50, 64\] .* fix: infer\.patch_size: \[48, 64\]"
    ):
        recipes.check_patches(config(**given, infer={"patch_size": [50, 64]}))
    with pytest.raises(
        BioLoomError, match=r"^patch\.size: \[30, 32\] .* fix: patch\.size: \[28, 32\] or \[32"
    ):
        recipes.check_patches(config(**given | {"patch": {"size": [30, 32]}}))


def test_recipes_for_volumes_that_are_predicted_plane_by_plane():
    for recipe in ("center", "contour", "distance", "embeddings", "stars", "flow", "offset", "affinities"):
        options = parse_config({"run": "r", "task": "instance_segmentation", "recipe": recipe} | DATA)
        if recipe in ("center", "contour", "distance"):
            recipes.check_planes(options)
            continue
        with pytest.raises(BioLoomError, match="directions in volumes, and the network learned from planes"):
            recipes.check_planes(options)
    recipes.check_planes(config("detection"))  # has classes that only the images tell
