"""The figures of points, each with the caption that tells how to read it."""

from __future__ import annotations

from bioloom.report import point_overlay, style
from bioloom.report.gather import Findings
from bioloom.report.html import Plate
from bioloom.report.point_views import PointView, make_view, open_points
from bioloom.report.sources import Readable
from bioloom.report.tolerance import tolerance_um
from bioloom.volumes.metadata import calibration_of


def picture(found: Findings, image: str, volume: Readable, title: str, *, explain: bool) -> Plate | None:
    """Return the overlay of one image, None if the run found no points in it.

    Parameters
    ----------
    found : Findings
        What the run left behind.
    image : str
        Image id.
    volume : Readable
        The open image.
    title : str
        Title of the figure.
    explain : bool
        Whether the caption says how the picture is read.
    """
    if found.product != "points" or not found.holds("outputs", image):  # a table of an earlier version
        return None
    judged = found.holds("labels", image)
    subject = open_points(found.run, image, volume, tolerance_um(found), judged=judged)
    if subject is None:
        return None
    view = make_view(subject)
    known = not calibration_of(volume.facts)
    caption = f"{_tally(view)} {_reading(view, known) if explain else ''}".strip()
    return Plate(f"overlay_{image}", title, caption, style.png(point_overlay.draw(view, known=known)))


def _tally(view: PointView) -> str:
    if not view.judged:
        return f"{len(view.matched):,} points found in this picture."
    return (
        f"In this picture {len(view.matched):,} matched, {len(view.missed):,} missed, "
        f"{len(view.false):,} false."
    )


def _reading(view: PointView, known: bool) -> str:
    radius = f"{view.radius[1] * view.pixel[1]:.3g} {'µm' if known else 'pixels'}"
    sentences = [f"Circles have a radius of {radius} (never less than a speck), centered on the points."]
    if view.judged:
        sentences.append(
            "Blue points lie within that distance of a true point of their class, dashed yellow ones were "
            "missed, thick orange ones are not in the ground truth or have another class there."
        )
    if view.caption:
        sentences.append("Of a volume, the points within that distance of the slice are drawn.")
    return " ".join([*sentences, "Contrast is stretched for display."])
