"""Training and inference of one network: as BioLoom runs it, and in plain PyTorch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from torch import nn

from bioloom.commands.benchmarks.page import Row, Section
from bioloom.commands.benchmarks.rounds import side_by_side, timed
from bioloom.commands.benchmarks.scale import Scale
from bioloom.commands.benchmarks.scene import SPEC
from bioloom.infer.open import activated
from bioloom.infer.predict import Predictor
from bioloom.losses.combine import CombinedLoss
from bioloom.models.build import build_model
from bioloom.settings import parse_options
from bioloom.tasks.recipe import losses_of, targets_of
from bioloom.train.average import Average
from bioloom.train.feed import Batch, collate
from bioloom.train.optimise import Stepper, make_optimiser
from bioloom.train.precision import Precision, channels_last, choose_precision
from bioloom.train.reproducible import reproducible

CONFIG = parse_options({"task": "instance_segmentation"})
TARGETS = targets_of(CONFIG).channels(2)
CHANNELS = [channel.name for channel in TARGETS]
GOAL = 0.7
CPU = torch.device("cpu")
RATE = 1e-4

KINDS = {
    "convolutions": ("conv",),
    "normalisation": ("norm",),
    "optimiser and averaged weights": ("foreach", "fused", "lerp", "adam", "addc", "sqrt"),
    "copies and conversions": (
        "copy",
        "aten::cat",
        "clone",
        "aten::to",
        "contiguous",
        "fill",
        "zero",
        "empty",
    ),
    "activations and sums": ("relu", "threshold", "add"),
}
"""Kinds of operators by the words in their names, the first that fits; the rest is mostly the loss."""
REST = "loss and the rest"


def measure_training(scale: Scale) -> Section:
    """Compare a step of training and a batch of inference with plain PyTorch."""
    batch = _batch(scale)
    patches = list(batch["image"].contiguous().numpy())
    ours, plain = our_step(scale, batch), _plain_step(scale, batch)
    candidates = {
        "step": timed(ours),
        "plain step": timed(plain),
        "inference": timed(_our_inference(scale, patches)),
        "plain inference": timed(_plain_inference(scale, patches)),
    }
    side_by_side(candidates, 1)  # the first use of every shape compiles kernels
    seconds = {name: v["seconds"] for name, v in side_by_side(candidates, scale.repetitions).items()}
    step = seconds["step"] / seconds["plain step"]
    levels = f"{scale.feature_maps[0]}..{scale.feature_maps[-1]}"
    return Section(
        "Training and inference",
        f"Residual U-Net {levels} on {scale.batch} patches of {scale.patch}x{scale.patch}; the step with the "
        "losses, the clipping and the averaged weights of `bioloom train`. Plain is the same network and "
        "loss in eager float32 PyTorch, contiguous, AdamW and nothing else. "
        f"Turns: {scale.repetitions}.",
        [
            Row(
                "training step",
                f"{seconds['step']:.3f} s",
                f"plain: {seconds['plain step']:.3f} s",
                step,
                f"<= {GOAL}",
                step <= GOAL,
            ),
            Row(
                "inference",
                f"{seconds['inference']:.3f} s",
                f"plain: {seconds['plain inference']:.3f} s",
                seconds["inference"] / seconds["plain inference"],
            ),
        ],
        f"Where the step's time goes (profile of one): {_shares(ours)}.",
    )


def precision_here() -> Precision:
    """Return what ``precision: auto`` stands for."""
    return choose_precision("auto", CPU)


def our_step(scale: Scale, batch: Batch) -> Callable[[], None]:
    """Return one training step on `batch` as the training loop takes it."""
    model = channels_last(_network(scale))
    optimiser = make_optimiser(model, CONFIG.train.weight_decay)
    stepper = Stepper(model, _loss(), optimiser, precision_here(), CONFIG.train.clip)
    average = Average(model, CONFIG.train.ema)

    def step() -> None:
        with reproducible():
            stepper(batch, RATE)
            average.update(model)

    return step


def _plain_step(scale: Scale, batch: Batch) -> Callable[[], None]:
    model, loss = _network(scale), _loss()
    optimiser = torch.optim.AdamW(model.parameters(), RATE)
    image, target, weight = (batch[part].contiguous() for part in ("image", "target", "weight"))

    def step() -> None:
        optimiser.zero_grad()
        loss(model(image), target, weight)[0].backward()
        optimiser.step()

    return step


def _our_inference(scale: Scale, patches: list[np.ndarray]) -> Callable[[], object]:
    channels = tuple(channel.described() for channel in TARGETS)
    spec = replace(SPEC, channels=channels)
    forward = activated(channels_last(_network(scale)).eval(), spec, precision_here())
    predictor = Predictor(forward, CPU, scale.batch)
    return lambda: predictor(patches)


def _plain_inference(scale: Scale, patches: list[np.ndarray]) -> Callable[[], object]:
    model = _network(scale).eval()

    def infer() -> np.ndarray:
        with torch.inference_mode():
            return model(torch.from_numpy(np.stack(patches))).sigmoid().numpy()

    return infer


def _network(scale: Scale) -> nn.Module:
    torch.manual_seed(0)
    options = {"name": "residual_unet", "feature_maps": list(scale.feature_maps)}
    return build_model(options, 1, len(CHANNELS), 2)


def _loss() -> CombinedLoss:
    return CombinedLoss(losses_of(CONFIG), CHANNELS)


def _batch(scale: Scale) -> Batch:
    generator = torch.Generator().manual_seed(0)
    shape = (scale.patch, scale.patch)
    return collate(
        [
            {
                "image": torch.randn((1, *shape), generator=generator),
                "target": torch.rand((len(CHANNELS), *shape), generator=generator).round(),
                "weight": torch.ones((len(CHANNELS), *shape)),
            }
            for _ in range(scale.batch)
        ]
    )


def _shares(step: Callable[[], None]) -> str:
    """Return how the time of a step divides among kinds of operators, largest first."""
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profile:
        step()
    spent: Counter[str] = Counter()
    for event in profile.key_averages():
        words = event.key.lower()
        kind = next((kind for kind, names in KINDS.items() if any(n in words for n in names)), REST)
        spent[kind] += event.self_cpu_time_total
    total = max(spent.total(), 1)
    return ", ".join(f"{kind} {100 * time / total:.0f} %" for kind, time in spent.most_common())
