"""Small pictures of our own making, of the kinds that microscopes take; one file per kind and a table."""

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
