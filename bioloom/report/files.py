"""The part of the report that says where everything lies and how to open it."""

from __future__ import annotations

from bioloom.report import html
from bioloom.report.gather import Findings
from bioloom.report.html import Html, tag

PRODUCTS = {
    "labels": (
        "outputs/{image}.zarr",
        "the objects: a label image, every object with a number of its own (OME-Zarr)",
    ),
    "classes": ("outputs/{image}.zarr", "the class map: at every pixel the number of its class (OME-Zarr)"),
    "points": (
        "points/{image}.csv",
        "the points found, in voxels, with class and score, the surest first (CSV)",
    ),
}
"""Where the result of an image lies and what it is, by the product of the task."""

FILES = (
    ("objects", "size, shape, position and intensity of every object, one row each (CSV)"),
    ("predictions/{image}.zarr", "what the network saw, before the post-processing (OME-Zarr)"),
    ("images/{image}.zarr", "the images as they were analysed (OME-Zarr)"),
    ("labels/{image}.zarr", "the ground truth (OME-Zarr)"),
    ("metrics.csv", "every metric of every image"),
    ("summary.csv", "every metric, all images together"),
    ("figures", "the figures of this page, to be used in slides and papers (PNG, SVG)"),
    ("models/all/model.yaml", "the model and everything needed to use it again"),
    ("fingerprint.yaml", "facts of the training images and what was decided from them"),
    ("calibration.yaml", "the thresholds of the post-processing"),
    ("options", "the complete options of every step"),
)

SCORES = ("metrics.csv", "summary.csv")

SNIPPET = """\
import napari
from bioloom.volumes.store import open_volume

viewer = napari.Viewer()
viewer.add_image(open_volume("images/{image}.zarr").read(), channel_axis=0)
viewer.add_labels(open_volume("outputs/{image}.zarr").read()[0])
napari.run()"""

OBJECT_SNIPPET = """

import pandas as pd
from pathlib import Path

objects = pd.concat(map(pd.read_csv, Path("objects").glob("*.csv")))
print(objects.groupby("image")["label"].count())"""

POINT_SNIPPET = """\
import napari
import pandas as pd
from bioloom.volumes.store import open_volume

image = open_volume("images/{image}.zarr")
points = pd.read_csv("points/{image}.csv")
axes = [column for column in points if column.startswith("axis-")]

viewer = napari.Viewer()
viewer.add_image(image.read(), channel_axis=0)
viewer.add_points(points[axes], properties=points[["class", "score"]], face_color="class")
napari.run()"""


def files(found: Findings, image: str) -> Html:
    """Return the table of the files that exist (with `image` as the example) and ways to open them."""
    product = found.product
    return html.join(
        [
            tag("p", "All names are relative to the folder of this page."),
            html.table(("File or folder", "What it holds"), _rows(found, image)),
            tag("h3", "Python and napari"),
            tag("p", "In this folder, with napari installed:"),
            tag("pre", tag("code", snippet(found, image))),
            *([] if product == "points" else _labels_elsewhere(image, product)),
        ]
    )


def snippet(found: Findings, image: str) -> str:
    """Return Python that shows an image and its result, and reads object tables where there are some."""
    if found.product == "points":
        return POINT_SNIPPET.format(image=image)
    return SNIPPET.format(image=image) + (OBJECT_SNIPPET if found.objects is not None else "")


def _rows(found: Findings, image: str) -> list[tuple[Html, str]]:
    rows = []
    for name, text in (PRODUCTS[found.product], *FILES):
        there = (found.run / name.format(image=image)).exists() and found.holds(name.split("/")[0], image)
        # what an earlier version of the run left behind is not of this one
        of_this_run = {"objects": found.objects is not None, "figures": True}
        if of_this_run.get(name, there and (found.scored or name not in SCORES)):
            rows.append((tag("code", name.format(image=image)), text))
    return rows


def _labels_elsewhere(image: str, product: str) -> list[Html]:
    """Return how label images are opened without BioLoom, and in Fiji."""
    neighbours = "classes" if product == "classes" else "neighbouring objects"
    return [
        tag("h3", "Without BioLoom"),
        tag(
            "p",
            "Every ",
            tag("code", ".zarr"),
            " folder is OME-Zarr 0.5, which any reader of that format opens:",
        ),
        tag(
            "pre",
            tag("code", f'import zarr\nlabels = zarr.open_array("outputs/{image}.zarr/0", mode="r")[0]'),
        ),
        tag("h3", "Fiji"),
        tag(
            "p",
            "Add ",
            tag("code", "report: {export: [tiff]}"),
            " to the config and run the same command again: it writes TIFF copies to drag into Fiji. "
            f"Choose Image › Lookup Tables › glasbey to tell {neighbours} apart.",
        ),
    ]
