"""Setting training images aside for validation, where the config gives none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from hashlib import blake2b
from typing import TYPE_CHECKING

from bioloom.errors import BioLoomError
from bioloom.volumes.parts import split_parts
from bioloom.volumes.sources import image_id

if TYPE_CHECKING:
    from bioloom.volumes.samples import Sample


def split_validation(samples: Sequence[Sample], fraction: float, seed: int) -> list[Sample]:
    """Return `samples` with a share of the training images moved to the split "val", if there is none yet.

    Whole groups are moved (an image without a group is one by itself), in the order of a permutation by
    hash: it depends on `seed` and the names only, so that a new image hardly changes which others are
    chosen. A file is one image here, so that its time points stay together. The only training file is cut:
    the end of its longest axis becomes a validation image, see `bioloom.volumes.parts`.

    Parameters
    ----------
    samples : sequence of Sample
        Samples of all splits.
    fraction : float
        Share of the training images wanted, between 0 and 1; at least one group moves and one stays.
    seed : int
        Another seed, another choice.

    Raises
    ------
    BioLoomError
        If several training images are all of one group.
    """
    groups: dict[str, list[Sample]] = {}
    for sample in samples:
        if sample.split == "train":
            groups.setdefault(f"g {sample.group}" if sample.group else f"i {sample.image}", []).append(sample)
    if not groups or any(sample.split == "val" for sample in samples):
        return list(samples)
    if len(groups) == 1:
        return _cut(samples, *next(iter(groups.values())), fraction=fraction)
    order = sorted(groups, key=lambda name: blake2b(f"{seed} {name}".encode(), digest_size=8).digest())
    wanted = max(1.0, fraction * sum(map(len, groups.values())))
    moved: set[str] = set()
    for name in order[:-1]:
        if len(moved) >= round(wanted):
            break
        moved.update(sample.image for sample in groups[name])
    return [
        replace(s, split="val", image=image_id("val", s.path)) if s.image in moved else s for s in samples
    ]


def _cut(samples: Sequence[Sample], only: Sample, *others: Sample, fraction: float) -> list[Sample]:
    """Return `samples` with the only training image cut in two: a part to learn from, one to validate on."""
    if others:
        raise BioLoomError(
            "there is only one group of training images, so none can be set aside for validation",
            fix="give data.val, or training images of another group",
        )
    learn, validate = split_parts(fraction)
    chosen = [replace(s, part=learn) if s is only else s for s in samples]
    chosen.append(replace(only, split="val", image=image_id("val", only.path), part=validate))
    return chosen
