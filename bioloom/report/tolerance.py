"""How far a found point may be from a true one: as the metric was told, else as the fingerprint settled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bioloom.preprocess.point_rules import TOLERANCE
from bioloom.report.gather import Findings

METRIC = "point_matching"


def tolerance_um(found: Findings) -> float:
    """Return the largest distance of a match in micrometres."""
    given = given_tolerance(found.config)
    if given is not None:
        return given
    choice = (found.fingerprint.get("resolved") or {}).get(TOLERANCE, {})
    return float(choice.get("value", 1.0))


def given_tolerance(config: Mapping[str, Any]) -> float | None:
    """Return the tolerance of `point_matching` in ``evaluate.metrics``; None if it is ``auto``."""
    metrics = config.get("evaluate", {}).get("metrics")
    own = [m for m in metrics if m["name"] == METRIC] if isinstance(metrics, list) else []
    value = own[0].get("tolerance_um", "auto") if own else "auto"
    return None if value == "auto" else float(value)
