"""No code asks which task it is in: it asks the record of the task what its truth and its product are."""

import ast
import re
from pathlib import Path

import pytest

import bioloom
from bioloom.tasks import TASKS

ROOT = Path(bioloom.__file__).parents[1]
CODE = [
    path
    for folder in ("bioloom", "steps")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if (ROOT / "bioloom" / "tasks") not in path.parents
]
RULES = [ROOT / "workflow" / "Snakefile", *sorted((ROOT / "workflow" / "rules").glob("*.smk"))]


def compared_tasks(text):
    """Return the names of tasks that a text of Python compares with, looks up or matches."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        parts = []
        if isinstance(node, ast.Compare | ast.MatchValue):
            parts = [node]
        elif isinstance(node, ast.Dict):
            parts = [key for key in node.keys if key is not None]
        elif isinstance(node, ast.Subscript):
            parts = [node.slice]
        constants = (part for top in parts for part in ast.walk(top) if isinstance(part, ast.Constant))
        found |= {constant.value for constant in constants if constant.value in set(TASKS)}
    return found


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_branch_on_the_name_of_a_task(path):
    assert not compared_tasks(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.name)
def test_rules_name_no_task(path):
    assert not re.search("|".join(TASKS), path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "text",
    [
        "task == 'instance_segmentation'",
        "task in ('a', 'instance_segmentation')",
        "{'instance_segmentation': 1}[task]",
        "match task:\n    case 'instance_segmentation': pass",
    ],
)
def test_branches_are_noticed(text):
    assert compared_tasks(text) == {"instance_segmentation"}
