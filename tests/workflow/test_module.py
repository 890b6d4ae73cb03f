"""The workflow as a part of a larger one."""

from __future__ import annotations

import json
import shutil

import pytest

pytestmark = pytest.mark.xdist_group("workflow")

EMBEDDING = """
module bioloom:
    snakefile: {snakefile}
    config: {config}
    prefix: "nuclei"

use rule * from bioloom as bioloom_*

rule count:
    "Counts the labelled images."
    default_target: True
    input:
        outputs="nuclei/results/tiny/outputs/test_pack-0000.csv",
        report="nuclei/results/tiny/report.html",
    output:
        "count.txt",
    shell:
        "wc -l < {{input.outputs:q}} > {{output:q}}"
"""


@pytest.fixture
def embed(project, tmp_path):
    """Returns a function that plans the larger workflow in a folder."""
    snakefile = tmp_path / "larger.smk"

    def plan(folder):
        inner = project.command()[project.command().index("--snakefile") + 1]
        # a JSON object is a Python one here: the config holds no true, false or null
        text = EMBEDDING.format(snakefile=json.dumps(inner), config=json.dumps(dict(project.config)))
        snakefile.write_text(text)
        larger = type(project)(folder, {})
        return larger.planned(snakefile=snakefile)

    return plan


def test_a_larger_workflow_runs_every_rule_under_its_prefix(embed, project, tmp_path):
    expected = project_plan(project, tmp_path)
    expected.subtract(["all"])
    renamed = {f"bioloom_{rule}": count for rule, count in expected.items() if count}
    assert embed(tmp_path) == {**renamed, "count": 1}


def project_plan(project, folder):
    """Return the plan of the workflow by itself, in a fresh folder."""
    fresh = folder / "alone"
    fresh.mkdir()
    return type(project)(fresh, project.config).planned()


def test_results_that_lie_there_are_found(embed, tiny_run, tmp_path):
    shutil.copytree(tiny_run.folder, tmp_path / "nuclei")
    assert embed(tmp_path) == {"count": 1}
