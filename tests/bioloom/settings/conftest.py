"""Rooms of plug-ins made up for these tests, so that they do not change with the real ones."""

import sys
from types import ModuleType, SimpleNamespace
from typing import Annotated, ClassVar, Literal

import pytest
from pydantic import Field

from bioloom import registry
from bioloom.errors import BioLoomError
from bioloom.registry import Registry
from bioloom.settings.base import Auto, Section


class Percentile(Section):
    name: Literal["percentile"] = "percentile"
    high: float = Field(default=99.8, gt=0, le=100)


class Gamma(Section):
    name: Literal["gamma"] = "gamma"
    probability: float = Field(default=0.3, ge=0, le=1)
    """Probability (0 to 1)."""
    range: tuple[float, float] = (0.7, 1.5)
    """Smallest and largest exponent."""


class Flip(Section):
    name: Literal["flip"] = "flip"


class UNet(Section):
    """Convolutions."""

    name: Literal["unet", "residual_unet"]
    feature_maps: list[Annotated[int, Field(ge=1)]] | Auto = "auto"
    """Channels of each level."""
    kernel: int | list[int] | list[list[int]] | Auto = 3
    activation: Literal["relu", "elu"] = "relu"


class Dice(Section):
    name: Literal["dice"] = "dice"
    weight: float = Field(default=1.0, gt=0)
    target: str = ""


class Target(Section):
    name: Literal["foreground", "distance"]


class Seeds(Section):
    """Where to begin."""

    channel: str
    threshold: float = 0.5


class Watershed(Section):
    name: Literal["watershed"] = "watershed"
    seeds: Seeds = Field(default_factory=lambda: Seeds(channel="distance"))


class Matching(Section):
    truths: ClassVar = ("objects",)
    name: Literal["matching"] = "matching"
    thresholds: list[float] = Field(default_factory=lambda: [0.5, 0.75])

    def model_post_init(self, context):
        if self.thresholds != sorted(self.thresholds):
            raise BioLoomError(f"thresholds {self.thresholds} fall", allowed="ascending thresholds")


class Scored(Section):
    truths: ClassVar = ("objects",)
    name: Literal["scored"] = "scored"
    channel: str = "auto"


TASK = SimpleNamespace(
    summary="Finds objects.",
    truth="objects",
    targets=({"name": "foreground"}, {"name": "distance"}),
    augment=({"name": "flip"},),
    postprocess=({"name": "watershed"},),
    metrics=({"name": "matching"},),
)
ENTRIES = {
    "task": {"instance_segmentation": "TASK", "detection": "TASK"},
    "normalization": {"percentile": "Percentile"},
    "target": {"foreground": "Target", "distance": "Target"},
    "augmentation": {"gamma": "Gamma", "flip": "Flip"},
    "model": {"unet": "UNet", "residual_unet": "UNet"},
    "loss": {"dice": "Dice"},
    "operation": {"watershed": "Watershed"},
    "metric": {"matching": "Matching", "scored": "Scored"},
}


@pytest.fixture
def fake_rooms(monkeypatch):
    """Put the made-up rooms in the place of the real ones."""
    rooms = ModuleType("fake_rooms")
    plugins = ModuleType("fake_rooms.plugins")
    plugins.__dict__.update(globals())
    for kind, entries in ENTRIES.items():
        addresses = {
            name: (f"plugins:{attribute}", f"plugins:{attribute}") for name, attribute in entries.items()
        }
        setattr(rooms, kind, Registry(kind, "fake_rooms", addresses))
    monkeypatch.setitem(sys.modules, "fake_rooms", rooms)
    monkeypatch.setitem(sys.modules, "fake_rooms.plugins", plugins)
    monkeypatch.setattr(registry, "TABLES", {kind: f"fake_rooms:{kind}" for kind in ENTRIES})


@pytest.fixture
def minimal():
    """Return the shortest config there is."""
    return {"run": "a", "task": "instance_segmentation", "data": {"predict": {"images": "raw"}}}
