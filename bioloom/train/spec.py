"""What a model is, besides its weights: ``model.yaml``. Free of torch, so that stitching starts at once."""

from __future__ import annotations

from dataclasses import dataclass, fields
from math import nan
from pathlib import Path
from typing import Any, NoReturn

import yaml

from bioloom.errors import BioLoomError

FORMAT = 1
"""The version of ``model.yaml``."""
SPEC = "model.yaml"


@dataclass(frozen=True)
class ModelSpec:
    """What ``model.yaml`` says, in the order of the file.

    Parameters
    ----------
    task : str
        The task the model was trained for.
    model : dict
        The options of the architecture, with its ``name``.
    in_channels : int
        Channels of an image.
    channels : tuple of dict
        Every output channel in order, as `bioloom.targets.base.Channel` describes it.
    ndim : int
        Spatial axes, 2 or 3.
    patch : dict
        ``size``: sides of the patches that it learned from, in voxels.
    normalize : dict
        The options of the normalisation and under ``floor`` the smallest scale of every channel.
    spacing : tuple of float
        Voxel size of the training images in micrometres.
    precision : str
        Number format of the training, which is that of the validation loss.
    threads : int
        CPU threads of the training.
    steps, best_step : int
        Steps done, and the step the weights are from.
    val_loss : float
        Validation loss of the weights; NaN if there was none.
    scale, limit : int
        Outputs are rounded to ``1 / scale`` and clipped to ``-limit .. limit`` when patches are added up.
    weights : str
        Digest of the weights' file (blake2b), filled in when the model is saved.
    """

    task: str
    model: dict[str, Any]
    in_channels: int
    channels: tuple[dict[str, Any], ...]
    ndim: int
    patch: dict[str, list[int]]
    normalize: dict[str, Any]
    spacing: tuple[float, ...]
    precision: str
    threads: int
    steps: int
    best_step: int
    val_loss: float = nan
    scale: int = 2048
    limit: int = 8
    weights: str = ""


def read_spec(folder: Path) -> ModelSpec:
    """Read ``model.yaml``.

    Raises
    ------
    BioLoomError
        If it is missing, no YAML, incomplete or of another version.
    """
    path = folder / SPEC
    try:
        text = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BioLoomError(f"{folder}: no {SPEC}", fix="train a model first, or name its folder") from None
    except (yaml.YAMLError, UnicodeDecodeError):
        damaged(path, "is no YAML")
    if not isinstance(text, dict) or "format" not in text:
        damaged(path, "does not say its format")
    version = text.pop("format")
    if version != FORMAT:
        raise BioLoomError(
            f"{path}: format {version}", allowed=str(FORMAT), fix="use the BioLoom that wrote it"
        )
    names = [field.name for field in fields(ModelSpec)]
    if wrong := sorted(set(names) ^ set(text)):
        damaged(path, f"keys missing or unknown: {', '.join(wrong)}")
    return ModelSpec(**{**text, "channels": tuple(text["channels"]), "spacing": tuple(text["spacing"])})


def damaged(path: Path, why: str) -> NoReturn:
    """Refuse a file of a model."""
    raise BioLoomError(f"{path} is damaged: {why}", fix="copy the model again, or train again")
