"""What is wrong about the plug-ins of a run is found before anything runs."""

import pytest

from bioloom.errors import BioLoomError, MistakesError
from bioloom.settings import parse_config, parse_options
from bioloom.tasks import TASKS, checks


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
        checks.check_losses(options)


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
    checks.check_losses(options)


def test_patches_and_poolings_that_are_given():
    given = {"model": {"name": "unet", "pooling": [[2, 2], [2, 2]]}, "patch": {"size": [32, 32]}}
    checks.check_patches(config(**given))
    checks.check_patches(config(patch={"size": [33, 33]}, infer={"patch_size": [50, 50]}))
    with pytest.raises(
        BioLoomError, match=r"^infer\.patch_size: \[50, 64\] .* fix: infer\.patch_size: \[48, 64\]"
    ):
        checks.check_patches(config(**given, infer={"patch_size": [50, 64]}))
    with pytest.raises(
        BioLoomError, match=r"^patch\.size: \[30, 32\] .* fix: patch\.size: \[28, 32\] or \[32"
    ):
        checks.check_patches(config(**given | {"patch": {"size": [30, 32]}}))


def test_recipes_for_volumes_that_are_predicted_plane_by_plane():
    for recipe in ("center", "contour", "distance", "embeddings", "stars", "flow", "offset", "affinities"):
        options = parse_config({"run": "r", "task": "instance_segmentation", "recipe": recipe} | DATA)
        if recipe in ("center", "contour", "distance"):
            checks.check_planes(options)
            continue
        with pytest.raises(BioLoomError, match="directions in volumes, and the network learned from planes"):
            checks.check_planes(options)
    checks.check_planes(config("detection"))  # has classes that only the images tell


def test_operations_that_do_not_suit_what_is_predicted():
    checks.check_operations(config(postprocess=["watershed", "fill_holes"]))
    with pytest.raises(BioLoomError, match="the prediction has no channel 'points'"):
        checks.check_operations(config(postprocess=["peaks"]))
    with pytest.raises(BioLoomError, match="fill_holes has no labels to work on"):
        checks.check_operations(
            config("semantic_segmentation", postprocess=["fill_holes"], data={"classes": [0, 1]})
        )
    # which channels there are is known from the images only
    checks.check_operations(
        config("detection", postprocess=[{"name": "median_filter", "channels": ["points-a"]}])
    )


def test_all_that_is_wrong_is_told_at_once():
    options = losing(
        "dice",
        "dice",
        postprocess=["peaks"],
        patch={"size": [33, 33]},
        model={"name": "unet", "pooling": [[2, 2]]},
    )
    with pytest.raises(MistakesError) as raised:
        checks.check_plugins(options)
    assert [line.split(":")[0] for line in raised.value.lines] == [
        "postprocess",
        "train.losses",
        "patch.size",
    ]
    checks.check_plugins(config(), planes=True)
