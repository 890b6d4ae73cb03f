import pytest

from bioloom.errors import BioLoomError
from bioloom.evaluate import METRICS
from bioloom.losses.combine import CombinedLoss
from bioloom.settings import parse_config, parse_options
from bioloom.settings.config import Config, learns_classes
from bioloom.tasks import TASKS
from bioloom.tasks import recipe as recipes
from bioloom.tasks.record import Task


def config(task="instance_segmentation", **options):
    return parse_options({"task": task, **options})


@pytest.mark.parametrize("task", TASKS)
def test_every_task_is_a_record_whose_plugins_exist(task):
    record = TASKS[task]
    assert isinstance(record, Task)
    assert record.name == task
    assert record.summary.endswith(".")
    options = config(task)
    names = [channel.name for channel in recipes.targets_of(options).channels(2)]
    assert len(names) >= len(record.targets)
    assert {loss.target for loss in recipes.losses_of(options)} == {t["name"] for t in record.targets}
    assert [o.name for o in recipes.augment_of(options)] == [a["name"] for a in record.augment]
    assert [o.name for o in recipes.operations_of(options)] == [o["name"] for o in record.postprocess]
    assert [o.name for o in recipes.metrics_of(options)] == [m["name"] for m in record.metrics]
    assert recipes.pass_names(options)[-1].endswith(
        {"labels": "relabel", "classes": "classes", "points": "peaks"}[record.product]
    )
    assert all(record.truth in METRICS[metric["name"]].truths for metric in record.metrics)


def test_the_config_wins():
    options = config(
        train={"targets": ["foreground"], "losses": [{"name": "dice", "target": "foreground"}]},
        augment=["flip"],
        postprocess=[{"name": "watershed", "seeds": "foreground", "topography": "foreground"}],
        evaluate={"metrics": ["foreground"]},
    )
    assert [channel.name for channel in recipes.targets_of(options).channels(2)] == ["foreground"]
    assert [loss.name for loss in recipes.losses_of(options)] == ["dice"]
    assert [o.name for o in recipes.augment_of(options)] == ["flip"]
    assert [o.name for o in recipes.operations_of(options)] == ["watershed"]
    assert [o.name for o in recipes.metrics_of(options)] == ["foreground"]
    assert len(recipes.pass_names(options)) < len(recipes.pass_names(config()))


def test_options_that_make_sense_in_3d_only_are_no_mistake_while_nothing_is_known_of_the_images():
    operations = [{"name": "median_filter", "along": "z"}, {"name": "watershed", "connectivity": 3}]
    names = recipes.pass_names(config(postprocess=operations))
    assert names == ["0-seeds", "1-flood", "2-relabel"]
    with pytest.raises(BioLoomError, match="no labels to work on"):
        recipes.pass_names(config(postprocess=["fill_holes"]))


def test_classes_are_not_weighed_where_there_are_none():
    options = config(
        train={"targets": ["foreground"], "losses": [{"name": "focal", "class_weights": "auto"}]}
    )
    assert recipes.losses_of(options)[0].class_weights == "auto"
    with pytest.raises(
        BioLoomError, match="focal has class_weights: auto, and the training labels tell no class"
    ):
        recipes.losses_of(options, {})


def test_a_loss_may_be_on_some_channels_of_its_target():
    options = config(train={"targets": ["stars"]}, postprocess=["stars"])
    losses = recipes.losses_of(options)
    assert [loss.target for loss in losses] == ["stars-probability", "stars-ray"]
    names = [channel.name for channel in recipes.targets_of(options).channels(3)]
    assert CombinedLoss(losses, names).names == ("binary_cross_entropy_stars-probability", "l1_stars-ray")
    assert recipes.pass_names(options) == ["0-candidates", "1-paint", "2-relabel"]


def test_offsets_of_volumes_make_the_same_passes():
    """The names of passes are asked for before anyone knows the number of axes."""
    offsets = [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 4], [2, 0, 0]]
    targets = ["foreground", {"name": "affinities", "offsets": offsets}]
    options = config(train={"targets": targets}, postprocess=["affinities"])
    default = config(train={"targets": ["foreground", "affinities"]}, postprocess=["affinities"])
    assert recipes.pass_names(options) == recipes.pass_names(default)


