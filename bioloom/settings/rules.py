"""What no single section can check: options that must fit each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from bioloom import registry
from bioloom.errors import did_you_mean
from bioloom.settings.config import Config, learns_classes
from bioloom.settings.data import SPLITS
from bioloom.settings.mistakes import Keys

SPATIAL_LISTS = (
    ("data", "voxel_size"),
    ("patch", "size"),
    ("patch", "overlap"),
    ("infer", "patch_size"),
    ("infer", "chunk"),
    ("infer", "block"),
    ("infer", "halo"),
)
"""Options that hold one number per spatial axis, in the order of `data.axes`."""


def broken_rules(config: Config) -> Iterator[tuple[Keys, str]]:
    """Yield key path and text for every rule between options that `config` breaks."""
    yield from _images_given(config)
    yield from _one_number_of_axes(config)
    yield from overlap_below_half(config)
    yield from _targets_once(config)
    yield from _losses_have_targets(config)
    yield from _metrics_once(config)
    yield from _smallest_truth_of_objects(config)
    yield from _classes_where_labels_tell_them(config)
    yield from _metrics_have_channels(config)
    yield from _metrics_suit_the_truth(config)


def spatial_lists(config: Config) -> dict[tuple[str, str], list[float]]:
    """Return the options of `SPATIAL_LISTS` that are given as lists."""
    values = {keys: getattr(getattr(config, keys[0]), keys[1]) for keys in SPATIAL_LISTS}
    return {keys: value for keys, value in values.items() if isinstance(value, list)}


def _images_given(config: Config) -> Iterator[tuple[Keys, str]]:
    given = [split for split in SPLITS if getattr(config.data, split) is not None]
    allowed = f"either samples, or images under one or more of {', '.join(SPLITS)}"
    if config.data.samples is not None and given:
        yield ("data",), f"got samples and {', '.join(given)}; allowed: {allowed}"
    if config.data.samples is None and not given:
        yield ("data",), f"no images; allowed: {allowed}"


def _one_number_of_axes(config: Config) -> Iterator[tuple[Keys, str]]:
    lists = spatial_lists(config)
    if config.data.spatial_axes is not None:
        expected, reason = len(config.data.spatial_axes), f"data.axes is '{config.data.axes}'"
    elif lists:
        (section, option), first = next(iter(lists.items()))
        expected, reason = len(first), f"{section}.{option} has {len(first)}"
    for keys, value in lists.items():
        if len(value) != expected:
            yield keys, f"got {len(value)} numbers; allowed: {expected}, one per spatial axis, since {reason}"


def overlap_below_half(config: Config) -> Iterator[tuple[Keys, str]]:
    """Yield what is wrong about an overlap of half the patch or more, which no window blends."""
    name = "patch.size" if config.infer.patch_size == "auto" else "infer.patch_size"
    size = config.patch.size if config.infer.patch_size == "auto" else config.infer.patch_size
    overlap = config.patch.overlap
    if size == "auto" or overlap == "auto":
        return
    most = [(side - 1) // 2 for side in size]
    if any(shared > limit for shared, limit in zip(overlap, most, strict=False)):
        yield ("patch", "overlap"), f"got {overlap}; allowed: less than half of {name}, at most {most}"


def _targets_once(config: Config) -> Iterator[tuple[Keys, str]]:
    if config.train.targets != "auto":
        yield from _each_once(("train", "targets"), config.train.targets, "target")


def _metrics_once(config: Config) -> Iterator[tuple[Keys, str]]:
    """Check that no metric is listed twice, since their values would have the same names."""
    if config.evaluate.metrics != "auto":
        yield from _each_once(("evaluate", "metrics"), config.evaluate.metrics, "metric")


def _smallest_truth_of_objects(config: Config) -> Iterator[tuple[Keys, str]]:
    """Check that crumbs at the border are left out only where objects are evaluated."""
    truth = registry.table("task")[config.task].truth if config.task else "objects"
    if config.evaluate.smallest_truth and truth != "objects":
        yield (
            ("evaluate", "smallest_truth"),
            f"got {config.evaluate.smallest_truth}, and {config.task} evaluates no objects; allowed: 0",
        )


def _classes_where_labels_tell_them(config: Config) -> Iterator[tuple[Keys, str]]:
    """Check that classes are given only where a task learns them, and that none is ignored."""
    data, truth = config.data, registry.table("task")[config.task].truth if config.task else "classes"
    files = [split for split in SPLITS if getattr(getattr(data, split), "classes", None) is not None]
    if truth == "objects":
        yield from _classes_of_objects(config, files)
    else:
        for split in files:
            yield (
                ("data", split, "classes"),
                f"{config.task} learns no classes of objects; allowed: nothing here",
            )
    given = {"classes": data.classes != "auto", "ignore": data.ignore is not None}
    if truth == "points" or (truth == "objects" and not learns_classes(config)):
        for key in (key for key, there in given.items() if there):
            yield ("data", key), f"the labels of {config.task} tell no classes; allowed: nothing here"
    elif data.classes != "auto" and data.ignore in data.classes:
        yield ("data", "ignore"), f"got {data.ignore}, which data.classes lists; allowed: an id of its own"


def _classes_of_objects(config: Config, files: Sequence[str]) -> Iterator[tuple[Keys, str]]:
    """Check that classes of objects can be learned: files to learn from, the target, two classes or more."""
    data, targets = config.data, config.train.targets
    if (files or data.classes != "auto") and not data.samples and "train" not in files:
        allowed = "classes to learn from, in data.train.classes or data.samples"
        yield (
            ("data", files[0] if files else "train", "classes"),
            f"there are none in data.train; allowed: {allowed}",
        )
    if targets == "auto":
        return
    for index, target in enumerate(targets):
        if target.name == "classes" and target.classes != "auto" and 0 in target.classes:
            yield ("train", "targets", index, "classes"), "got 0, the background; allowed: classes of objects"
    if files and not learns_classes(config):
        yield (
            ("train", "targets"),
            "no target `classes`, though data.train.classes is given; allowed: both or none",
        )
    if data.classes != "auto" and sum(id_ > 0 for id_ in data.classes) < 2:
        yield ("data", "classes"), f"got {data.classes}; allowed: two classes of objects or more"


def _each_once(keys: Keys, plugins: Sequence[Any], kind: str) -> Iterator[tuple[Keys, str]]:
    names = [plugin.name for plugin in plugins]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield keys, f"got '{name}' {names.count(name)} times; allowed: each {kind} once"


def _losses_have_targets(config: Config) -> Iterator[tuple[Keys, str]]:
    """Check that a loss names a target."""
    for index, loss in enumerate(config.train.losses if config.train.losses != "auto" else ()):
        yield from _of_a_target(config, ("train", "losses", index, "target"), loss.target)


def _metrics_have_channels(config: Config) -> Iterator[tuple[Keys, str]]:
    """Check that a metric which looks at a channel of the prediction names one of a target."""
    for index, metric in enumerate(config.evaluate.metrics if config.evaluate.metrics != "auto" else ()):
        channel = getattr(metric, "channel", "auto")
        if channel != "auto":
            keys: Keys = ("evaluate", "metrics", index, "channel")
            yield from _of_a_target(config, keys, channel.removeprefix("not "))


def _metrics_suit_the_truth(config: Config) -> Iterator[tuple[Keys, str]]:
    """Check that a metric judges what the labels of the task tell."""
    if not config.task or config.evaluate.metrics == "auto":
        return
    task, table = registry.table("task")[config.task], registry.table("metric")
    for index, metric in enumerate(config.evaluate.metrics):
        if task.truth not in table[metric.name].truths:
            fitting = ", ".join(name for name in table if task.truth in table[name].truths)
            yield (
                ("evaluate", "metrics", index),
                f"got '{metric.name}', which does not judge {task.truth}; allowed: {fitting}",
            )


def _of_a_target(config: Config, keys: Keys, wanted: str) -> Iterator[tuple[Keys, str]]:
    """Check a channel, which is called like its target, or ``<target>-...``."""
    targets = _target_names(config)
    if targets and wanted and not any(f"{wanted}-".startswith(f"{name}-") for name in targets):
        parts = (f"got '{wanted}'", f"allowed: {', '.join(targets)}", did_you_mean(wanted, targets))
        yield keys, "; ".join(filter(None, parts))


def _target_names(config: Config) -> list[str]:
    if config.train.targets != "auto":
        return [target.name for target in config.train.targets]
    if not config.task:
        return []
    return [target["name"] for target in registry.table("task")[config.task].targets]
