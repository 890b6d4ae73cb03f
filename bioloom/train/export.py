"""The exported model: ``weights.safetensors`` and ``model.yaml``, all that inference needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from hashlib import file_digest
from math import nan
from pathlib import Path
from typing import Any, NoReturn

import torch
import yaml
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from bioloom.errors import BioLoomError
from bioloom.models import MODELS
from bioloom.models.build import build_model
from bioloom.volumes.atomic import atomic_path, write_text

FORMAT = 1
"""The version of ``model.yaml``."""
WEIGHTS = "weights.safetensors"
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
        ``{"name": ..., "activation": "sigmoid" | "linear"}`` of every output channel, in order.
    ndim : int
        Spatial axes, 2 or 3.
    patch : dict
        ``size`` and ``overlap``, lists of voxels.
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
    channels: tuple[dict[str, str], ...]
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


def save_model(folder: Path, weights: Mapping[str, Tensor], spec: ModelSpec) -> None:
    """Write a model; ``model.yaml`` comes last and knows the digest of the weights.

    Parameters
    ----------
    folder : Path
        ``models/<fold>``, made if missing.
    weights : mapping of str to Tensor
        The state of the module: weights and batch-norm statistics.
    spec : ModelSpec
        Everything else.
    """
    with atomic_path(folder / WEIGHTS) as temporary:
        save_file({name: value.detach().cpu().contiguous() for name, value in weights.items()}, temporary)
    text = {"format": FORMAT, **asdict(spec), "weights": _digest(folder / WEIGHTS)}
    text["channels"], text["spacing"] = list(spec.channels), [float(side) for side in spec.spacing]
    write_text(folder / SPEC, yaml.safe_dump(text, sort_keys=False))


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
        _damaged(path, "is no YAML")
    if not isinstance(text, dict) or "format" not in text:
        _damaged(path, "does not say its format")
    version = text.pop("format")
    if version != FORMAT:
        raise BioLoomError(
            f"{path}: format {version}", allowed=str(FORMAT), fix="use the BioLoom that wrote it"
        )
    names = [field.name for field in fields(ModelSpec)]
    if wrong := sorted(set(names) ^ set(text)):
        _damaged(path, f"keys missing or unknown: {', '.join(wrong)}")
    return ModelSpec(**{**text, "channels": tuple(text["channels"]), "spacing": tuple(text["spacing"])})


def load_model(folder: Path, device: torch.device | str) -> tuple[nn.Module, ModelSpec]:
    """Build the network of a saved model and give it its weights.

    Returns
    -------
    module : nn.Module
        On `device`, in evaluation mode; gives raw values, activations are named in the spec.
    spec : ModelSpec
        What ``model.yaml`` says.

    Raises
    ------
    BioLoomError
        If a file is missing or damaged, or the two do not belong together.
    """
    spec = read_spec(folder)
    path = folder / WEIGHTS
    if not path.exists():
        raise BioLoomError(f"{folder}: no {WEIGHTS}", fix="copy the whole folder, or train again")
    if _digest(path) != spec.weights:
        _damaged(path, f"its digest is not the one in {SPEC}")
    module = build_model(MODELS.parse(spec.model), spec.in_channels, len(spec.channels), spec.ndim)
    try:
        module.load_state_dict(load_file(path))
    except (RuntimeError, SafetensorError) as error:
        raise BioLoomError(f"{path} does not fit the model in {SPEC}", fix="train again") from error
    return module.to(device).eval(), spec


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "blake2b").hexdigest()


def _damaged(path: Path, why: str) -> NoReturn:
    raise BioLoomError(f"{path} is damaged: {why}", fix="copy the model again, or train again")
