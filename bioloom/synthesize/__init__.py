"""Small pictures of our own making, of the kinds that microscopes take; one file per kind and a table."""

from bioloom.errors import BioLoomError, did_you_mean
from bioloom.synthesize import cells, membranes, neurites, nuclei, spots, tubes
from bioloom.synthesize.kind import Kind

KINDS: dict[str, Kind] = {
    "nuclei": nuclei.KIND,
    "membranes": membranes.KIND,
    "neurites": neurites.KIND,
    "spots": spots.KIND,
    "tubes": tubes.KIND,
    "cells": cells.KIND,
}
"""Every kind of picture."""
TASKS: dict[str, tuple[str, str]] = {
    "instance_segmentation": ("nuclei", "objects"),
    "semantic_segmentation": ("neurites", "classes"),
    "detection": ("spots", "points"),
}
"""For every task the kind of picture that suits it, and what it learns from."""


def kind_of(name: str) -> tuple[Kind, str | None]:
    """Return the kind called `name`, or that of the task called so and what the task learns from.

    Raises
    ------
    BioLoomError
        If no kind and no task is called so.
    """
    if name in TASKS:
        kind, learned = TASKS[name]
        return KINDS[kind], learned
    if name not in KINDS:
        known = [*KINDS, *TASKS]
        raise BioLoomError(
            f"unknown kind of picture '{name}'", allowed=", ".join(known), fix=did_you_mean(name, known)
        )
    return KINDS[name], None
