"""The rules behind ``auto``: each returns a value and the reason for it, in words that a user can check.

They are described in ``docs/fingerprint.md``; `facts` is what `take_fingerprint` returns.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil, floor, inf, prod
from typing import Any

import numpy as np

from bioloom.errors import BioLoomError
from bioloom.preprocess.classes import settled_classes
from bioloom.settings.sides import check_patch, divisor_of

Choice = tuple[Any, str]
"""A value and the reason for it."""

VOXELS_PER_STEP = {2: 4 * 256**2, 3: 2 * 64**3}
"""Voxels of one training batch: what a training step of the default network does in under a second on two
CPU cores, and far below the memory of any GPU."""
LARGEST_PATCH = {2: 256, 3: 96}
SMALLEST_PATCH = {2: 128, 3: 32}
FEATURE_MAPS = (16, 32, 64, 128, 256)
STEPS = {2: 600, 3: 1000}
LARGEST_TURNED = 2**25
"""Voxels that the orientations of an image may have together; a minute for two CPU cores."""
SUMS_PER_CHUNK = 2**26
"""Integers that one chunk adds up: 256 MB."""
BLOCK = {2: 2048, 3: 256}


def settle(config: Any, facts: dict[str, Any], targets: int) -> dict[str, dict[str, Any]]:
    """Return a value and a reason for every option that the config leaves to ``auto``.

    What does not concern training (``patch.overlap``, ``infer``, ``postprocess``) is settled in any case, so
    that giving it by hand changes nothing that training depends on.

    Parameters
    ----------
    config : Config
        The options that the fingerprint step receives.
    facts : dict
        The fingerprint.
    targets : int
        Number of target channels.

    Returns
    -------
    dict
        ``{"patch.size": {"value": [256, 256], "reason": "..."}, ...}``

    Raises
    ------
    BioLoomError
        If the configured patches have another number of axes than the images, or do not suit the poolings.
    """
    settled: dict[str, dict[str, Any]] = {}

    def choose(key: str, configured: Any, rule: Callable[[], Choice]) -> Any:
        if configured != "auto":
            return configured
        value, reason = rule()
        settled[key] = {"value": value, "reason": reason}
        return value

    if "classes" in facts:
        choose("data.classes", config.data.classes, lambda: settled_classes(facts))
    size = choose("patch.size", config.patch.size, lambda: patch_size(facts))
    _check_axes("patch.size", size, facts["ndim"])
    _check_axes("infer.patch_size", config.infer.patch_size, facts["ndim"])
    deepest = len(FEATURE_MAPS if config.model.feature_maps == "auto" else config.model.feature_maps) - 1
    levels = choose("model.pooling", config.model.pooling, lambda: poolings(facts, size, deepest))
    check_patch("patch.size", size, levels)
    check_patch("infer.patch_size", config.infer.patch_size, levels)
    seen = choose("infer.patch_size", "auto", lambda: predicted_size(facts, size, levels))
    shared = choose("patch.overlap", "auto", lambda: overlap(seen))
    choose("model.kernel", config.model.kernel, lambda: kernels(facts, size, levels))
    choose("model.feature_maps", config.model.feature_maps, lambda: feature_maps(levels))
    batch = choose("train.batch_size", config.train.batch_size, lambda: batch_size(facts, size))
    count = choose("train.steps", config.train.steps, lambda: steps(facts))
    choose("train.validate_every", config.train.validate_every, lambda: validate_every(count))
    choose("infer.orientations", "auto", lambda: orientations(facts))
    choose("infer.batch_size", "auto", lambda: predicted_batch(batch, size, seen))
    choose("infer.chunk", "auto", lambda: chunk(facts, seen, shared, targets))
    choose("infer.block", "auto", lambda: block(facts))
    choose("infer.halo", "auto", lambda: halo(facts))
    choose("postprocess.min_voxels", "auto", lambda: smallest_object(facts))
    choose("postprocess.max_extent", "auto", lambda: largest_hole(facts))
    choose("postprocess.radius_um", "auto", lambda: unit_of_lengths(facts))
    return settled


def _check_axes(option: str, sides: Sequence[int] | str, ndim: int) -> None:
    if not isinstance(sides, str) and len(sides) != ndim:
        raise BioLoomError(
            f"{option} has {len(sides)} numbers, the training images have {ndim} spatial axes",
            allowed="one number per spatial axis",
            fix=f"correct {option}, or data.axes",
        )


def patch_size(facts: dict[str, Any]) -> Choice:
    """Six large objects wide in 2D, three in 3D, within the images and so that a step holds two patches.

    Classes have no size, but what a voxel is may follow from far around it: patches are as wide as can be.
    """
    ndim = facts["ndim"]
    spacing = np.array(facts["spacing_um"])
    wide, words = _width(facts)
    reach = min(wide * (6 if ndim == 2 else 3) / spacing.min(), LARGEST_PATCH[ndim])
    plane = int(np.clip(_up(reach, 32), SMALLEST_PATCH[ndim], LARGEST_PATCH[ndim]))
    # an axis with larger voxels gets fewer of them, so that a patch is about as deep as it is wide
    step = 16 if ndim == 3 else 32
    size: list[int] = []
    for side in range(plane, SMALLEST_PATCH[ndim] - 1, -step):
        wanted = [_up(side * spacing.min() / s, step) for s in spacing]
        sides = zip(wanted, facts["median_shape"], strict=True)
        size = [1 if n == 1 else min(w, _up(n, 16)) for w, n in sides]
        if 2 * prod(size) <= VOXELS_PER_STEP[ndim]:
            break
    return size, (
        f"{words}, images {'x'.join(map(str, facts['median_shape']))} voxels of "
        f"{'x'.join(f'{s:.3g}' for s in spacing)} um"
    )


def _width(facts: dict[str, Any]) -> tuple[float, str]:
    """Return how wide large objects are in micrometres, and the words for it."""
    if "class_shares" in facts:
        return inf, "classes are known by their surroundings"
    if "object_diameter_um" not in facts and "neighbour_um" in facts:
        apart = facts["neighbour_um"]["50"]
        return apart, f"points are {apart:.3g} um apart (median)"
    wide = facts.get("object_diameter_um", {}).get("95", 0.0)
    return wide, f"objects are up to {wide:.3g} um wide (95 %)"


def overlap(size: Sequence[int]) -> Choice:
    """A quarter of the patch."""
    return [n // 4 for n in size], "a quarter of the patch: each voxel is seen well inside of some patch"


def poolings(facts: dict[str, Any], size: Sequence[int], deepest: int) -> Choice:
    """Pool the axes with the smallest voxels, at most `deepest` times, while four voxels stay along them."""
    spacing, sides = _seen_spacing(facts, size), list(size)
    levels: list[list[int]] = []
    for _ in range(deepest):
        fine = spacing < 2 * spacing.min()
        pool = [2 if f and n % 2 == 0 and n >= 8 else 1 for f, n in zip(fine, sides, strict=True)]
        if max(pool) == 1:
            break
        levels.append(pool)
        spacing, sides = spacing * pool, [n // p for n, p in zip(sides, pool, strict=True)]
    reason = f"{'x'.join(map(str, size))} halves to {'x'.join(map(str, sides))}; coarse axes are pooled later"
    return levels, reason + _single_planes(size)


def predicted_size(facts: dict[str, Any], size: Sequence[int], levels: Sequence[Sequence[int]]) -> Choice:
    """Twice the training patch, within the images and their margin: less lies near the border of a patch."""
    divisor = divisor_of(levels, len(size))
    # the margin at both sides is half an overlap, which is a quarter of the patch
    sides = zip(size, (side / 0.75 for side in facts["median_shape"]), divisor, strict=True)
    twice = [n if n == 1 else max(n, min(2 * n, _up(side, d))) for n, side, d in sides]
    images = _sides(facts["median_shape"])
    return twice, f"twice {_sides(size)}, within images of {images} voxels and a margin"


def orientations(facts: dict[str, Any]) -> Choice:
    """All orientations, unless images are so large that their prediction would take minutes more."""
    count = 2 ** facts["ndim"] * 2
    voxels = prod(facts["median_shape"])
    words = f"{count} orientations of {_sides(facts['median_shape'])} voxels are"
    if count * voxels > LARGEST_TURNED:
        return "none", f"{words} more than {LARGEST_TURNED} voxels to predict"
    return "all", f"{words} at most {LARGEST_TURNED} voxels to predict; their mean errs less than one"


def predicted_batch(batch: int, size: Sequence[int], seen: Sequence[int]) -> Choice:
    """As many voxels as a batch of the training, at least one patch."""
    return max(1, batch * prod(size) // prod(seen)), f"as many voxels as {batch} patches of {_sides(size)}"


def feature_maps(levels: Sequence[Sequence[int]]) -> Choice:
    """Double the feature maps with every pooling, from 16."""
    return list(FEATURE_MAPS[: len(levels) + 1]), f"{len(levels)} poolings"


def kernels(facts: dict[str, Any], size: Sequence[int], levels: Sequence[Sequence[int]]) -> Choice:
    """Use one voxel along an axis whose voxels are more than twice as long as the shortest, else three."""
    spacing = _seen_spacing(facts, size)
    sizes = []
    for pool in [[1] * facts["ndim"], *levels]:
        spacing = spacing * pool
        sizes.append([1 if s > 2 * spacing.min() else 3 for s in spacing])
    reason = f"voxel size {'x'.join(f'{s:.3g}' for s in facts['spacing_um'])} um"
    return sizes, reason + _single_planes(size)


def batch_size(facts: dict[str, Any], size: Sequence[int]) -> Choice:
    """As many patches as fit the voxels of one training step, from 2 to 16."""
    budget = VOXELS_PER_STEP[facts["ndim"]]
    count = int(np.clip(budget // prod(size), 2, 16))
    return count, f"{budget} voxels a step, {prod(size)} a patch"


def steps(facts: dict[str, Any]) -> Choice:
    """Return the fixed budget."""
    return STEPS[facts["ndim"]], "fixed: enough for a few dozen labelled images; more steps help larger sets"


def validate_every(count: int) -> Choice:
    """Validate twenty times in all."""
    return max(1, count // 20), f"a twentieth of {count} steps"


def chunk(facts: dict[str, Any], size: Sequence[int], shared: Sequence[int], targets: int) -> Choice:
    """Return the patches per axis whose sums take about 256 MB."""
    stride = [n - o for n, o in zip(size, shared, strict=True)]
    patches = max(1, SUMS_PER_CHUNK // (targets * prod(stride)))
    per_axis = max(1, floor(patches ** (1 / facts["ndim"])))
    return [per_axis] * facts["ndim"], f"sums of {targets} targets in about {SUMS_PER_CHUNK * 4 >> 20} MB"


def halo(facts: dict[str, Any]) -> Choice:
    """The largest object, at least 32 voxels in 2D and 16 in 3D."""
    least = 32 if facts["ndim"] == 2 else 16
    if "largest_object" not in facts:
        return [least] * facts["ndim"], "no object has a size"
    largest = facts["largest_object"]
    return [max(least, n + 4) for n in largest], f"the largest object is {'x'.join(map(str, largest))} voxels"


def block(facts: dict[str, Any]) -> Choice:
    """Return the fixed side of a block."""
    side = BLOCK[facts["ndim"]]
    return [side] * facts["ndim"], "one shard of the output"


def smallest_object(facts: dict[str, Any]) -> Choice:
    """Return the first percentile of the object sizes."""
    if "object_voxels" not in facts:
        return 1, "no object has a size"
    low = facts["object_voxels"]["1"]
    return max(1, int(low)), f"99 % of the training objects have at least {low:g} voxels"


def largest_hole(facts: dict[str, Any]) -> Choice:
    """The median radius of the objects, in voxels of the finest axis."""
    if "median_radius_um" not in facts:
        return 1, "no object has a size"
    radius = facts["median_radius_um"] / min(facts["spacing_um"])
    return max(1, ceil(radius)), f"the median object has a radius of {radius:.3g} voxels"


def unit_of_lengths(facts: dict[str, Any]) -> Choice:
    """The median radius of the objects, in micrometres, by which training divides lengths."""
    radius = facts.get("median_radius_um", 1.0)
    return radius, f"predicted lengths are in radii of the median training object, {radius:.3g} um"


def _seen_spacing(facts: dict[str, Any], size: Sequence[int]) -> np.ndarray:
    """Return the voxel size, infinite along axes on which a patch has one voxel: no other is ever seen."""
    return np.where(np.array(size) == 1, np.inf, np.array(facts["spacing_um"], float))


def _single_planes(size: Sequence[int]) -> str:
    return "; a patch of one plane is seen plane by plane" if 1 in size else ""


def _sides(sides: Sequence[int]) -> str:
    return "x".join(map(str, sides))


def _up(value: float, step: int) -> int:
    return max(step, ceil(value / step) * step)
