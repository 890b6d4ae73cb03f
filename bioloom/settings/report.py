"""What is shown and handed out."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from bioloom.settings.base import Section


class Report(Section):
    """The report of a run and copies of its results in other formats."""

    title: str = ""
    """Heading of the report; empty: the name of the run."""
    images: int = Field(default=4, ge=0)
    """Most images to show: the best, the worst and some between."""
    export: list[Literal["tiff", "zarr"]] = Field(default=[])
    """Copies of the outputs in `exports/`, one per input file, time points together: `tiff` for every file,
    `zarr` (OME-Zarr with a time axis) for files with several time points."""