def test_an_empty_list_is_no_auto():
    assert recipes.augment_of(config(augment=[])) == []


def test_the_task_of_a_config():
    assert recipes.task_of(config()) is TASKS["instance_segmentation"]


def test_classes_of_the_data_reach_the_target():
    channels = recipes.targets_of(config("semantic_segmentation", data={"classes": [4, 0, 7]})).channels(2)
    assert [channel.name for channel in channels] == ["classes-0", "classes-4", "classes-7"]
    own = config(
        "semantic_segmentation",
        data={"classes": [0, 1]},
        train={"targets": [{"name": "classes", "classes": [0, 5]}]},
    )
    assert [channel.name for channel in recipes.targets_of(own).channels(3)] == ["classes-0", "classes-5"]


def test_the_fingerprint_tells_classes_that_the_config_does_not():
    facts = {"classes": [0, 3], "class_weights": {"0": 0.5, "3": 2.0}}
    assert recipes.with_classes(config("semantic_segmentation"), facts).data.classes == [0, 3]
    declared = config("semantic_segmentation", data={"classes": [0, 1, 3]})
    assert recipes.with_classes(declared, facts) is declared
    assert recipes.with_classes(config(), {}).data.classes == "auto"


def test_weights_of_classes_are_filled_in():
    facts = {"class_weights": {"0": 0.5, "3": 2.0}}
    losses = [{"name": "cross_entropy", "class_weights": "auto"}, {"name": "focal", "class_weights": [1, 3]}]
    options = config("semantic_segmentation", train={"losses": [*losses, "dice"]})
    found = recipes.losses_of(options, facts)
    assert [getattr(loss, "class_weights", None) for loss in found] == [[0.5, 2.0], [1, 3], None]
    assert recipes.losses_of(options)[0].class_weights == "auto"


def test_thresholds_are_fitted_only_where_an_operation_asks():
    assert recipes.fitted(config())
    assert not recipes.fitted(config("semantic_segmentation"))
    assert not recipes.fitted(
        config(postprocess=[{"name": "watershed", "foreground_threshold": 0.4, "seed_threshold": 0.5}])
    )


def test_a_recipe_chooses_targets_and_operations():
    options = config(recipe="flow")
    assert [channel.name for channel in recipes.targets_of(options).channels(3)] == [
        "foreground",
        "flow-z",
        "flow-y",
        "flow-x",
    ]
    assert [o.name for o in recipes.operations_of(options)] == ["flows", "fill_holes", "remove_small"]


def test_what_is_written_out_wins_over_the_recipe():
    options = config(recipe="contour", train={"targets": ["foreground"], "steps": 7})
    assert [target.name for target in options.train.targets] == ["foreground"]
    assert options.train.steps == 7
    assert options.postprocess[0].seeds == ("foreground", "not contour")
    options = config(recipe="contour", postprocess=["flows"])
    assert [o.name for o in options.postprocess] == ["flows"]
    assert [target.name for target in options.train.targets] == ["foreground", "contour"]


def test_the_default_recipe_is_one_of_the_table():
    task = TASKS["instance_segmentation"]
    assert recipes.targets_of(config()).channels(2) == recipes.targets_of(config(recipe="center")).channels(2)
    assert task.postprocess == task.recipes["center"].postprocess


def test_an_unknown_recipe_is_named():
    with pytest.raises(BioLoomError, match=r"recipe: got 'contur'; allowed: auto, center, .*did you mean"):
        config(recipe="contur")


@pytest.mark.parametrize("train", [3, ["foreground"]])
def test_other_mistakes_are_named_as_without_a_recipe(train):
    with pytest.raises(BioLoomError, match="train"):
        config(recipe="contour", train=train)


def classed(task="instance_segmentation", **more):
    train = {"images": "i", "labels": "l", "classes": "c"}
    return {"run": "r", "task": task, "data": {"train": train, **more.pop("data", {})}, **more}


