"""The exported model: ``weights.safetensors`` and ``model.yaml``, all that inference needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from hashlib import file_digest
from pathlib import Path

import torch
import yaml
from pydantic import ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor, nn

from bioloom.errors import BioLoomError
from bioloom.models import MODELS
from bioloom.models.build import build_model
from bioloom.train.spec import FORMAT, SPEC, ModelSpec, damaged, read_spec
from bioloom.volumes.atomic import atomic_path, write_text

WEIGHTS = "weights.safetensors"


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
        # as bytes, since the errors of save_file do not say that a disk is full
        temporary.write_bytes(save({n: value.detach().cpu().contiguous() for n, value in weights.items()}))
    text = {"format": FORMAT, **asdict(spec), "weights": _digest(folder / WEIGHTS)}
    text["channels"], text["spacing"] = list(spec.channels), [float(side) for side in spec.spacing]
    write_text(folder / SPEC, yaml.safe_dump(text, sort_keys=False))


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
        damaged(path, f"its digest is not the one in {SPEC}")
    try:
        options = MODELS.parse(spec.model)
    except ValidationError:
        damaged(path.with_name(SPEC), "this version knows no such options of the model")
    module = build_model(options, spec.in_channels, len(spec.channels), spec.ndim)
    try:
        module.load_state_dict(load_file(path))
    except (RuntimeError, SafetensorError) as error:
        raise BioLoomError(f"{path} does not fit the model in {SPEC}", fix="train again") from error
    return module.to(device).eval(), spec


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "blake2b").hexdigest()
