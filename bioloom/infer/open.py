"""What prediction works on, opened from the files of a run: the network and the images."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from bioloom.errors import BioLoomError
from bioloom.geometry.grid import ChunkRow, PatchGrid
from bioloom.infer.chunks import check_chunks
from bioloom.infer.fixed_point import LIMIT, SCALE
from bioloom.infer.orientations import oriented
from bioloom.infer.predict import Picture, Predictor
from bioloom.preprocess.voxel_sizes import CONSEQUENCE, apart, apart_text
from bioloom.settings.infer import Combine, Orientations
from bioloom.train.export import load_model
from bioloom.train.precision import Precision, channels_last, channels_last_tensor, choose_precision
from bioloom.train.spec import ModelSpec
from bioloom.volumes.manifest import Entry
from bioloom.volumes.store import Volume, open_volume

log = logging.getLogger(__name__)

ACTIVATIONS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "sigmoid": torch.sigmoid,
    "softmax": lambda values: values.softmax(1),
    "linear": lambda values: values,
}
UNKNOWN = (
    "its voxel size is unknown and taken for 1 um, so lengths in micrometres are off by that factor: set "
    "data.voxel_size, or write it into the file"
)
"""What a voxel size other than that of the training images means if the file does not tell it."""


def open_predictor(
    folder: Path,
    *,
    batch_size: int,
    precision: str,
    device: torch.device | str,
    threads: int,
    orientations: Orientations = "none",
    combine: Combine = "mean",
) -> tuple[Predictor, ModelSpec]:
    """Load a model and make it ready to predict.

    Parameters
    ----------
    folder : Path
        The model.
    batch_size : int
        Patches per batch.
    precision : str
        As in the config; ``auto`` decides by the device.
    device : torch.device or str
        Where to predict, see `bioloom.train.device`.
    threads : int
        CPU threads, 0 for as many as there are.
    orientations, combine : str
        See `bioloom.infer.orientations.oriented`.

    Raises
    ------
    BioLoomError
        If the model is missing or damaged, or was made for other sums.
    """
    where = torch.device(device)
    if threads:
        torch.set_num_threads(threads)
    module, spec = load_model(folder, where)
    if (spec.scale, spec.limit) != (SCALE, LIMIT):
        raise BioLoomError(
            f"{folder}: sums of {spec.scale} steps up to {spec.limit}",
            allowed=f"{SCALE} steps up to {LIMIT}",
            fix="use the BioLoom that trained it",
        )
    forward = activated(channels_last(module), spec, choose_precision(precision, where))
    forward = by_planes(oriented(forward, spec.channels, spec.spacing, orientations, combine), spec.ndim)
    return Predictor(forward, where, batch_size), spec


def activated(
    module: nn.Module, spec: ModelSpec, precision: Precision
) -> Callable[[torch.Tensor], torch.Tensor]:
    """Return a function from a batch of images to the outputs, each through its activation, in float32."""
    parts = _activations(spec)

    def forward(batch: torch.Tensor) -> torch.Tensor:
        with precision.autocast():
            raw = module(channels_last_tensor(batch))
        return torch.cat([activation(raw[:, channels].float()) for channels, activation in parts], 1)

    return forward


def _activations(spec: ModelSpec) -> list[tuple[slice, Callable[[torch.Tensor], torch.Tensor]]]:
    """Return the activation of every channel, or of all channels of a softmax group together, in order."""
    parts: list[tuple[slice, Callable[[torch.Tensor], torch.Tensor]]] = []
    keys = [
        (
            channel["activation"],
            channel["name"].rpartition("-")[0] if channel["activation"] == "softmax" else i,
        )
        for i, channel in enumerate(spec.channels)
    ]
    for (activation, _), group in groupby(range(len(keys)), key=keys.__getitem__):
        indices = list(group)
        parts.append((slice(indices[0], indices[-1] + 1), ACTIVATIONS[activation]))
    return parts


def by_planes(
    forward: Callable[[torch.Tensor], torch.Tensor], ndim: int
) -> Callable[[torch.Tensor], torch.Tensor]:
    """Return `forward` of a network of planes for patches of volumes, one plane thick, as well."""

    def lifted(batch: torch.Tensor) -> torch.Tensor:
        thin = batch.ndim - 2 > ndim
        return forward(batch.squeeze(2)).unsqueeze(2) if thin else forward(batch)

    return lifted


def open_pictures(
    rows: Sequence[ChunkRow],
    entries: Iterable[Entry],
    size: tuple[int, ...],
    overlap: tuple[int, ...],
    spec: ModelSpec,
) -> dict[str, Picture]:
    """Open the images of a chunk, by id; one warning tells if their voxels are not of the size learned from.

    Parameters
    ----------
    rows : sequence of ChunkRow
        The chunk.
    entries : iterable of Entry
        The images of the pack.
    size, overlap : tuple of int
        The patches, in voxels.
    spec : ModelSpec
        The model.

    Raises
    ------
    BioLoomError
        If an image does not suit the model, or the chunk was planned for other images or patches.
    """
    known = {entry.image: entry for entry in entries}
    pictures = {}
    for image in dict.fromkeys(row.image for row in rows):
        if image not in known:
            raise BioLoomError(f"the chunk holds the image '{image}'", allowed=", ".join(known))
        grid = PatchGrid.of(known[image].shape[1:], size, overlap)
        check_chunks(image, grid, [row for row in rows if row.image == image])
        pictures[image] = open_picture(known[image], grid, spec)
    # `open_picture` has just opened them
    _warn_of_sizes({image: cast("Volume", picture.volume) for image, picture in pictures.items()}, spec)
    return pictures


def _warn_of_sizes(volumes: Mapping[str, Volume], spec: ModelSpec) -> None:
    """Warn once if there are images whose voxels are of another size than those learned from."""
    others = [image for image, volume in volumes.items() if apart(volume.spacing, spec.spacing)]
    if not others:
        return
    volume = volumes[others[0]]
    text = apart_text(f"image {others[0]}", len(others), volume.spacing, spec.spacing)
    log.warning("%s; %s", text, CONSEQUENCE if volume.spacing_known else UNKNOWN)


def open_picture(entry: Entry, grid: PatchGrid, spec: ModelSpec) -> Picture:
    """Open one image for prediction: of the model's number of axes, or a volume whose planes are predicted.

    Raises
    ------
    BioLoomError
        If the image does not suit the model.
    """
    volume = open_volume(entry.path)
    by_planes = spec.ndim == 2 and grid.size[0] == 1 and volume.ndim == 3
    for what, got, wanted in (
        ("channels", volume.channels, spec.in_channels),
        ("spatial axes", 2 if by_planes else volume.ndim, spec.ndim),
    ):
        if got != wanted:
            raise BioLoomError(f"image {entry.image} has {got} {what}", allowed=f"{wanted}, as in training")
    return Picture(volume, grid, *intensity(volume, spec.normalize))


def intensity(volume: Volume, normalize: dict[str, Any]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return offset and scale per channel; the scale is at least the model's floor."""
    found = volume.facts["intensity"]
    scale = np.maximum(np.asarray(found["scale"], np.float64), np.asarray(normalize["floor"], np.float64))
    return np.asarray(found["offset"], np.float32), scale.astype(np.float32)
