"""Fill in the ``auto`` options with what the fingerprint settled."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from bioloom.errors import BioLoomError
from bioloom.settings.config import Config
from bioloom.settings.yaml_file import read_yaml

RESOLVED_SECTIONS = ("patch", "model", "train", "infer")


def resolve(config: Config, settled: Mapping[str, Mapping[str, Any]]) -> Config:
    """Return the config with every ``auto`` that the fingerprint settled replaced by its value.

    Parameters
    ----------
    config : Config
        Options of a step.
    settled : mapping
        ``{"patch.size": {"value": [256, 256], "reason": "..."}, ...}`` from ``fingerprint.yaml``.
    """
    changed = {}
    for name in RESOLVED_SECTIONS:
        section: BaseModel = getattr(config, name)
        values = {
            field: settled[f"{name}.{field}"]["value"]
            for field in type(section).model_fields
            if getattr(section, field) == "auto" and f"{name}.{field}" in settled
        }
        changed[name] = type(section).model_validate({**section.model_dump(), **values})
    return config.model_copy(update=changed)


def sizes(settled: Mapping[str, Mapping[str, Any]]) -> dict[str, int]:
    """Return what stands for ``auto`` in the operations, in voxels: ``min_voxels`` and ``max_extent``."""
    keys = (key for key in settled if key.startswith("postprocess."))
    return {key.removeprefix("postprocess."): int(settled[key]["value"]) for key in keys}


def read_fingerprint(path: Path) -> dict[str, Any]:
    """Read ``fingerprint.yaml``: ``facts`` of the training images and the options ``resolved`` from them."""
    content = read_yaml(path)
    if not isinstance(content, dict) or not {"facts", "resolved"} <= set(content):
        raise BioLoomError(
            f"{path} is no fingerprint",
            allowed="what `bioloom fingerprint` writes",
            fix="run that step again",
        )
    return content
