"""The JSON schema of the whole config, plug-ins included: ``python -m bioloom.settings.schema [folder]``.

Editors check and complete a config by it; `bioloom.settings.reference` makes the tables of the docs from it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic_core import to_jsonable_python

from bioloom import registry
from bioloom.settings.config import Config

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def config_schema() -> dict[str, Any]:
    """Return the schema of a config; plug-ins are the definitions ``<kind>`` and ``<kind>.<name>``."""
    schema = options_schema(Config)
    definitions = schema.pop("$defs")
    for kind in sorted(_kinds([schema, definitions])):
        for name in registry.table(kind):
            definitions |= _plugin_definitions(kind, name)
        definitions[kind] = _choice(kind)
    return {
        "$schema": DIALECT,
        "title": "BioLoom config",
        **_without_markers(schema),
        "$defs": _without_markers(definitions),
    }


def options_schema(model: type[BaseModel]) -> dict[str, Any]:
    """Return the schema of one options class, without titles and with the defaults that factories make."""
    schema = _without_titles(model.model_json_schema())
    for name, field in model.model_fields.items():
        if field.default_factory is not None and "$ref" not in schema["properties"][name]:
            schema["properties"][name]["default"] = to_jsonable_python(
                field.get_default(call_default_factory=True)
            )
    return schema


def schema_text() -> str:
    """Return the text of ``schema.json``."""
    return json.dumps(config_schema(), indent=2, ensure_ascii=False) + "\n"


def _plugin_definitions(kind: str, name: str) -> dict[str, Any]:
    """Return the definition of one plug-in, and those that its options refer to."""
    key = f"{kind}.{name}"
    schema = options_schema(registry.table(kind).options(name))
    inner = schema.pop("$defs", {})
    schema["properties"] = {"name": {"const": name}} | {
        k: v for k, v in schema["properties"].items() if k != "name"
    }
    schema["required"] = list(dict.fromkeys(["name", *schema.get("required", ())]))
    text = json.dumps({key: schema} | {f"{key}.{part}": node for part, node in inner.items()})
    return json.loads(text.replace('"#/$defs/', f'"#/$defs/{key}.'))


def _choice(kind: str) -> dict[str, Any]:
    """Return the definition of any plug-in of a kind: its name, or its name and options."""
    names = list(registry.table(kind))
    return {"anyOf": [{"enum": names}, {"oneOf": [{"$ref": f"#/$defs/{kind}.{name}"} for name in names]}]}


def _kinds(node: Any) -> set[str]:
    """Return the kinds of plug-ins that a schema mentions."""
    if isinstance(node, list):
        return set().union(*map(_kinds, node))
    if not isinstance(node, dict):
        return set()
    if isinstance(node.get("plugin"), str):
        return {node["plugin"]}
    return _kinds(list(node.values()))


def _without_markers(node: Any) -> Any:
    """Replace ``{"plugin": kind}`` by a reference and ``{"table": kind}`` by the names in the table."""
    if isinstance(node, list):
        return [_without_markers(part) for part in node]
    if not isinstance(node, dict):
        return node
    if isinstance(kind := node.get("plugin"), str):
        return {"$ref": f"#/$defs/{kind}"} | {k: v for k, v in node.items() if k != "plugin"}
    if isinstance(kind := node.get("table"), str):
        return {"enum": list(registry.table(kind))} | {
            k: v for k, v in node.items() if k not in ("table", "default")
        }
    return {key: _without_markers(value) for key, value in node.items()}


def _without_titles(node: Any) -> Any:
    """Drop titles, which only repeat the key; an option called "title" holds a schema and stays."""
    if isinstance(node, list):
        return [_without_titles(part) for part in node]
    if not isinstance(node, dict):
        return node
    return {k: _without_titles(v) for k, v in node.items() if not (k == "title" and isinstance(v, str))}


if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "config")
    (folder / "schema.json").write_text(schema_text(), encoding="utf-8")
