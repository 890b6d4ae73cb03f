"""Chunk files of the made-up image."""

from __future__ import annotations

from pathlib import Path

import torch

from bioloom.commands.benchmarks import scene
from bioloom.infer.open import intensity
from bioloom.infer.predict import Picture, Predictor, predict_chunk
from bioloom.volumes.bundle import write_bundle
from bioloom.volumes.store import open_volume


def write_chunks(folder: Path, side: int) -> None:
    """Predict the image in `folder` with formulas in place of a network, and write the chunk files there."""
    volume = open_volume(scene.image_store(folder))
    picture = Picture(volume, scene.grid_of(side), *intensity(volume, scene.SPEC.normalize))
    predictor = Predictor(predict, torch.device("cpu"), 4)
    for row in scene.chunks_of(side):
        sums = predict_chunk([row], {scene.IMAGE: picture}, predictor)
        write_bundle(folder / f"{row.chunk}.zarr.zip", sums, {"weights": scene.SPEC.weights})


def predict(batch: torch.Tensor) -> torch.Tensor:
    """Return foreground, contour and distance of a batch of patches, whose values are 0 to 1 on objects."""
    height = batch[:, 0].clamp(0, 1)
    foreground = (4 * height + 0.2).clamp(0, 1)
    return torch.stack([foreground, 1 - (8 * height - 1).abs().clamp(0, 1), height], 1)
