import sys

import pytest
from pydantic import ValidationError

from bioloom import registry
from bioloom.settings.base import Plugin, Section

pytestmark = pytest.mark.usefixtures("fake_rooms")


class Flags(Section):
    one: bool = False
    many: list[bool] | int = 0
    number: float = 0


def test_truth_values_go_where_they_are_expected_only():
    assert Flags(one=True, many=True).one is True
    with pytest.raises(ValidationError, match="truth value"):
        Flags(number=True)


def test_unknown_keys_are_errors():
    with pytest.raises(ValidationError, match="Extra inputs"):
        Flags.model_validate({"two": 1})


def test_a_plugin_may_be_given_as_its_options():
    options = Plugin("loss").parse({"name": "dice", "weight": 2})
    assert Plugin("loss").parse(options) == options


def test_looking_up_a_name_imports_nothing(monkeypatch):
    monkeypatch.delitem(sys.modules, "fake_rooms.plugins")
    assert "dice" in registry.table("loss")
    assert "dise" not in registry.table("loss")
