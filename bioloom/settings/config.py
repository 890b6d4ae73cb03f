"""The whole config: the root of the YAML file."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import ConfigDict, Field, WithJsonSchema, field_validator

from bioloom import registry
from bioloom.errors import BioLoomError
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
RUN = "^[A-Za-z0-9][A-Za-z0-9_-]*$"


class Config(Section):
    """One run: its images, what to do with them and how."""

    model_config = ConfigDict(json_schema_extra={"required": [*REQUIRED, "data"]})

    run: Annotated[str, WithJsonSchema({"type": "string", "pattern": RUN})] = ""
    """Name of the run: letters, digits, - and _; its results are in `results/<run>/`."""
    task: Annotated[str, WithJsonSchema({"table": "task"})] = ""
    """What is to be done with the images."""
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
