"""Imports go up the list of rooms only, and what every job imports is light."""

import ast
import subprocess
import sys
from importlib.util import resolve_name
from pathlib import Path

import pytest

import bioloom
from bioloom.registry import TABLES

ROOT = Path(bioloom.__file__).parent
LAYERS = (
    ("errors", "registry", "progress", "usage"),
    ("settings",),
    ("geometry",),
    ("volumes",),
    ("preprocess", "targets", "measure", "postprocess", "evaluate", "synthesize"),
    ("tasks",),
    ("augment", "models", "losses"),
    ("train",),
    ("infer",),
    ("zoo", "report", "app"),
    ("cli",),
    ("commands",),
)
"""From bottom to top; rooms of one layer may import each other, and plug-ins are reached by their tables."""
LIGHT = (
    "settings",
    "geometry",
    "tasks",
    "volumes/manifest.py",
    "volumes/packs.py",
    "volumes/samples.py",
    "volumes/plans.py",
)
"""What is imported whenever the workflow is parsed: in every job."""
TORCH_FREE = (
    *LIGHT,
    "volumes",
    "preprocess",
    "targets",
    "measure",
    "postprocess",
    "evaluate",
    "synthesize",
    "report",
    "cli.py",
)
HEAVY = ("torch", "zarr", "h5py", "skimage", "scipy", "matplotlib", "pandas")
ALL = sorted(ROOT.rglob("*.py"))


def name_of(path):
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path):
    """Return the modules that a file imports when it runs, also inside of functions; not those for types."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            node.body = []
    package = name_of(path) if path.name == "__init__.py" else name_of(path).rpartition(".")[0]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield resolve_name("." * node.level + (node.module or ""), package) if node.level else node.module


def layer_of(module):
    room = module.split(".")[1] if "." in module else ""
    return next((number for number, rooms in enumerate(LAYERS) if room in rooms), None)


@pytest.mark.parametrize("path", [p for p in ALL if p.parent != ROOT or p.stem != "__init__"], ids=name_of)
def test_imports_go_up_only(path):
    own = layer_of(name_of(path))
    assert own is not None, "a room that is not in the list"
    for module in imports(path):
        if module.startswith("bioloom."):
            assert layer_of(module) is not None, module
            assert layer_of(module) <= own, f"imports {module}"
        assert not module.startswith("bioloom_steps")


def test_the_walk_sees_imports(tmp_path):
    path = ROOT / "infer" / "open.py"
    assert {"torch", "bioloom.train.export"} <= set(imports(path))


@pytest.mark.parametrize("room", ["train", "infer"])
def test_training_and_prediction_import_no_plugin_by_name(room):
    tables = [address.split(":")[0] for address in TABLES.values()]
    plugins = set()
    for address in TABLES.values():
        module, name = address.split(":")
        table = getattr(__import__(module, fromlist=[name]), name)
        plugins |= {f"{module}.{entry[0].split(':')[0]}" for entry in table._entries.values()}
    assert len(plugins) > len(tables)
    for path in (ROOT / room).rglob("*.py"):
        assert not plugins & set(imports(path)), path


def below(places):
    paths = [ROOT / place for place in places]
    return [path for place in paths for path in ([place] if place.suffix else sorted(place.rglob("*.py")))]


@pytest.mark.parametrize("path", below(TORCH_FREE), ids=name_of)
def test_places_without_torch(path):
    assert not {"torch", "torchvision"} & {module.split(".")[0] for module in imports(path)}


@pytest.mark.parametrize("path", below(LIGHT), ids=name_of)
def test_places_without_heavy_libraries(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    top = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    found = {alias.name for node in top if isinstance(node, ast.Import) for alias in node.names}
    found |= {node.module or "" for node in top if isinstance(node, ast.ImportFrom)}
    assert not set(HEAVY) & {module.split(".")[0] for module in found}


def loaded_after(code):
    """Return which heavy libraries a new process has imported after `code`."""
    code += f"\nimport sys; print(*[name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[-1].split()


@pytest.mark.parametrize(
    "code",
    [
        "from bioloom.cli import main_group; main_group(['--help'], standalone_mode=False)",
        "import bioloom.volumes.samples, bioloom.volumes.plans, bioloom.settings, bioloom.tasks.recipe",
        "import bioloom.models.options, bioloom.losses.options, bioloom.augment.options",
    ],
    ids=["bioloom --help", "the workflow", "options of plug-ins"],
)
def test_what_starts_at_once(code):
    assert loaded_after(code) == []


def test_heavy_libraries_are_noticed():
    assert loaded_after("import pandas") == ["pandas"]
