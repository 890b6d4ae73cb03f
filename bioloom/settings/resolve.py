"""Fill in the ``auto`` options with what the fingerprint settled."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from bioloom.errors import BioLoomError
from bioloom.settings.config import Config
from bioloom.settings.rules import overlap_below_half, spatial_lists
from bioloom.settings.sides import check_patch
from bioloom.settings.yaml_file import read_yaml

RESOLVED_SECTIONS = ("data", "patch", "model", "train", "infer")
_AGAIN = "run that step again"


def resolve(config: Config, settled: Mapping[str, Mapping[str, Any]]) -> Config:
    """Return the config with every ``auto`` that the fingerprint settled replaced by its value.

    Parameters
    ----------
    config : Config
        Options of a step.
    settled : mapping
        ``{"patch.size": {"value": [256, 256], "reason": "..."}, ...}`` from ``fingerprint.yaml``.

    Raises
    ------
    BioLoomError
        If options that were given do not suit what was settled: the config asks for what the images cannot
        give, or the fingerprint was taken for another config.
    """
    changed = {}
    for name in RESOLVED_SECTIONS:
        section: BaseModel = getattr(config, name)
        values = {
            field: settled[f"{name}.{field}"]["value"]
            for field in type(section).model_fields
            if getattr(section, field) == "auto" and f"{name}.{field}" in settled
        }
        try:
            changed[name] = type(section).model_validate({**section.model_dump(), **values})
        except ValidationError as error:
            raise _unsuited(name, values, error) from error
    resolved = config.model_copy(update=changed)
    _check_axes(resolved)
    sides, pooling = resolved.infer.patch_size, resolved.model.pooling
    if all(len(factors) == len(sides) for factors in pooling):  # else a later step names the image
        check_patch("infer.patch_size", sides, pooling)
    for keys, text in overlap_below_half(resolved):
        raise BioLoomError(f"{'.'.join(map(str, keys))}: {text}")
    return resolved


def _unsuited(name: str, values: Mapping[str, Any], error: ValidationError) -> BioLoomError:
    first = error.errors()[0]
    key = ".".join(map(str, (name, *first["loc"])))
    return BioLoomError(
        f"{key}: {first['msg'].removeprefix('Value error, ')}, where the fingerprint settled "
        + ", ".join(f"{name}.{option} = {value}" for option, value in values.items()),
        fix=f"give all of these options of {name}, or none; or take the fingerprint again for this config",
    )


def _check_axes(config: Config) -> None:
    """Raise if lists over space, given or settled, differ in their number of axes."""
    lists = {".".join(keys): values for keys, values in spatial_lists(config).items()}
    if len(set(map(len, lists.values()))) > 1:
        got = ", ".join(f"{key} has {len(values)}" for key, values in lists.items())
        raise BioLoomError(
            f"{got} numbers",
            allowed="one number per spatial axis of the images",
            fix="correct these options, or data.axes",
        )


def sizes(settled: Mapping[str, Mapping[str, Any]]) -> dict[str, float]:
    """Return what stands for ``auto`` in the operations: voxels, or micrometres in names that end in _um."""
    keys = (key for key in settled if key.startswith("postprocess."))
    return {key.removeprefix("postprocess."): settled[key]["value"] for key in keys}


def read_calibration(path: Path) -> dict[str, float]:
    """Read the thresholds of ``calibration.yaml``."""
    thresholds = read_yaml(path).get("thresholds")
    if not isinstance(thresholds, dict) or not all(isinstance(v, int | float) for v in thresholds.values()):
        raise BioLoomError(f"{path} holds no thresholds", allowed="what `bioloom fit` writes", fix=_AGAIN)
    return dict(thresholds)


def read_fingerprint(path: Path) -> dict[str, Any]:
    """Read ``fingerprint.yaml``: ``facts`` of the training images and the options ``resolved`` from them."""
    content = read_yaml(path)
    facts, settled = content.get("facts"), content.get("resolved")
    choices = settled.values() if isinstance(settled, dict) else [None]
    if not isinstance(facts, dict) or not all(isinstance(c, dict) and "value" in c for c in choices):
        raise BioLoomError(
            f"{path} is no fingerprint", allowed="what `bioloom fingerprint` writes", fix=_AGAIN
        )
    return content
