import sys

import pytest
from pydantic import ValidationError

from bioloom.errors import BioLoomError
from bioloom.registry import TABLES, Registry, table

PLUGIN = """
from typing import Literal
from bioloom.settings.base import Section

class Options(Section):
    name: Literal["plain"] = "plain"
    weight: float = 1.0

def make():
    return "made"
"""


@pytest.fixture
def plugins(tmp_path, monkeypatch):
    """A table of a room with one plug-in."""
    (tmp_path / "room_of_one").mkdir()
    (tmp_path / "room_of_one" / "__init__.py").write_text("")
    (tmp_path / "room_of_one" / "plain.py").write_text(PLUGIN)
    monkeypatch.syspath_prepend(tmp_path)
    yield Registry("trifle", "room_of_one", {"plain": ("plain:make", "plain:Options")})
    for name in [name for name in sys.modules if name.startswith("room_of_one")]:
        del sys.modules[name]


def test_nothing_is_imported_before_it_is_asked_for(plugins):
    assert list(plugins) == ["plain"]
    assert len(plugins) == 1
    assert "plain" in plugins
    assert "fancy" not in plugins
    assert "room_of_one.plain" not in sys.modules
    assert plugins["plain"]() == "made"
    assert "room_of_one.plain" in sys.modules


@pytest.mark.parametrize("value", ["plain", {"name": "plain"}])
def test_options_are_parsed(plugins, value):
    assert plugins.parse(value).weight == 1.0
    assert plugins.parse(plugins.parse({"name": "plain", "weight": 2})).weight == 2.0


def test_unknown_names_are_told_with_the_known_ones(plugins):
    with pytest.raises(
        BioLoomError, match=r"unknown trifle 'plian'; allowed: plain; fix: did you mean 'plain'\?"
    ):
        plugins["plian"]
    with pytest.raises(BioLoomError, match="3 names no trifle; allowed: a name"):
        plugins.parse(3)
    with pytest.raises(BioLoomError, match="names no trifle"):
        plugins.parse({"weight": 2})
    with pytest.raises(ValidationError):
        plugins.parse({"name": "plain", "wieght": 2})


@pytest.mark.parametrize("kind", TABLES)
def test_every_kind_has_its_table(kind):
    assert table(kind).kind == kind
    assert len(table(kind)) > 0
