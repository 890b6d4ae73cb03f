"""The recipes of instance segmentation: what is learned, and how objects are made of it.

Adding one is one entry. Every entry is tried on perfect predictions by the contract tests.
"""

from __future__ import annotations

from typing import Any

from bioloom.tasks.record import Recipe

CLEAN: tuple[dict[str, Any], ...] = ({"name": "fill_holes"}, {"name": "remove_small"})
"""What ends every recipe."""


def _recipe(when: str, targets: tuple[str | dict[str, Any], ...], **maker: Any) -> Recipe:
    """Return a recipe of targets, by name or with options, and of the operation that makes labels."""
    named = tuple({"name": target} if isinstance(target, str) else target for target in targets)
    return Recipe(when, named, (maker, *CLEAN))


RECIPES = {
    "center": _recipe(
        "The default: roundish objects of any size, also touching ones; the extra targets steady training.",
        ("foreground", "contour", "distance", "center"),
        name="watershed",
    ),
    "contour": _recipe(
        "Objects of any shape, long and branched ones, too, that are separated by a visible line.",
        ("foreground", "contour"),
        name="watershed",
        seeds=["foreground", "not contour"],
        topography=["foreground", "not contour"],
    ),
    "background": _recipe(
        "As contour, where the space between the objects is easier to learn than they are.",
        ("background", "contour"),
        name="watershed",
        foreground=["not background"],
        seeds=["not background", "not contour"],
        topography=["not background", "not contour"],
    ),
    "distance": _recipe(
        "Roundish or oval objects that touch; few channels.",
        ("foreground", "distance"),
        name="watershed",
        seeds=["distance"],
    ),
    "signed_distance": _recipe(
        "As distance with a single channel: smooth outlines, no foreground of its own.",
        ({"name": "signed_distance", "scale": "median"},),
        name="watershed",
        foreground=["signed_distance"],
        foreground_threshold=0,
        seed_threshold=0,
        seeds=["signed_distance"],
        topography=["signed_distance"],
    ),
    "center_distance": _recipe(
        "Round objects with a clear middle, also packed ones.",
        ("foreground", "center_distance"),
        name="watershed",
        seeds=["foreground", "not center_distance"],
        topography=["not center_distance"],
    ),
    "neighbour_distance": _recipe(
        "Dense groups, where the gaps between objects tell more than their outlines.",
        ("foreground", "neighbour_distance", "distance"),
        name="watershed",
        seeds=["foreground", "not neighbour_distance"],
        topography=["distance"],
    ),
    "touching": _recipe(
        "Objects that lie apart for the most part and touch here and there; any shape.",
        ("foreground", {"name": "touching", "width": 1}),
        name="watershed",
        seeds=["foreground", "not touching"],
        seed_smoothing=0.5,
        topography=["foreground", "not touching"],
    ),
    "border_weight": _recipe(
        "As contour, with more weight where objects are near each other (U-Net); small gaps between objects.",
        ("foreground", "contour", {"name": "border_weight", "of": ["foreground", "contour"]}),
        name="watershed",
        seeds=["foreground", "not contour"],
        topography=["foreground", "not contour"],
    ),
    "core": _recipe(
        "Objects of any compact shape that touch: seeds are cores, however large or small the object.",
        ("foreground", "distance", "core"),
        name="watershed",
        seeds=["core"],
    ),
    "skeleton": _recipe(
        "Long, bent or branched objects without one middle: fibres, bacteria, processes of cells.",
        ("foreground", "distance", "skeleton"),
        name="watershed",
        seeds=["skeleton"],
        seed_step=0,
    ),
    "offset": _recipe(
        "Packed objects with a clear middle, such as nuclei in tissue (HoVer-Net).",
        ("foreground", "offset"),
        name="offsets",
    ),
    "flow": _recipe(
        "Objects of any shape and size that touch, cells with lobes, too (Cellpose).",
        ("foreground", "flow"),
        name="flows",
    ),
    "stars": _recipe(
        "Roundish objects that touch or overlap a little, such as nuclei in tissue (StarDist).",
        ("stars",),
        name="stars",
    ),
    "embeddings": _recipe(
        "Packed objects of one kind whose sizes differ (EmbedSeg).",
        ("embeddings",),
        name="embeddings",
    ),
    "affinities": _recipe(
        "Objects of any shape that touch over large areas, branched ones, too: neurites, cells in EM.",
        ("foreground", "affinities"),
        name="affinities",
    ),
}
"""The recipes by their names, which are those of their main target."""
