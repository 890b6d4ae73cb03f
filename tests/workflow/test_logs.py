"""What the logs of a run say."""

from __future__ import annotations

import re

import pytest

pytestmark = pytest.mark.xdist_group("workflow")

NO_STEPS = {"options", "pack"}
"""Rules that write one small table and call no step."""
USED = r"(?:.* )?peak memory (\d+) MB, \d+\.\d s on \S+"


def test_every_step_says_at_the_end_what_memory_it_took(tiny_run):
    folder = tiny_run.folder / "logs" / tiny_run.config["run"]
    logs = {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*.log")}
    steps = {name: text for name, text in logs.items() if name.partition("/")[0] not in NO_STEPS}
    assert {name.partition("/")[0] for name in steps} >= {"preprocess", "train", "plan", "infer", "report"}
    for name, text in steps.items():
        found = re.fullmatch(USED, text.splitlines()[-1])
        assert found, f"{name}: {text}"
        assert int(found[1]) > 10  # Python alone takes more
