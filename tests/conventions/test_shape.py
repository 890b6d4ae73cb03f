"""The shape of the code: lengths, docstrings, names, tables and their files."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

import bioloom
from bioloom.cli import COMMANDS, STEPS
from bioloom.registry import TABLES, table

PROJECT = Path(bioloom.__file__).parents[1]
ROOT = PROJECT / "bioloom"
LIBRARY = sorted([*ROOT.rglob("*.py"), *(PROJECT / "steps").glob("*.py")])
TESTS = sorted((PROJECT / "tests").rglob("*.py"))
WORKFLOW = sorted([*(PROJECT / "workflow").rglob("*.smk"), PROJECT / "workflow" / "Snakefile"])
PAGES = sorted(
    [*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md"), *(PROJECT / "config").rglob("*.md")]
)
LONGEST_FILE, LONGEST_FUNCTION, LONGEST_STEP = 300, 60, 75
ELSEWHERE = {
    **dict.fromkeys(("augment/draw", "augment/frame"), "bioloom/augment/test_sample"),
    **dict.fromkeys(("report/sources", "report/theme"), "bioloom/report/test_views"),
    **{
        f"settings/{section}": "bioloom/settings/test_config"
        for section in ("data", "evaluate", "infer", "patch", "preprocess", "report", "train")
    },
    **dict.fromkeys(("settings/mistakes", "settings/rules"), "bioloom/settings/test_load"),
    **dict.fromkeys(
        ("tasks/record", "tasks/instance_segmentation", "tasks/semantic_segmentation", "tasks/detection"),
        "bioloom/tasks/test_recipe",
    ),
    **dict.fromkeys(("evaluate/cases", "evaluate/point_fit"), "bioloom/evaluate/test_point_cases"),
    "evaluate/label_fit": "steps/test_every_step",
    "measure/centers": "bioloom/measure/test_points",
    **{
        f"report/{name}": "bioloom/report/test_points"
        for name in ("point_overlay", "point_plates", "point_views", "threshold_curve")
    },
    "tasks/instance_recipes": "contracts/test_recipes",
    **{
        f"synthesize/{module}": "bioloom/synthesize/test_kinds"
        for module in ("cells", "kind", "membranes", "neurites", "nuclei", "spots", "tubes")
    },
    "train/session": "bioloom/train/test_loop",
}
"""Modules without a test file of their own: declarations, and parts that are seen through another module."""


def short(path):
    return str(path.relative_to(PROJECT))


def without_docstring(node):
    """Return the number of lines of a function, its docstring aside."""
    first = node.body[0]
    documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    return node.end_lineno - node.lineno + 1 - (first.end_lineno - first.lineno + 1 if documented else 0)


def functions(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]


@pytest.mark.parametrize("path", [*LIBRARY, *TESTS, *WORKFLOW], ids=short)
def test_files_are_short(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_FILE


def test_the_table_of_contents_and_the_steps_are_shorter():
    assert len((PROJECT / "workflow" / "Snakefile").read_text().splitlines()) <= 60
    for path in (PROJECT / "steps").glob("*.py"):
        assert len(path.read_text().splitlines()) <= LONGEST_STEP, path


@pytest.mark.parametrize("path", [*LIBRARY, *TESTS], ids=short)
def test_functions_are_short(path):
    long = {f.name: without_docstring(f) for f in functions(path) if without_docstring(f) > LONGEST_FUNCTION}
    assert not long


def public_definitions(body, prefix=""):
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.name[0] != "_":
            yield f"{prefix}{node.name}", node
            if isinstance(node, ast.ClassDef):
                yield from public_definitions(node.body, f"{node.name}.")


@pytest.mark.parametrize("path", LIBRARY, ids=short)
def test_everything_public_has_a_docstring_and_annotations(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), "the module"
    for name, node in public_definitions(tree.body):
        overloads = [ast.unparse(decorator) for decorator in node.decorator_list]
        assert ast.get_docstring(node) or "overload" in overloads, name
        if not isinstance(node, ast.ClassDef):
            arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
            bare = [a.arg for a in arguments if a.annotation is None and a.arg not in ("self", "cls")]
            assert not bare, name
            assert node.returns is not None, name


@pytest.mark.parametrize("path", [*LIBRARY, *TESTS, *WORKFLOW, *PAGES], ids=short)
def test_nothing_is_left_to_do(path):
    words = (
        "TO" + "DO",
        "FIX" + "ME",
        "X" * 3,
        "NotImplemented" + "Error",
        "pytest." + "skip",
        "mark." + "xfail",
    )
    text = path.read_text(encoding="utf-8")
    assert not [word for word in words if re.search(rf"\b{re.escape(word)}\b", text)]
    assert "/" + "work/" not in text
    assert "/" + "root/" not in text


@pytest.mark.parametrize("path", [*LIBRARY, *TESTS], ids=short)
def test_no_file_without_a_subject(path):
    assert path.stem not in ("utils", "util", "helpers", "misc", "common", "tools", "functions")


def test_tests_are_no_packages():
    assert not list((PROJECT / "tests").rglob("__init__.py"))


@pytest.mark.parametrize("kind", TABLES)
def test_every_entry_of_a_table_has_its_file_and_can_be_made(kind):
    plugins = table(kind)
    room = PROJECT.joinpath(*plugins.package.split("."))
    for name in plugins:
        module, _ = plugins._entries[name][0].split(":")
        assert (room / f"{module}.py").is_file(), name
        assert plugins[name] is not None
        if kind != "task":
            assert plugins.options(name).model_fields["name"].default in (name, "")


@pytest.mark.parametrize("kind", TABLES)
def test_every_plugin_file_is_in_its_table(kind):
    """A file is one of a plug-in if it defines options with a name, or holds what a table's entries hold."""
    plugins = table(kind)
    room = PROJECT.joinpath(*plugins.package.split("."))
    named = {entry[0].split(":")[0] for entry in plugins._entries.values()}
    attributes = {entry[0].split(":")[1] for entry in plugins._entries.values()}
    shared = attributes if len(attributes) == 1 else set()  # such as `fit`, or TASK
    for path in room.glob("*.py"):
        text = path.read_text(encoding="utf-8")
        options = re.search(r'^    name: Literal\["(\w+)"\]', text, re.MULTILINE) and path.stem != "options"
        holds = any(re.search(rf"^(def {word}\(|{word} = )", text, re.MULTILINE) for word in shared)
        if options or holds:
            assert path.stem in named, f"{short(path)} is in no line of the table"


