"""The rules behind ``auto`` where points are learned; they are described in ``docs/fingerprint.md``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bioloom.preprocess.rules import Choice

SUPPRESSION, TOLERANCE = "postprocess.suppression_um", "evaluate.tolerance_um"
TARGET = "points"


def settle_points(targets: Iterable[Any], facts: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return a value and a reason for the lengths that post-processing and evaluation of points leave open.

    Parameters
    ----------
    targets : iterable of options
        Options of the targets.
    facts : dict
        The fingerprint.
    """
    options = next((target for target in targets if target.name == TARGET), None)
    choices = {SUPPRESSION: suppression(options, facts), TOLERANCE: tolerance(options, facts)}
    return {key: {"value": value, "reason": reason} for key, (value, reason) in choices.items()}


def suppression(options: Any | None, facts: dict[str, Any]) -> Choice:
    """Two standard deviations of the blobs: the distance at which two Gaussians have one maximum."""
    radius = _radius(options, facts)
    if options is None or options.shape == "dilated":
        return _plain(radius), f"the radius of a blob, {radius:.3g} um"
    return _plain(2 * options.sigma * radius), (
        f"two Gaussians of standard deviation {options.sigma * radius:.3g} um have one maximum if nearer"
    )


def tolerance(options: Any | None, facts: dict[str, Any]) -> Choice:
    """Half the median diameter of the objects; without sizes the radius of the target."""
    given = None if options is None or options.radius_um == "auto" else options.radius_um
    if given is None and "object_diameter_um" in facts:
        median = facts["object_diameter_um"]["50"]
        return _plain(median / 2), f"half the median diameter of the training objects, {median:.3g} um"
    radius = _radius(options, facts)
    source = "that the target points is given" if given else "that the distances between points allow"
    return _plain(radius), f"the radius {source}, {radius:.3g} um"


def _radius(options: Any | None, facts: dict[str, Any]) -> float:
    if options is not None and options.radius_um != "auto":
        return float(options.radius_um)
    return float(facts.get("median_radius_um", 1.0))


def _plain(value: float) -> float:
    return float(f"{value:.6g}")
