import pytest

from bioloom.settings.words import allowed_words, choices, plural_of, range_words, type_words, value_words

AUTO = {"const": "auto", "type": "string"}
COUNT = {"type": "integer", "minimum": 1}


@pytest.mark.parametrize(
    ("node", "words"),
    [
        (COUNT, "whole number >= 1"),
        ({"anyOf": [COUNT, AUTO]}, "whole number >= 1, or 'auto'"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "text"),
        ({"type": "number", "exclusiveMinimum": 0, "maximum": 1.5}, "number > 0, <= 1.5"),
        (
            {"type": "array", "items": COUNT, "minItems": 2, "maxItems": 3},
            "list of 2 to 3 whole numbers >= 1",
        ),
        (
            {"type": "array", "prefixItems": [{"type": "number"}], "minItems": 2, "maxItems": 2},
            "list of 2 numbers",
        ),
        (
            {"type": "array", "items": {"type": "array", "items": {"type": "integer"}}},
            "list of lists of whole numbers",
        ),
        ({"type": "array", "items": {"plugin": "loss"}, "minItems": 1}, "list of 1 or more losses"),
        ({"plugin": "augmentation"}, "an augmentation"),
        ({"table": "task"}, "name of a task"),
        ({"enum": ["a", 2]}, "'a' | 2"),
        ({"type": "boolean"}, "true or false"),
        ({"type": "string", "pattern": "^x$"}, "text of the form `^x$`"),
        ({"$ref": "#/$defs/X"}, "section"),
        ({}, "value"),
    ],
)
def test_allowed_words(node, words):
    assert allowed_words(node) == words
    assert allowed_words(node) == f"{type_words(node)} {range_words(node)}".rstrip() or "anyOf" in node


def test_choices_of_all_branches():
    assert choices({"anyOf": [AUTO, {"enum": ["a", "b"]}, COUNT]}) == ["auto", "a", "b"]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "nothing"),
        ("a", "'a'"),
        (True, "true"),
        ([1, "a"], '[1, "a"]'),
        ({1, 2}, "{1, 2}"),
        (0.5, "0.5"),
    ],
)
def test_value_words(value, words):
    assert value_words(value) == words


def test_long_values_are_cut():
    assert value_words("x" * 100) == "'" + "x" * 56 + "..."


def test_plurals():
    assert [plural_of("loss"), plural_of("metric")] == ["losses", "metrics"]