@pytest.mark.parametrize(
    ("values", "targets"),
    [
        (classed(), ["foreground", "contour", "distance", "center", "classes"]),
        (classed(recipe="stars"), ["stars", "classes"]),
        (classed(train={"steps": 9, "targets": "auto"}, recipe="flow"), ["foreground", "flow", "classes"]),
        (classed(train={"targets": ["stars", "classes"]}), ["stars", "classes"]),
        (
            {
                "run": "r",
                "task": "instance_segmentation",
                "recipe": "stars",
                "data": {"samples": "s", "classes": [2, 1]},
            },
            ["stars", "classes"],
        ),
    ],
)
def test_classes_of_objects_are_learned_where_they_are_given(values, targets):
    assert [target.name for target in Config.model_validate(values).train.targets] == targets


def test_classes_of_voxels_are_no_classes_of_objects():
    config = Config(run="r", task="semantic_segmentation", data={"classes": [0, 1]})
    assert config.train.targets == "auto"


NONE = {"train": {"images": "i", "labels": "l"}}
TABLE = {
    "run": "r",
    "task": "instance_segmentation",
    "data": {"samples": "s.csv", "classes": [1, 2], "ignore": 9},
}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            classed("semantic_segmentation"),
            r"data\.train\.classes: semantic_segmentation learns no classes of obj",
        ),
        (classed("detection"), "detection learns no classes of objects"),
        (
            classed(train={"targets": ["stars"]}),
            r"train\.targets: no target `classes`, though data\.train\.classes",
        ),
        (classed(data={"classes": [0, 1]}), r"data\.classes: got \[0, 1\]; allowed: two classes of objects"),
        (classed(data={"test": {"images": "i", "classes": "c"}}), "got classes without labels"),
        (classed(data=NONE | {"classes": [1, 2]}), r"data\.train\.classes: there are none in data\.train"),
        (
            classed(data=NONE | {"test": {"images": "i", "labels": "l", "classes": "c"}}),
            r"data\.test\.classes: there are none in data\.train; allowed: classes to learn from",
        ),
        (
            classed(train={"targets": ["stars", {"name": "classes", "classes": [0, 1, 2]}]}),
            r"train\.targets.*classes: got 0, the background",
        ),
        (
            classed(data=NONE | {"ignore": 9}),
            r"data\.ignore: the labels of instance_segmentation tell no classes",
        ),
        (classed(data={"classes": [1, 2], "ignore": 2}), r"data\.ignore: got 2, which data\.classes lists"),
    ],
)
def test_classes_that_nothing_learns_are_refused(values, message):
    with pytest.raises(BioLoomError, match=message):
        parse_config(values)


def test_only_objects_have_crumbs():
    values = {
        "run": "r",
        "data": {"train": {"images": "i", "labels": "l"}},
        "evaluate": {"smallest_truth": 30},
    }
    assert parse_config(values | {"task": "instance_segmentation"})
    for task in ("semantic_segmentation", "detection"):
        with pytest.raises(
            BioLoomError, match=rf"smallest_truth: got 30, and {task} evaluates no objects; all"
        ):
            parse_config(values | {"task": task})


def test_classes_of_objects_may_come_from_a_table_of_samples_and_be_ignored():
    for values in (TABLE, classed(data={"ignore": 9}), classed(data={"classes": [1, 2], "ignore": 9})):
        assert learns_classes(parse_config(values))
    assert not learns_classes(parse_config(classed(data=NONE)))
    assert not learns_classes(parse_config(classed("semantic_segmentation", data=NONE)))


def test_paths_of_classes_start_where_the_run_does(tmp_path):
    config = parse_config(classed(), base=tmp_path)
    assert config.data.train.classes == str(tmp_path / "c")


def test_objects_are_never_of_the_class_of_the_background():
    options = Config.model_validate(classed(data={"classes": [0, 2, 1]}))
    names = [channel.name for channel in recipes.targets_of(options).channels(2)]
    assert names[-2:] == ["classes-1", "classes-2"]
    assert len(names) == 6


def test_classes_must_be_known_in_the_end():
    options = Config.model_validate(classed())
    with pytest.raises(BioLoomError, match="classes learns classes, and the training labels tell none"):
        recipes.check_classes_known(recipes.targets_of(options))
    known = recipes.with_classes(options, {"classes": [3, 7], "class_objects": {"3": 1, "7": 2}})
    recipes.check_classes_known(recipes.targets_of(known))
    assert [c.name for c in recipes.targets_of(known).channels(2)][-2:] == ["classes-3", "classes-7"]
