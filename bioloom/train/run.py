"""A whole training: from the files of a run to a saved model."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any, Literal, cast

import torch

from bioloom.losses.combine import CombinedLoss
from bioloom.models.build import begin_near, build_model
from bioloom.progress import open_progress
from bioloom.settings.config import Config
from bioloom.targets.base import Channel
from bioloom.tasks.recipe import augment_of, losses_of, targets_of
from bioloom.train.checkpoint import fingerprint
from bioloom.train.device import claimed_device
from bioloom.train.export import save_model
from bioloom.train.feed import choose_workers
from bioloom.train.history import write_history
from bioloom.train.loop import Result, TrainOptions, train
from bioloom.train.setup import TrainingFiles, open_source
from bioloom.train.spec import ModelSpec

log = logging.getLogger(__name__)


def train_model(
    config: Config,
    facts: dict[str, Any],
    files: TrainingFiles,
    *,
    model: Path,
    checkpoints: Path,
    device: str,
    workers: int | Literal["auto"],
    memory_gb: float,
    threads: int | None,
) -> Result:
    """Train as the config says, and save the model.

    Parameters
    ----------
    config : Config
        Options without any ``auto`` that the fingerprint settles.
    facts : dict
        Facts of the fingerprint.
    files : TrainingFiles
        What to learn from.
    model, checkpoints : Path
        Where the model and the states of unfinished trainings go.
    device, workers, memory_gb, threads
        How to use the machine; none of these changes which examples are seen.
    """
    targets = targets_of(config)
    channels = targets.channels(facts["ndim"])
    names = [channel.name for channel in channels]
    losses, augmentations = losses_of(config, facts), augment_of(config)
    torch.manual_seed(config.train.seed)
    network = build_model(config.model, facts["channels"], len(names), facts["ndim"])
    begin_near(network, targets.starts(facts["ndim"]))
    word = fingerprint(
        train=config.train.model_dump(mode="json", exclude={"device", "workers", "memory_gb"}),
        patch=config.patch.model_dump(mode="json", exclude={"overlap"}),  # which is for prediction alone
        model=config.model.model_dump(mode="json"),
        plugins=[o.model_dump(mode="json") for o in (*losses, *augmentations)],
        targets=[t.options.model_dump(mode="json") for t in targets.targets],
        normalize=config.preprocess.normalize.model_dump(mode="json"),
        ignore=config.data.ignore,
        data=files.digests(),
    )
    with claimed_device(device) as where:
        feeding = choose_workers(workers, where, threads or torch.get_num_threads())
        log.info("workers that prepare patches: %d", feeding)
        share = memory_gb / max(1, feeding)
        result = train(
            network,
            CombinedLoss(losses, names, targets.groups),
            open_source(files, config, facts, targets, augmentations, memory_gb=share),
            cast("TrainOptions", config.train.model_copy(update={"workers": feeding})),  # no `auto` left
            device=where,
            checkpoints=checkpoints / word,
            progress=open_progress("train", "step"),
            threads=threads,
        )
    save_model(model, result.weights, _spec(config, facts, channels, result))
    write_history(model / "history.csv", result.history)
    return result


def _spec(config: Config, facts: dict[str, Any], channels: tuple[Channel, ...], result: Result) -> ModelSpec:
    return ModelSpec(
        task=config.task,
        model=config.model.model_dump(mode="json"),
        in_channels=facts["channels"],
        channels=tuple(channel.described() for channel in channels),
        ndim=facts["ndim"],
        patch=config.patch.model_dump(include={"size"}),
        normalize={
            **config.preprocess.normalize.model_dump(mode="json"),
            "floor": facts["intensity_floor"],
        },
        spacing=tuple(facts["spacing_um"]),
        precision=result.precision,
        threads=result.threads,
        steps=result.steps,
        best_step=result.best_step,
        val_loss=result.val_loss,
    )
