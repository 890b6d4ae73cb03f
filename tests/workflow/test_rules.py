"""What every rule must have, read from the text of the rules, and what Snakemake's own tools say of them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

WORKFLOW = Path(__file__).parents[2] / "workflow"
RULE_FILES = sorted((WORKFLOW / "rules").glob("*.smk"))
BOOKKEEPING = {"options", "pack"}
"""Local rules that write one small table: there is nothing to measure."""


def rules() -> dict[str, str]:
    """Return the body of every rule but `all`, by name."""
    found: dict[str, str] = {}
    for file in RULE_FILES:
        pattern = r"^(?:rule|checkpoint) (\w+):\n((?:(?: {4}.*)?\n)+)"
        found.update(re.findall(pattern, file.read_text(), re.MULTILINE))
    return found


def section(body: str, keyword: str) -> list[str]:
    """Return the lines of one section of a rule, at its own depth."""
    match = re.search(rf"^    {keyword}:.*\n((?: {{8}}.*\n)*)", body, re.MULTILINE)
    return [line for line in match[1].splitlines() if re.match(r" {8}\S", line)] if match else []


RULES = rules()


def test_the_text_is_read_as_it_is_meant():
    assert {"options", "preprocess", "train", "plan", "infer", "postprocess_block", "report"} <= set(RULES)
    text = "".join(file.read_text() for file in RULE_FILES)
    assert len(RULES) == len(re.findall(r"^(?:rule|checkpoint)\b", text, re.MULTILINE))


@pytest.mark.parametrize("name", RULES)
def test_a_rule_says_what_it_does_and_needs(name):
    body = RULES[name]
    keywords = re.findall(r"^ {4}(\w+):", body, re.MULTILINE)
    local = "localrule" in keywords
    assert re.match(r' {4}"[A-Z][^\n]+[.:]?"\n', body), "the first line is a docstring"
    assert {"output", "log", "conda", "shell"} <= set(keywords)
    assert name in BOOKKEEPING or "benchmark" in keywords
    assert local or "resources" in keywords
    assert not {"run", "script", "notebook", "wrapper"} & set(keywords)
    assert "{config[" not in body  # breaks when the workflow is embedded
    for line in [*section(body, "input"), *section(body, "params")]:
        assert re.match(r" {8}(\w+=|[)\]}])", line), f"not named: {line.strip()}"


@pytest.mark.parametrize("name", sorted(set(RULES) - BOOKKEEPING))
def test_a_rule_calls_one_step_with_quoted_paths(name):
    shell = RULES[name].split("    shell:\n")[1]
    assert len(re.findall(r'"\s*bioloom [a-z]+', shell)) == 1
    assert " > {log:q} 2>&1" in shell
    for field in re.findall(r"\{(?:input|output|log|wildcards)[^}]*\}", shell):
        assert field.endswith(":q}"), field


@pytest.mark.parametrize("name", sorted(set(RULES) - BOOKKEEPING - {"plan"}))
def test_the_resources_of_a_job_grow_with_the_attempt(name):
    resources = " ".join(section(RULES[name], "resources"))
    assert re.search(r"mem_mb=memory\(\d+(, voxel=\d+)?\)", resources)
    assert "runtime=" in resources
    if "gpu.yaml" in RULES[name]:
        assert "gpu=" in resources


@pytest.mark.parametrize("file", [WORKFLOW / "Snakefile", *RULE_FILES], ids=lambda file: file.name)
def test_files_stay_short(file):
    assert len(file.read_text().splitlines()) <= (60 if file.name == "Snakefile" else 300)


def test_snakefmt_has_nothing_to_change():
    done = subprocess.run(
        [sys.executable, "-m", "snakefmt.snakefmt", "--check", str(WORKFLOW)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_lint_has_nothing_to_say(project):
    assert "Congratulations, your workflow is in a good condition!" in project.snakemake("--lint")
