"""The tables in ``config/README.md``: ``python -m bioloom.settings.reference [folder]``.

Text between ``<!-- generated: NAME -->`` and ``<!-- end -->`` is replaced; all the rest is written by hand.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

from bioloom import registry
from bioloom.errors import BioLoomError
from bioloom.settings.config import REQUIRED, Config
from bioloom.settings.schema import options_schema
from bioloom.settings.slices import MACHINE_KEYS, STEP_KEYS
from bioloom.settings.words import branches, plural_of, range_words, type_words

OPTION_COLUMNS = ("option", "takes", "range", "default", "meaning")


def reference_blocks() -> dict[str, str]:
    """Return the generated parts of ``config/README.md`` by their names."""
    return {
        "options": options_text(),
        "tasks": tasks_text(),
        "plugins": plugins_text(),
        "steps": steps_text(),
    }


def fill(text: str, blocks: Mapping[str, str] | None = None) -> str:
    """Return `text` with its generated parts renewed: `blocks` by name, or those of ``config/README.md``.

    Raises
    ------
    BioLoomError
        If a part is missing.
    """
    for name, block in (reference_blocks() if blocks is None else blocks).items():
        start = f"<!-- generated: {name} -->"
        pattern = re.compile(f"({re.escape(start)}\n).*?(<!-- end -->)", re.DOTALL)
        if not pattern.search(text):
            raise BioLoomError(
                f"no part '{name}'", allowed=f"a line '{start}' and below it a line '<!-- end -->'"
            )
        escaped = block.replace("\\", r"\\")
        text = pattern.sub(rf"\g<1>\n{escaped}\n\n\g<2>", text)
    return text


def options_text() -> str:
    """Return a table of the options at the root, then one of each section."""
    schema = options_schema(Config)
    single, sections = [], []
    for name, node in schema["properties"].items():
        if "$ref" in node:
            sections.append((name, schema["$defs"][node["$ref"].rsplit("/", 1)[-1]]))
        else:
            single.append(option_row(name, node, required=name in REQUIRED))
    parts = [table(OPTION_COLUMNS, single)]
    for name, section in sections:
        parts += [
            f"### `{name}`",
            section["description"],
            table(OPTION_COLUMNS, _rows(section, schema["$defs"])),
        ]
    return "\n\n".join(parts)


def option_row(name: str, node: dict[str, Any], required: bool) -> tuple[str, ...]:
    """Return name, type, range, default and meaning of one option."""
    default = "required" if required else _default(node.get("default"))
    return f"`{name}`", type_words(node), range_words(node), default, node.get("description", "")


def tasks_text() -> str:
    """Return a table of the tasks and of what they do where the config says ``auto``."""
    rows = []
    for name, task in registry.table("task").items():
        plugins = (task.targets, task.augment, task.postprocess, task.metrics)
        rows.append((f"`{name}`", task.summary, *(", ".join(p["name"] for p in kind) for kind in plugins)))
    return table(
        ("task", "what it does", "train.targets", "augment", "postprocess", "evaluate.metrics"), rows
    )


def plugins_text() -> str:
    """Return for every kind of plug-in its entries and their options; equal neighbours share a table."""
    parts = []
    for kind in registry.TABLES:
        if kind == "task":
            continue
        parts.append(f"### {plural_of(kind).capitalize()}")
        plugins = registry.table(kind)
        schemas = {name: options_schema(plugins.options(name)) for name in plugins}
        for options, names in groupby(schemas, key=lambda name: _plugin_table(schemas[name])):
            family = list(names)
            parts += [f"**`{name}`** {schemas[name].get('description', '')}".strip() for name in family]
            if options and len(family) > 1:
                parts.append(f"Options of {_keys(family)}:")
            parts += [options] if options else []
    return "\n\n".join(parts)


def steps_text() -> str:
    """Return the table of what each step receives."""
    rows = [(f"`{step}`", _keys(keys) or "nothing") for step, keys in STEP_KEYS.items()]
    last = f"No step runs again because of {_keys(MACHINE_KEYS)}: they change no result."
    return f"{table(('step', 'receives'), rows)}\n\n{last}"


def table(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a Markdown table; line breaks inside of cells become spaces."""
    head = list(columns)
    cells = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in cells)


def _plugin_table(schema: dict[str, Any]) -> str:
    """Return the table of a plug-in's options; empty if it has none."""
    properties = {key: node for key, node in schema["properties"].items() if key != "name"}
    rows = _rows(schema | {"properties": properties}, schema.get("$defs", {}))
    return table(OPTION_COLUMNS, rows) if rows else ""


def _rows(
    node: dict[str, Any], definitions: dict[str, Any], prefix: str = "", seen: frozenset[str] = frozenset()
) -> list[tuple[str, ...]]:
    """Return a row for every option; a group of options is shown below the first option that holds one.

    The options of a group in a list are called ``name[].option``.
    """
    rows = []
    for name, option in node["properties"].items():
        rows.append(option_row(prefix + name, option, required=name in node.get("required", ())))
        for group, place in _groups(option).items():
            if group not in seen:
                seen |= {group}
                rows += _rows(definitions[group], definitions, f"{prefix}{name}{place}.", seen)
    return rows


def _groups(node: dict[str, Any], place: str = "") -> dict[str, str]:
    """Return the groups of options that a node takes, and where: empty, or ``[]`` for the items of a list."""
    found: dict[str, str] = {}
    for branch in branches(node):
        if "$ref" in branch:
            found.setdefault(branch["$ref"].rsplit("/", 1)[-1], place)
        elif "items" in branch:
            found = {**_groups(branch["items"], "[]"), **found}
    return found


def _default(value: Any) -> str:
    return "" if value in (None, "") else f"`{value if isinstance(value, str) else json.dumps(value)}`"


def _keys(keys: Iterable[str]) -> str:
    return ", ".join(f"`{key}`" for key in keys)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    readme = Path(sys.argv[1] if len(sys.argv) > 1 else "config") / "README.md"
    readme.write_text(fill(readme.read_text(encoding="utf-8")), encoding="utf-8")