def test_every_step_has_its_file():
    assert set(STEPS) == {path.stem for path in (PROJECT / "steps").glob("*.py")} - {"__init__"}
    assert set(COMMANDS) <= {path.stem for path in (ROOT / "commands").glob("*.py")}


def test_every_package_is_in_the_wheel():
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())
    listed = project["tool"]["setuptools"]["packages"]
    rooms = {".".join(path.parent.relative_to(PROJECT).parts) for path in ROOT.rglob("__init__.py")}
    carried = {name for name in listed if name.startswith(("bioloom._", "bioloom.envs", "bioloom_steps"))}
    assert rooms == set(listed) - carried
    folders = project["tool"]["setuptools"]["package-dir"]
    for name in carried:
        base = next(base for base in sorted(folders, key=len, reverse=True) if name.startswith(base))
        folder = PROJECT.joinpath(folders[base], *name.removeprefix(base).strip(".").split("."))
        assert folder.is_dir(), name


def test_every_rule_calls_steps_that_exist():
    called = {word for path in WORKFLOW for word in re.findall(r'"bioloom (\w+)', path.read_text())}
    assert called == set(STEPS) - {"check"}


MODULES = [
    path
    for path in sorted(ROOT.rglob("*.py"))
    if path.name != "__init__.py" and path.parent != ROOT / "commands" / "benchmarks"
]


@pytest.mark.parametrize("path", MODULES, ids=short)
def test_every_module_has_its_tests(path):
    twin = PROJECT / "tests" / path.relative_to(PROJECT).with_name(f"test_{path.name}")
    other = ELSEWHERE.get(path.relative_to(ROOT).with_suffix("").as_posix())
    assert twin.is_file() != (other is not None), "a test file of its own, or a line in the table, not both"
    assert other is None or (PROJECT / "tests" / f"{other}.py").is_file()
