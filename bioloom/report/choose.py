"""Which images of a run are worth a picture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isnan

LOWER_IS_BETTER = frozenset(
    {"mae", "mse", "rmse", "lpips", "voi", "voi_split", "voi_merge", "adapted_rand_error"}
    | {"over_segmented", "under_segmented", "many_to_many", "missing", "background"}
)


@dataclass(frozen=True)
class Choice:
    """An image to show and why: ``"best"``, ``"median"``, ``"worst"``, ``"rank 3 of 16"`` or ``""``."""

    image: str
    reason: str = ""
    score: float | None = None


def choose_images(scores: Mapping[str, float], count: int, *, metric: str = "") -> list[Choice]:
    """Choose the median, the worst and the best image, then more in between; order them from best to worst.

    Parameters
    ----------
    scores : mapping of str to float
        Image id to score; NaN where there is none. Such images are shown only if no image has a score.
    count : int
        How many images to choose at most.
    metric : str
        Name of the score; for some (``mae``) lower is better.
    """
    sign = 1 if metric in LOWER_IS_BETTER else -1
    ranked = sorted((sign * score, image) for image, score in scores.items() if not isnan(score))
    if not ranked:
        return [Choice(image) for image in sorted(scores)[:count]]
    chosen: list[int] = []
    for rank in _ranks(len(ranked)):
        if len(chosen) < count and rank not in chosen:
            chosen.append(rank)
    return [Choice(ranked[r][1], _reason(r, len(ranked)), sign * ranked[r][0]) for r in sorted(chosen)]


def _ranks(count: int) -> Iterator[int]:
    """Yield every rank (0 is the best), the telling ones first: median, worst, best, quartiles, eighths..."""
    yield from ((count - 1) // 2, count - 1, 0)
    parts = 4
    while parts < 4 * count:
        yield from (round((count - 1) * part / parts) for part in range(1, parts, 2))
        parts *= 2


def _reason(rank: int, count: int) -> str:
    if count == 1:
        return ""
    names = {(count - 1) // 2: "median", count - 1: "worst", 0: "best"}
    return names.get(rank, f"rank {rank + 1} of {count}")
