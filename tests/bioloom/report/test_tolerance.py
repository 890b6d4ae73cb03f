from pathlib import Path

import pytest

from bioloom.report import sections
from bioloom.report.gather import Findings
from bioloom.report.tolerance import tolerance_um
from bioloom.settings import parse_config
from bioloom.settings.slices import step_options

RESOLVED = {
    "evaluate.tolerance_um": {"value": 1.5, "reason": "points are dense"},
    "patch.size": {"value": [64, 64], "reason": "small"},
}


def findings(metrics="auto"):
    config = {"run": "x", "task": "detection", "data": {"train": {"images": "a", "labels": "b"}}}
    options = step_options(parse_config(config | {"evaluate": {"metrics": metrics}}), "report")
    return Findings(Path("x"), options, fingerprint={"resolved": RESOLVED})


@pytest.mark.parametrize(
    ("metrics", "expected"),
    [
        ("auto", 1.5),
        (["point_matching"], 1.5),
        ([{"name": "point_matching", "tolerance_um": 4}], 4),
        ([], 1.5),
    ],
)
def test_the_tolerance_is_that_of_the_metric(metrics, expected):
    found = findings(metrics)
    assert tolerance_um(found) == expected
    text = sections.decisions(found)
    assert "patch.size" in text
    assert ("points are dense" in text) == (expected == 1.5)


def test_without_a_fingerprint_it_is_one_micrometre():
    assert tolerance_um(Findings(Path("x"), {})) == 1.0
