"""The part of the report that says where everything lies and how to open it."""

from __future__ import annotations

from bioloom.report import html
from bioloom.report.gather import Findings
from bioloom.report.html import Html, tag

FILES = (
    ("outputs/{image}.zarr", "the objects: a label image, every object with a number of its own (OME-Zarr)"),
    ("points/{image}.csv", "the points found, in voxels, with class and score, the surest first (CSV)"),
    ("objects", "size, shape, position and intensity of every object, one row each (CSV)"),
    ("predictions/{image}.zarr", "what the network saw, before objects were cut out (OME-Zarr)"),
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

SNIPPET = """\
import napari
import pandas as pd
from pathlib import Path
from bioloom.volumes.store import open_volume

viewer = napari.Viewer()
viewer.add_image(open_volume("images/{image}.zarr").read(), channel_axis=0)
viewer.add_labels(open_volume("outputs/{image}.zarr").read()[0])
napari.run()

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
    rows = [
        (tag("code", name.format(image=image)), text)
        for name, text in FILES
        if name == "figures" or (found.run / name.format(image=image)).exists()
    ]
    points = (found.run / "points" / f"{image}.csv").exists()
    return html.join(
        [
            tag("p", "All names are relative to the folder of this page."),
            html.table(("File or folder", "What it holds"), rows),
            tag("h3", "Python and napari"),
            tag("p", "In this folder, with napari installed:"),
            tag("pre", tag("code", (POINT_SNIPPET if points else SNIPPET).format(image=image))),
            *([] if points else _labels_elsewhere(image)),
        ]
    )


def _labels_elsewhere(image: str) -> list[Html]:
    """Return how label images are opened without BioLoom, and in Fiji."""
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
            "Choose Image › Lookup Tables › glasbey to tell neighbouring objects apart.",
        ),
    ]
