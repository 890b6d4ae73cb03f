"""From pydantic's findings to one line per mistake: key path, what was got, what is allowed, a suggestion.

Pydantic reports every branch of a union for itself and knows plug-ins only as functions. Here each finding is
walked down the schema beside the user's values, so that a mistake is named once, at the deepest key that is
certain, in the words of the docs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from bioloom import registry
from bioloom.errors import did_you_mean
from bioloom.settings.words import allowed_words, branches, choices, value_words

Keys = tuple[str | int, ...]
"""A path into the config, for example ``("train", "losses", 0, "weight")``."""

_JSON_TYPES: tuple[tuple[type, set[str]], ...] = (
    (bool, {"boolean"}),
    (int, {"integer", "number"}),
    (float, {"number"}),
    (str, {"string"}),
    (list, {"array"}),
    (dict, {"object"}),
)


def path_text(keys: Keys) -> str:
    """Return keys and indices as they are written in messages: ``train.losses[0].weight``."""
    text = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in keys)
    return text.removeprefix(".")


def inside(keys: Keys, other: Keys) -> bool:
    """Return whether `keys` lies below `other`."""
    return len(keys) > len(other) and keys[: len(other)] == other


def find_mistakes(error: ValidationError, values: Any, root: type[BaseModel]) -> dict[Keys, str]:
    """Return what is wrong with every mistaken key.

    Parameters
    ----------
    error : pydantic.ValidationError
        What ``root.model_validate(values)`` raised.
    values : Any
        What was validated, as read from YAML.
    root : type of BaseModel
        The class that validated it.
    """
    found: dict[Keys, tuple[int, str]] = {}
    for finding in error.errors():
        place = locate(root, values, finding)
        rank = {"value_error": 0, "extra_forbidden": 1}.get(finding["type"], 2)
        if place.keys not in found or rank < found[place.keys][0]:  # of several, the most telling one
            found[place.keys] = rank, describe(place, finding)
    # A union also reports the branches that were not meant; they point at a key above the real mistake.
    deepest = [keys for keys in found if not any(inside(other, keys) for other in found)]
    return {keys: found[keys][1] for keys in deepest}


@dataclass(frozen=True)
class Place:
    """Where in the user's values a finding points, and what the schema says about it."""

    keys: Keys
    value: Any
    node: dict[str, Any]
    defs: dict[str, Any]
    siblings: tuple[str, ...] = ()


def locate(root: type[BaseModel], values: Any, finding: ErrorDetails) -> Place:
    """Walk down schema and values together as far as the path of a finding is certain."""
    place = Place((), values, *_schema(root))
    for key in finding["loc"]:
        node, defs = _enter(place)
        child: Any
        if "properties" in node:
            known = node["properties"]
            written = place.value if isinstance(place.value, dict) else {}
            if key in known or key in written:
                child = _follow(known.get(key, {}), defs)
                place = Place((*place.keys, key), written.get(key), child, defs, tuple(known))
        elif isinstance(key, int) and node.get("type") == "array" and key < len(place.value):
            child = node["prefixItems"][key] if "prefixItems" in node else node.get("items", {})
            place = Place((*place.keys, key), place.value[key], _follow(child, defs), defs)
        # any other key is pydantic's name of a branch of a union
    return place


def describe(place: Place, finding: ErrorDetails) -> str:
    """Return what the user is told about one finding."""
    kind, key = finding["type"], place.keys[-1] if place.keys else ""
    if kind in ("extra_forbidden", "invalid_key"):
        hint = did_you_mean(str(key), place.siblings) or f"allowed: {', '.join(place.siblings)}"
        return f"unknown key; {hint}"
    if kind == "value_error":
        return str(finding["ctx"]["error"])
    allowed = allowed_words(place.node) if place.node else finding["msg"]
    if kind == "missing" and key == finding["loc"][-1]:
        return f"missing; allowed: {allowed}"
    hint = did_you_mean(place.value, map(str, choices(place.node))) if isinstance(place.value, str) else ""
    return "; ".join(filter(None, (f"got {value_words(place.value)}", f"allowed: {allowed}", hint)))


def _schema(model: type[BaseModel]) -> tuple[dict[str, Any], dict[str, Any]]:
    schema = model.model_json_schema()
    return schema, schema.get("$defs", {})


def _follow(node: dict[str, Any], defs: dict[str, Any]) -> dict[str, Any]:
    """Replace references by what they refer to, in the node and in its alternatives."""
    if "$ref" in node:
        node = defs[node["$ref"].rsplit("/", 1)[-1]]
    if "anyOf" in node:
        node = {**node, "anyOf": [_follow(branch, defs) for branch in node["anyOf"]]}
    return node


def _enter(place: Place) -> tuple[dict[str, Any], dict[str, Any]]:
    """Choose the one alternative that the value can have meant; nothing where that is not clear."""
    fitting = [branch for branch in branches(place.node) if _fits(branch, place.value)]
    if len(fitting) != 1:
        return {}, {}
    branch, value = fitting[0], place.value
    if "plugin" in branch:
        name: Any = value.get("name") if isinstance(value, dict) else value
        plugins = registry.table(branch["plugin"])
        return _schema(plugins.options(name)) if name in plugins else ({}, {})
    return branch, place.defs


def _fits(branch: dict[str, Any], value: Any) -> bool:
    if "plugin" in branch:
        return isinstance(value, dict | str)
    names = next((names for kind, names in _JSON_TYPES if isinstance(value, kind)), {"null", "object"})
    return branch.get("type") in names
