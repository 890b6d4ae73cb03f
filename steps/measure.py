"""``bioloom measure``: measure the objects of a pack."""

from __future__ import annotations

from pathlib import Path

import click

from bioloom.cli import options_flag, read_flag, step, write_flag
from bioloom.errors import BioLoomError
from bioloom.settings.config import Config


@step("measure")
@options_flag
@read_flag("--images", "manifest of the images")
@read_flag("--labels", "manifest of the labels, true or predicted")
@read_flag("--predictions", "manifest of the predictions, for the classes of objects", required=False)
@write_flag("--objects", "object table (CSV)")
@click.option(
    "--truth",
    is_flag=True,
    help="Measure only what training wants to know: size, position and how far objects reach inwards.",
)
def command(
    options: Config, images: Path, labels: Path, predictions: Path | None, objects: Path, truth: bool
) -> None:
    """Example: bioloom measure --options results/demo/options/measure.yaml --images
    results/demo/images/test_tile-11.csv --labels results/demo/outputs/test_tile-11.csv --predictions
    results/demo/predictions/test_tile-11.csv --objects trial/objects.csv
    """
    import pandas as pd

    from bioloom.measure.object_classes import class_channels, object_classes
    from bioloom.measure.points import measure_points
    from bioloom.measure.volume import measure_volume
    from bioloom.preprocess.meaning import meaning_of
    from bioloom.volumes.manifest import Stores, read_manifest
    from bioloom.volumes.object_classes import read_classes
    from bioloom.volumes.store import open_volume
    from bioloom.volumes.tables import OBJECTS, write_table

    stores, predicted = Stores(images), Stores(predictions) if predictions else None
    tells = meaning_of(options).truth if truth else ""
    classes = tells == "classes"  # every class counts as one object
    tables = []
    for entry in read_manifest(labels):
        image, volume = open_volume(stores[entry.image]), open_volume(entry.path)
        if tells == "points":
            tables.append(measure_points(volume, image_id=entry.image))
            continue
        names = image.channel_names
        far = truth and not classes
        table = measure_volume(volume, image, names, image_id=entry.image, distances=far, details=not truth)
        if predicted is not None:
            prediction = open_volume(predicted[entry.image])
            if class_channels(prediction.channel_names):
                table = table.merge(object_classes(volume, prediction), on="label", validate="1:1")
        if truth and (kinds := read_classes(entry.path)) is not None:
            table = table.assign(**{"class": [kinds.get(label, "") for label in table["label"]]})
        if classes:
            table = table.assign(**{"class": table["label"].astype(str), "distance_max_um": float("nan")})
        tables.append(table)
    if not tables:
        raise BioLoomError(f"{labels} lists no labels", fix="give the images labels")
    write_table(objects, pd.concat(tables, ignore_index=True), OBJECTS)
