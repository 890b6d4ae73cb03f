"""The documents say what the code does: links, names, commands, configs and tables."""

import re
import shlex
from dataclasses import replace
from math import prod
from pathlib import Path

import click
import numpy as np
import pytest
import yaml

from bioloom.cli import COMMANDS, STEPS, main_group
from bioloom.commands.manual import PAGES, renewed
from bioloom.evaluate import METRICS
from bioloom.evaluate.comparison import compare
from bioloom.evaluate.metric import channel_of
from bioloom.evaluate.point_matching import PointComparison
from bioloom.measure.objects import measure_objects
from bioloom.postprocess import OPERATIONS
from bioloom.postprocess.calibrate import GRID, MIN_OBJECTS
from bioloom.settings.config import Config
from bioloom.settings.load import parse_config
from bioloom.settings.schema import options_schema
from bioloom.tasks import TASKS
from bioloom.train.patches import PATCHES
from bioloom.volumes import manifest, parts, plans, samples, tables
from bioloom.volumes.points import Points

ROOT = Path(__file__).parents[2]
DOCS = sorted((ROOT / "docs").glob("*.md"))
PAGES_BY_HAND = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "config" / "README.md", *DOCS]
SECTIONS = "data|preprocess|patch|augment|model|train|infer|postprocess|evaluate|report"


def texts():
    return {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in PAGES_BY_HAND}


def blocks(text, language):
    return re.findall(rf"^ *```{language}\n(.*?)^ *```", text, re.DOTALL | re.MULTILINE)


def anchors(path):
    heads = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^a-z0-9 _-]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES)
def test_generated_parts_are_in_sync(page):
    assert renewed(ROOT / "docs", page) == (ROOT / "docs" / page).read_text(encoding="utf-8"), "run make docs"


@pytest.mark.parametrize("page", PAGES_BY_HAND, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page):
    links = re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8"))
    broken = []
    for link in links:
        target, _, anchor = link.partition("#")
        if target.startswith(("http://", "https://")):
            continue
        file = (page.parent / target).resolve() if target else page
        if not file.exists() or (anchor and anchor not in anchors(file)):
            broken.append(link)
    assert not broken


def test_the_navigation_lists_every_page():
    nav = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["nav"]
    listed = re.findall(r"[a-z_]+\.md", yaml.safe_dump(nav))
    assert sorted(listed) == sorted(path.name for path in DOCS)


def test_files_that_are_named_exist():
    pattern = re.compile(r"`((?:bioloom|tests|steps|workflow|config)/[A-Za-z0-9_./-]*)`")
    named = {(page, name) for page, text in texts().items() for name in pattern.findall(text)}
    assert len(named) > 50
    assert not [entry for entry in named if not (ROOT / entry[1]).exists()]


def test_make_targets_that_are_named_exist():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = {name for text in texts().values() for name in re.findall(r"(?:`|^)make ([a-z-]+)", text, re.M)}
    assert {"demo", "test", "check", "docs"} <= named <= targets


def test_options_that_are_named_exist():
    schema = options_schema(Config)
    known = {
        f"{section}.{option}"
        for section, node in schema["properties"].items()
        if "$ref" in node
        for option in schema["$defs"][node["$ref"].rsplit("/", 1)[-1]]["properties"]
    }
    known |= {"model.pooling", "model.kernel", "model.feature_maps", "model.normalization"}
    pattern = re.compile(rf"`((?:{SECTIONS})\.(?!html|md|py|yaml)[a-z_]+)`")
    named = {(page, name) for page, text in texts().items() for name in pattern.findall(text)}
    named = {entry for entry in named if entry[0] != "config/README.md"}  # whose tables leave sections out
    assert len(named) > 20
    assert not [entry for entry in named if entry[1] not in known]


def commands():
    """Return every call of a step in the documents, as words; those of docs/steps.md come from the steps."""
    found = []
    for text in texts().values():
        for block in blocks(text, "bash"):
            lines = block.replace("\\\n", " ").splitlines()
            found += [
                shlex.split(line, comments=True) for line in lines if line.strip().startswith("bioloom ")
            ]
    return found


def test_commands_in_the_documents_have_valid_flags():
    steps = set()
    for words in commands():
        name, rest = words[1], words[2:]
        command = main_group.get_command(click.Context(main_group), name)
        options = [p for p in command.params if isinstance(p, click.Option)]
        given = {word for word in rest if word.startswith("--")}
        assert given <= {flag for option in options for flag in option.opts}, words
        assert {option.opts[0] for option in options if option.required} <= given, words
        steps.add(name)
    assert steps - set(COMMANDS) == set(STEPS)


def test_configs_in_the_documents_are_valid():
    demo = yaml.safe_load((ROOT / "config" / "config.yaml").read_text(encoding="utf-8"))
    found = [block for text in texts().values() for block in blocks(text, "yaml")]
    assert len(found) >= 4
    for block in found:
        parse_config({**demo, **yaml.safe_load(block)})


