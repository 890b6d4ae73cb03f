from collections.abc import Callable

import numpy as np
import pytest
import torch

from bioloom.models import MODELS
from bioloom.models.build import build_model
from bioloom.train.export import save_model
from bioloom.train.spec import ModelSpec, read_spec
from bioloom.volumes.store import create_volume, open_volume

OPTIONS = {"name": "unet", "feature_maps": [2, 4]}
NAMES = ({"name": "foreground", "activation": "sigmoid"}, {"name": "distance", "activation": "linear"})
INTENSITY = {"offset": [10.0], "scale": [4.0]}


@pytest.fixture
def model(tmp_path) -> Callable[..., tuple]:
    """Save a small network; returns its folder and spec."""

    def save(ndim=2, **changes):
        torch.manual_seed(0)
        network = build_model(MODELS.parse(OPTIONS), 1, len(NAMES), ndim)
        facts = {
            "task": "instance_segmentation",
            "model": OPTIONS,
            "in_channels": 1,
            "channels": NAMES,
            "ndim": ndim,
            "patch": {"size": [16] * ndim, "overlap": [4] * ndim},
            "normalize": {"name": "percentile", "floor": [8.0]},
            "spacing": (1.0,) * ndim,
            "precision": "fp32",
            "threads": 1,
            "steps": 1,
            "best_step": 1,
        }
        folder = tmp_path / "model"
        save_model(folder, network.state_dict(), ModelSpec(**{**facts, **changes}))
        return folder, read_spec(folder)

    return save


@pytest.fixture
def image(tmp_path) -> Callable[..., object]:
    """Make the store of an image; returns its line of the manifest."""

    def make(shape, name="a", spacing=0.5, **facts):
        path = tmp_path / "images" / f"{name}.zarr"
        volume = create_volume(
            path, shape, np.uint8, spacing=(spacing,) * (len(shape) - 1), kind="image", facts=facts
        )
        volume.array[...] = np.random.default_rng(0).integers(0, 255, shape).astype(np.uint8)
        volume.update_facts(intensity={k: v * shape[0] for k, v in (INTENSITY | MINMAX).items()})
        return open_volume(path).entry()

    return make


MINMAX = {"min": [0.0], "max": [255.0]}
