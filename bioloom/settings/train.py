"""How the network learns."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from bioloom.settings.base import Auto, Count, Plugin, Precision, Section


class Train(Section):
    """Training: what is learned, for how long and how."""

    targets: list[Annotated[Any, Plugin("target")]] | Auto = "auto"
    """What the network learns, made from the labels; auto: the targets of the task."""
    losses: list[Annotated[Any, Plugin("loss")]] | Auto = "auto"
    """What is minimised; auto: the losses that the targets declare."""
    steps: Count | Auto = "auto"
    """Number of weight updates."""
    batch_size: Count | Auto = "auto"
    """Patches per step."""
    learning_rate: float = Field(default=3e-3, gt=0)
    """Highest learning rate of AdamW, reached after the warm-up; it then falls along a cosine."""
    weight_decay: float = Field(default=0.01, ge=0)
    """Weight decay of AdamW; norms and biases have none."""
    warmup: float = Field(default=0.05, ge=0)
    """How long the learning rate rises from 0: below 1 a share of `steps`, otherwise a number of steps."""
    ema: float = Field(default=0.99, ge=0, lt=1)
    """Decay per step of the averaged weights, which are validated and kept; 0: no averaging."""
    clip: float = Field(default=1.0, gt=0)
    """Largest norm of the gradient; a longer one is scaled down to it."""
    precision: Precision = "auto"
    """Number format of the computation; auto: the fastest one that the device does well."""
    patience: int = Field(default=0, ge=0)
    """Validations without improvement after which training stops; 0: it never stops early."""
    validate_every: Count | Auto = "auto"
    """Steps between validations."""
    checkpoint_every: Count = 200
    """Steps between checkpoints; a killed training goes on from the last one."""
    seed: int = Field(default=0, ge=0)
    """Seed of weights, patches and augmentation."""
    memory_gb: float = Field(default=2.0, ge=0)
    """Training images kept in memory, in GiB, by all workers together; larger sets are read from disk patch
    by patch."""
    workers: Annotated[int, Field(ge=0)] | Auto = "auto"
    """Processes that prepare patches; 1: a thread beside the training; 0: the training itself. auto: 1 on a
    CPU; on a GPU, which would wait, as many as the job has CPUs but one, up to 8. No result depends on it."""
    device: str = Field(default="auto", min_length=1)
    """Where to train: `cpu`, `cuda` (any free GPU), `cuda:1`...; auto: a free GPU where there are any."""
