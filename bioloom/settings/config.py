"""The whole config: the root of the YAML file."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import ConfigDict, Field, ValidationInfo, WithJsonSchema, field_validator, model_validator

from bioloom import registry
from bioloom.errors import BioLoomError, did_you_mean
from bioloom.settings.base import Auto, Plugin, Section
from bioloom.settings.data import Data
from bioloom.settings.evaluate import Evaluate
from bioloom.settings.infer import Infer
from bioloom.settings.patch import Patch
from bioloom.settings.preprocess import Preprocess
from bioloom.settings.report import Report
from bioloom.settings.train import Train

REQUIRED = ("run", "task")
"""Keys that a config must have, besides images. They have defaults since a step may not receive them."""
CLASSES = "classes"
"""What files of classes, their ids and the target that learns them are called."""
RUN = "^[A-Za-z0-9][A-Za-z0-9_-]*$"


class Config(Section):
    """One run: its images, what to do with them and how."""

    model_config = ConfigDict(json_schema_extra={"required": [*REQUIRED, "data"]})

    run: Annotated[str, WithJsonSchema({"type": "string", "pattern": RUN})] = ""
    """Name of the run: letters, digits, - and _; its results are in `results/<run>/`."""
    task: Annotated[str, WithJsonSchema({"table": "task"})] = ""
    """What is to be done with the images."""
    recipe: str = "auto"
    """A recipe of the task: what is learned and how the output is made of it, where `train.targets` and
    `postprocess` are `auto`. `auto` is the default of the task."""
    data: Data = Field(default_factory=Data)
    preprocess: Preprocess = Field(default_factory=Preprocess)
    patch: Patch = Field(default_factory=Patch)
    augment: list[Annotated[Any, Plugin("augmentation")]] | Auto = "auto"
    """Changes made to training patches, in order; auto: the recipe of the task."""
    model: Annotated[Any, Plugin("model")] = Field(default="residual_unet", validate_default=True)
    """The network."""
    train: Train = Field(default_factory=Train)
    infer: Infer = Field(default_factory=Infer)
    postprocess: list[Annotated[Any, Plugin("operation")]] | Auto = "auto"
    """From prediction to output, operations in order; auto: those of the task."""
    evaluate: Evaluate = Field(default_factory=Evaluate)
    report: Report = Field(default_factory=Report)

    @field_validator("run")
    @classmethod
    def _plain_name(cls, run: str) -> str:
        """Refuse names that are no plain folder name."""
        if not re.fullmatch(RUN, run):
            raise ValueError(f"got {run!r}; allowed: letters, digits, - and _, a letter or digit first")
        return run

    @field_validator("task")
    @classmethod
    def _known_task(cls, task: str) -> str:
        """Refuse tasks that are not in the table."""
        try:
            registry.table("task")[task]
        except BioLoomError as error:
            raise ValueError(str(error)) from error
        return task

    @field_validator("recipe")
    @classmethod
    def _known_recipe(cls, recipe: str, info: ValidationInfo) -> str:
        """Refuse recipes that the task does not have."""
        task = info.data.get("task")
        known = ["auto", *registry.table("task")[task].recipes] if task and recipe != "auto" else [recipe]
        if recipe not in known:
            parts = (f"got '{recipe}'", f"allowed: {', '.join(known)}", did_you_mean(recipe, known))
            raise ValueError("; ".join(filter(None, parts)))
        return recipe

    @model_validator(mode="before")
    @classmethod
    def _follow_recipe(cls, values: Any) -> Any:
        """Put the targets and operations of the recipe where the config says `auto`, or nothing.

        Where objects have classes, these are learned as well.
        """
        chosen, classes = _recipe_of(values), _classes_are_learned(values)
        if chosen is None and not classes:
            return values
        train = values.get("train")
        filled = dict(values)
        if train is None or (isinstance(train, dict) and train.get("targets", "auto") == "auto"):
            targets = (chosen or registry.table("task")[values["task"]]).targets
            filled["train"] = {**(train or {}), "targets": [*targets, *[{"name": CLASSES}] * classes]}
        if chosen is not None and values.get("postprocess", "auto") == "auto":
            filled["postprocess"] = list(chosen.postprocess)
        return filled


def learns_classes(config: Config) -> bool:
    """Return whether a run learns the classes of objects."""
    targets = config.train.targets
    objects = bool(config.task) and registry.table("task")[config.task].truth == "objects"
    return objects and targets != "auto" and any(target.name == CLASSES for target in targets)


def _classes_are_learned(values: Any) -> bool:
    """Return whether raw values of a config tell classes of objects: files to learn from, or their ids."""
    if not isinstance(values, dict) or not isinstance(task := values.get("task"), str):
        return False
    data = values.get("data")
    data = data.model_dump() if isinstance(data, Data) else data
    tasks = registry.table("task")
    if not isinstance(data, dict) or task not in tasks or tasks[task].truth != "objects":
        return False
    train = data.get("train")
    files = isinstance(train, dict) and train.get(CLASSES) is not None
    return files or data.get(CLASSES, "auto") != "auto"


def _recipe_of(values: Any) -> Any:
    """Return the recipe that raw values of a config name, None if they name none that there is."""
    if not isinstance(values, dict):
        return None
    task, recipe = values.get("task"), values.get("recipe", "auto")
    tasks = registry.table("task")
    if not isinstance(task, str) or task not in tasks or not isinstance(recipe, str) or recipe == "auto":
        return None
    return tasks[task].recipes.get(recipe)