def documented_columns(title):
    """Return the names in the first column of the table below a heading of docs/files.md."""
    text = (ROOT / "docs" / "files.md").read_text(encoding="utf-8")
    part = re.search(rf"^### {title}\n(.*?)(?=^###? |\Z)", text, re.DOTALL | re.MULTILINE)
    rows = [line.split("|")[1] for line in part[1].splitlines() if line.startswith("| `")]
    return [name for row in rows for name in re.findall(r"`([^`]+)`", row)]


@pytest.mark.parametrize(
    ("title", "columns"),
    [
        ("Manifest", manifest.COLUMNS),
        ("Pack table", samples.COLUMNS),
        ("Chunk table", plans.CHUNK_COLUMNS),
        ("Block table", plans.BLOCK_COLUMNS),
        ("Point table", sorted({**tables.POINTS.required, **tables.POINTS.optional})),
        ("Metrics table", tuple(tables.METRICS.required)),
        ("Summary table", tuple(tables.SUMMARY.required)),
    ],
)
def test_columns_are_documented(title, columns):
    assert documented_columns(title) == list(columns)


def test_columns_of_the_patch_table_are_documented():
    documented = {name.replace("<id>", r"\d+") for name in documented_columns("Patch table")}
    assert documented == {*PATCHES.required, *PATCHES.optional}


@pytest.mark.parametrize("ndim", [2, 3])
def test_columns_of_the_object_table_are_documented(ndim):
    labels = np.ones((4,) * ndim, np.uint8)
    table = measure_objects(
        labels, labels[None], (1.0,) * ndim, ["<channel>"], image_id="a", distances=True, details=True
    )
    boxes = {f"bbox-{side}" for side in range(2 * ndim)}
    written = set(table.columns) - boxes
    documented = set(documented_columns("Object table"))
    assert {"bbox-0", "bbox-5"} <= documented
    assert written <= documented
    flat = {"area_um2", "perimeter_um", "circularity", "eccentricity", "orientation_rad", "solidity"}
    deep = {"centroid-2", "volume_um3", "surface_area_um2", "sphericity", "axis_middle_length_um", "flatness"}
    classes = {"class", "class_score"}  # only where the network learns them
    assert documented - {"bbox-0", "bbox-5"} - classes - written == {2: deep, 3: flat}[ndim]


def test_measures_are_defined():
    shapes = {name for name in documented_columns("Object table") if name not in tables.OBJECTS.required}
    text = (ROOT / "docs" / "measures.md").read_text(encoding="utf-8")
    for name in shapes - {"centroid-2", "bbox-0", "bbox-5", "distance_max_um"}:
        assert f"`{name}`" in text or name.startswith("intensity_"), name


@pytest.mark.parametrize("name", METRICS)
def test_metrics_are_documented(name):
    labels = np.ones((4, 4), np.uint8)
    metric = METRICS[name]
    options = METRICS.options(name)()
    comparison = replace(compare(labels, labels), means={channel_of(options): np.ones(1)})
    if metric.truths == ("points",):
        points = Points.of([[1.0, 2.0]], ["a"])
        comparison = PointComparison(points, points, (1.0, 1.0), 1.0)
    values = metric.finish(metric.count(comparison, options)[""])
    text = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    assert f"## `{name}`" in text
    for value in values:
        stem, at, _ = value.partition("@")
        assert f"`{stem}{at and '@t'}`" in text, value


@pytest.mark.parametrize("name", TASKS)
def test_the_page_of_a_task_names_its_defaults(name):
    text = (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")
    part = text.partition("## What it does\n")[2].partition("\n## ")[0]
    task = TASKS[name]
    assert re.findall(r"`([a-z_]+)`", part) == [
        plugin["name"] for plugin in (*task.targets, *task.postprocess)
    ]


def test_seeds_and_thresholds_are_as_documented():
    text = (ROOT / "docs" / "postprocess.md").read_text(encoding="utf-8")
    (seeds,) = OPERATIONS.options("watershed")().seeds
    assert f"The default takes one seed per peak of the `{seeds}` channel" in text
    assert f"tries {prod(map(len, GRID.values()))} pairs" in text
    assert f"Below {MIN_OBJECTS} true objects" in text


def test_the_rule_for_regions_is_as_documented():
    text = (ROOT / "docs" / "data.md").read_text(encoding="utf-8")
    gap = f"{100 * parts.GAP_SHARE:g} % of the axis, and at least {parts.GAP_LEAST} voxels"
    assert f"The gap is {gap}" in text
    assert f"A region needs {parts.REGION_LEAST} voxels along the axis" in text
    learn, validate = (parts.region_of(part, (256, 200), "a.tif") for part in parts.split_parts(0.2))
    assert f"rows 0 to {learn.stop - 1} --" in text
    assert f"rows {validate.start} to {validate.stop - 1} --" in text
