"""The packs of a run: which images one job handles together. Asked for whenever the workflow is parsed."""

from __future__ import annotations

from collections.abc import Iterable

from bioloom.errors import BioLoomError
from bioloom.volumes.inner import size_of
from bioloom.volumes.samples import SPLITS, Sample
from bioloom.volumes.sources import item_id


def packs(samples: Iterable[Sample], pack_voxels: int) -> dict[str, list[Sample]]:
    """Return the packs: the samples that one job handles together, by pack id.

    Samples that name their pack are in that of their split, ``<split>_<pack>``. Of the others, consecutive
    files of a split share a pack until they exceed `pack_voxels` bytes; a file that does not exist yet is
    alone, and so is a store, since only a walk through it would tell its size. A pack of one sample is
    called like it, others ``<split>_pack-0000`` and so on. How many images a pack holds (a file may have time
    points) is said by the manifests that its jobs write.
    """
    samples = sorted(samples, key=lambda sample: SPLITS.index(sample.split))
    table: dict[str, list[Sample]] = {}
    for sample in samples:
        if sample.pack:
            table.setdefault(item_id(sample.split, sample.pack), []).append(sample)
    counts = dict.fromkeys(SPLITS, 0)
    for pack in _packs_by_size([sample for sample in samples if not sample.pack], pack_voxels):
        split = pack[0].split
        name = pack[0].image if len(pack) == 1 else f"{split}_pack-{counts[split]:04d}"
        counts[split] += len(pack) > 1
        if name in table:
            raise BioLoomError(f"an image has the id '{name}', which names a pack", fix="rename its file")
        table[name] = pack
    return dict(sorted(table.items(), key=lambda item: SPLITS.index(item[1][0].split)))


def _packs_by_size(samples: Iterable[Sample], pack_voxels: int) -> list[list[Sample]]:
    found: list[list[Sample]] = []
    room = -1
    for sample in samples:
        size = size_of(sample.path)
        if size is not None and size <= room and found[-1][-1].split == sample.split:
            found[-1].append(sample)
        else:
            found.append([sample])
            room = pack_voxels
        room = room - size if size is not None else -1
    return found
