"""How long training waits for its data, and how much the making of it slows the step down."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import torch

from bioloom.cli import main_group
from bioloom.commands.benchmarks.page import Row, Section
from bioloom.commands.benchmarks.rounds import Measurement, side_by_side, timed
from bioloom.commands.benchmarks.scale import Scale
from bioloom.commands.benchmarks.training import precision_here
from bioloom.losses.combine import CombinedLoss
from bioloom.models.build import build_model
from bioloom.settings import Config, dump_yaml, parse_config, read_yaml
from bioloom.settings.resolve import read_fingerprint, resolve
from bioloom.tasks.recipe import augment_of, losses_of, targets_of
from bioloom.train.average import Average
from bioloom.train.feed import AHEAD, Batch, Feed, TrainingBatches
from bioloom.train.optimise import Stepper, make_optimiser
from bioloom.train.precision import channels_last
from bioloom.train.reproducible import reproducible
from bioloom.train.setup import TrainingFiles, open_source
from bioloom.volumes.packs import packs
from bioloom.volumes.samples import discover, write_pack

GOAL = 0.05
RATE = 1e-4
WARM_UP = AHEAD + 2
"""Steps before the measurement: as many batches as are made in advance, and two."""


def measure_feeding(scale: Scale, config: Path) -> Section:
    """Measure the waiting of two trainings on the config's images: its own, and one of the large network."""
    values = read_yaml(config)
    large = {
        **values,
        "patch": {"size": [scale.patch] * 2},
        "model": {"name": "residual_unet", "feature_maps": list(scale.feature_maps)},
        "train": {"batch_size": scale.batch, "steps": 1000},
    }
    rows = []
    for name, case in (("the demo's training", values), ("the network above", large)):
        with _training(parse_config(case)) as training:
            rows += _rows(name, training, scale)
    return Section(
        "Feeding the training",
        "Reading, warping, augmenting and making targets for the bundled images beside the training (one "
        "worker, all augmentations of the task), in the steady state. "
        f"Turns: {scale.rounds}, of {scale.steps} steps.",
        rows,
        "What slows the step down is not waiting but sharing the cores: an example costs its computing time "
        "wherever it is made.",
    )


def _rows(name: str, training: Training, scale: Scale) -> list[Row]:
    """Measure one training."""
    steps = scale.steps
    candidates = {
        "fed": training.fed(steps),
        "at hand": training.at_hand(steps),
        "batch": timed(lambda: training.batches(0)),
    }
    found = side_by_side(candidates, scale.rounds)
    fed, at_hand = found["fed"]["seconds"] / steps, found["at hand"]["seconds"] / steps
    share, batch = found["fed"]["waited"] / found["fed"]["seconds"], found["batch"]["seconds"]
    alone = f"batches at hand: {at_hand:.3f} s"
    return [
        Row(f"{name}: waiting for data", f"{100 * share:.2f} %", "", share, f"< {GOAL}", share < GOAL),
        Row(f"{name}: step", f"{fed:.3f} s", alone, fed / at_hand),
        Row(f"{name}: making a batch", f"{batch:.3f} s", f"step on {alone}", batch / at_hand),
    ]


@dataclass(frozen=True)
class Training:
    """A training that is ready to take steps."""

    batches: TrainingBatches
    stepper: Stepper
    average: Average

    def fed(self, steps: int) -> Measurement:
        """Return a measurement of `steps` steps with a feed beside them, and of the seconds ``waited``."""

        def measure() -> Mapping[str, float]:
            with reproducible(), Feed(self.batches, range(WARM_UP + steps), 1) as feed:
                for _ in range(WARM_UP):
                    self._step(next(feed))
                began, waited = perf_counter(), feed.waited
                for batch in feed:
                    self._step(batch)
                return {"seconds": perf_counter() - began, "waited": feed.waited - waited}

        return measure

    def at_hand(self, steps: int) -> Measurement:
        """Return a measurement of `steps` steps on a batch that is there already."""
        batch = self.batches(0)

        def measure() -> Mapping[str, float]:
            with reproducible():
                self._step(batch)
                began = perf_counter()
                for _ in range(steps):
                    self._step(batch)
                return {"seconds": perf_counter() - began}

        return measure

    def _step(self, batch: Batch) -> None:
        self.stepper(batch, RATE)
        self.average.update(self.stepper.model)


@contextmanager
def _training(config: Config) -> Iterator[Training]:
    """Yield the training of a config, prepared by the steps of the pipeline in a folder of its own."""
    with TemporaryDirectory() as folder:
        config, facts, files = _prepare(config, Path(folder))
        targets = targets_of(config)
        source = open_source(files, config, facts, targets, augment_of(config), memory_gb=2.0)
        torch.manual_seed(0)
        names = [channel.name for channel in targets.channels(facts["ndim"])]
        model = build_model(config.model, facts["channels"], len(names), facts["ndim"])
        channels_last(model)
        loss = CombinedLoss(losses_of(config), names)
        optimiser = make_optimiser(model, config.train.weight_decay)
        stepper = Stepper(model, loss, optimiser, precision_here(), config.train.clip)
        batches = TrainingBatches(source, int(config.train.batch_size))
        yield Training(batches, stepper, Average(model, config.train.ema))


def _prepare(config: Config, folder: Path) -> tuple[Config, dict[str, Any], TrainingFiles]:
    """Run every step before the training; return the resolved config, the facts and the files."""
    options, fingerprint = folder / "options.yaml", folder / "fingerprint.yaml"
    options.write_text(dump_yaml(config.model_dump(mode="json")), encoding="utf-8")
    of_split: dict[str, list[str]] = {"train": [], "val": []}
    table = packs(discover(config.data), config.data.pack_voxels)
    folders = {name: folder / name for name in ("images", "labels", "truth", "patches")}
    for pack, samples in table.items():
        if samples[0].split not in of_split:
            continue
        of_split[samples[0].split].append(pack)
        write_pack(folder / f"{pack}.csv", samples)
        images, labels, truth = (folders[name] / f"{pack}.csv" for name in ("images", "labels", "truth"))
        _step("preprocess", options, pack=folder / f"{pack}.csv", images=images, labels=labels)
        _step("measure", options, "--truth", images=images, labels=labels, objects=truth)
    inputs = {"images": folders["images"], "truth": folders["truth"]}
    _step("fingerprint", options, *of_split["train"], fingerprint=fingerprint, **inputs)
    for split, names in of_split.items():
        patches = folders["patches"] / f"{split}.csv"
        labels = folders["labels"]
        _step("patch", options, *names, fingerprint=fingerprint, patches=patches, labels=labels, **inputs)
    found = read_fingerprint(fingerprint)
    files = TrainingFiles(**folders, packs=[*of_split["train"], *of_split["val"]])
    return resolve(config, found["resolved"]), found["facts"], files


def _step(name: str, options: Path, *more: str, **flags: Path) -> None:
    """Run a step of the pipeline in this process."""
    pairs = [part for flag, path in flags.items() for part in (f"--{flag}", str(path))]
    main_group.main([name, "--options", str(options), *pairs, *more], standalone_mode=False)
