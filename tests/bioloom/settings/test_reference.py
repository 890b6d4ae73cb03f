from pathlib import Path

import pytest

from bioloom import registry
from bioloom.errors import BioLoomError
from bioloom.settings import load_config
from bioloom.settings.reference import fill, options_text, plugins_text, steps_text, table, tasks_text
from bioloom.settings.schema import options_schema

ROOT = Path(__file__).parents[3]


def test_table_cells_are_one_line_and_escaped():
    assert table(["a", "b"], [["x\n y", "1 | 2"]]) == "| a | b |\n| --- | --- |\n| x y | 1 \\| 2 |"


def test_options(fake_rooms):
    text = options_text()
    assert "| `steps` | whole number, or 'auto' | >= 1 | `auto` | Number of weight updates. |" in text
    assert "| `size` | list of 2 to 3 whole numbers, or 'auto' | >= 1 | `auto` |" in text
    assert "| `train.images` | text, or list of texts |  | required |" in text
    assert "`val.images`" not in text
    assert "### `train`" in text


def test_plugins(fake_rooms):
    text = plugins_text()
    assert "### Losses\n\n**`dice`**" in text
    assert "| `range` | list of 2 numbers |  | `[0.7, 1.5]` | Smallest and largest exponent. |" in text
    assert "| `seeds.channel` | text |  | required |" in text
    assert "**`unet`** Convolutions.\n\n**`residual_unet`** Convolutions.\n\nOptions of `unet`" in text
    assert text.count("Channels of each level") == 1


def test_options_of_a_section_inside_of_lists_are_shown():
    text = plugins_text()
    assert text.count("| `where[].ge` | number |") == 1
    assert "| `where[].measure` | text |  | required |" in text


def test_tasks_and_steps(fake_rooms):
    assert (
        "| `detection` | Finds objects. | foreground, distance | flip | watershed | matching |"
        in tasks_text()
    )
    assert "| `patch` | `task`, `data.classes`, `patch.size` |" in steps_text()
    assert "No step runs again because of `train.device`" in steps_text()


def test_fill_renews_the_generated_parts_only(fake_rooms):
    names = ("options", "tasks", "plugins", "steps")
    text = "".join(f"by hand\n<!-- generated: {name} -->\nSTALE\n<!-- end -->\n" for name in names)
    filled = fill(text)
    assert "STALE" not in filled
    assert filled.count("by hand") == 4
    assert fill(filled) == filled


def test_fill_needs_every_part(fake_rooms):
    with pytest.raises(BioLoomError, match="no part 'options'"):
        fill("nothing")


def test_config_readme_is_in_sync():
    text = (ROOT / "config" / "README.md").read_text(encoding="utf-8")
    assert fill(text) == text, "config/README.md is out of date: run `make docs`"


def test_every_option_of_every_plugin_is_described():
    for kind in set(registry.TABLES) - {"task"}:
        for name, options in ((name, registry.table(kind).options(name)) for name in registry.table(kind)):
            for option, node in options_schema(options)["properties"].items():
                described = option == "name" or "description" in node
                assert described, f"{kind} {name}: option {option} has no docstring below it"


def test_the_demo_is_valid():
    config = load_config(ROOT / "config" / "config.yaml", ROOT)
    assert config.run == "demo"
    for source in (config.data.train, config.data.test):
        assert list(Path(source.images).glob("*.tif"))
        assert list(Path(source.labels).glob("*.tif"))
