import pytest

from bioloom.settings import parse_options
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
    assert recipes.pass_names(options)[-1].endswith("relabel")


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


def test_an_empty_list_is_no_auto():
    assert recipes.augment_of(config(augment=[])) == []


def test_the_task_of_a_config():
    assert recipes.task_of(config()) is TASKS["instance_segmentation"]
