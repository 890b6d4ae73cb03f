"""What a field takes, in words: the same ones in error messages and in the tables of the docs."""

from __future__ import annotations

import json
from typing import Any

_TYPES = {
    "integer": ("whole number", "whole numbers"),
    "number": ("number", "numbers"),
    "string": ("text", "texts"),
    "boolean": ("true or false", "truth values"),
    "object": ("section", "sections"),
    "array": ("list", "lists"),
}
_LIMITS = {"minimum": ">=", "exclusiveMinimum": ">", "maximum": "<=", "exclusiveMaximum": "<"}


def branches(node: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the alternatives of a schema node, without null: one for a node that is no union."""
    union = node.get("anyOf") or node.get("oneOf") or [node]
    return [branch for branch in union if branch.get("type") != "null"]


def type_words(node: dict[str, Any], plural: bool = False) -> str:
    """Return what kind of value a schema node takes: ``list of 2 to 3 whole numbers, or 'auto'``."""
    options = branches(node)
    if len(options) > 1:
        return ", or ".join(dict.fromkeys(type_words(option, plural) for option in options))
    node = options[0] if options else node
    if "plugin" in node:
        return plural_of(node["plugin"]) if plural else _article(node["plugin"])
    if "$ref" in node:
        return "sections" if plural else "section"
    if "table" in node:
        return f"name of {_article(node['table'])}"
    if "pattern" in node:
        return f"text of the form `{node['pattern']}`"
    values = choices(node)
    if values:
        return " | ".join(repr(value) for value in values)
    if node.get("type") == "array":
        items = _items(node)
        return f"{'lists' if plural else 'list'} of {_number_of_items(node)}{type_words(items, plural=True)}"
    return _TYPES.get(node.get("type", ""), ("value", "values"))[plural]


def range_words(node: dict[str, Any]) -> str:
    """Return the limits of the numbers that a node takes: ``>= 0, < 1``; empty where there are none."""
    options = branches(node)
    if len(options) > 1:
        return ", or ".join(filter(None, dict.fromkeys(map(range_words, options))))
    node = options[0] if options else node
    if node.get("type") == "array":
        return range_words(_items(node))
    return ", ".join(f"{sign} {node[key]:g}" for key, sign in _LIMITS.items() if key in node)


def allowed_words(node: dict[str, Any]) -> str:
    """Return type and limits together: ``whole number >= 1, or 'auto'``."""
    words = (f"{type_words(option)} {range_words(option)}".rstrip() for option in branches(node))
    return ", or ".join(dict.fromkeys(words))


def choices(node: dict[str, Any]) -> list[Any]:
    """Return the fixed values that a schema node takes, of all its alternatives."""
    options = branches(node)
    if len(options) > 1:
        return [value for option in options for value in choices(option)]
    node = options[0] if options else node
    return [node["const"]] if "const" in node else list(node.get("enum", ()))


def value_words(value: Any) -> str:
    """Return a value as it would stand in YAML, cut to one line of 60 characters."""
    try:
        text = "nothing" if value is None else repr(value) if isinstance(value, str) else json.dumps(value)
    except (TypeError, ValueError):
        text = str(value)
    return text if len(text) <= 60 else text[:57] + "..."


def plural_of(kind: str) -> str:
    """Return the plural of a kind of plug-in."""
    return kind + ("es" if kind.endswith("s") else "s")


def _article(kind: str) -> str:
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


def _items(node: dict[str, Any]) -> dict[str, Any]:
    return node.get("items") or next(iter(node.get("prefixItems", ())), {})


def _number_of_items(node: dict[str, Any]) -> str:
    least, most = node.get("minItems"), node.get("maxItems")
    if least is None and most is None:
        return ""
    if most is None:
        return f"{least} or more "
    return f"{most} " if least == most else f"{least or 0} to {most} "
