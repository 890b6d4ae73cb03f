"""Instance segmentation: every object gets a label of its own."""

from bioloom.tasks.instance_recipes import RECIPES
from bioloom.tasks.record import Task

TASK = Task(
    name="instance_segmentation",
    summary="Finds every object of an image and gives each a label of its own.",
    truth="objects",
    product="labels",
    targets=RECIPES["center"].targets,
    postprocess=RECIPES["center"].postprocess,
    metrics=(
        {"name": "matching"},
        {"name": "average_precision"},
        {"name": "association"},
        {"name": "foreground"},
        {"name": "rand"},
        {"name": "voi"},
    ),
    headline="f1@0.5",
    picture="nuclei",
    recipes=RECIPES,
)
