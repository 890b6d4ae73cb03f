"""YAML in and out: nothing but plain values, mistakes with their line, the same text for the same values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from bioloom.errors import BioLoomError


def read_yaml(path: str | Path) -> dict[str, Any]:
    """Read a YAML file that holds a mapping; an empty file is an empty one.

    Raises
    ------
    BioLoomError
        For a missing file, a syntax error or a key that stands twice (with the line), and other contents.
    """
    try:
        values = yaml.load(Path(path).read_text(encoding="utf-8"), Loader=_Loader)
    except FileNotFoundError:
        raise BioLoomError(f"{path}: no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise BioLoomError(f"{path}: cannot be read ({error})", allowed="a YAML file in UTF-8") from error
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        fix = "indent with spaces" if "'\\t'" in str(error.problem) else ""
        raise BioLoomError(f"{path}: {line}{error.problem}", fix=fix) from error
    except yaml.YAMLError as error:
        raise BioLoomError(f"{path}: {' '.join(str(error).split())}") from error
    if not isinstance(values, dict | None):
        got = f"{path}: line 1: got a {type(values).__name__}"
        raise BioLoomError(got, allowed="a mapping, lines of the form `key: value`")
    return values or {}


def dump_yaml(values: dict[str, Any]) -> str:
    """Return plain values as YAML text: keys in their order, no references, the same for the same values."""
    return yaml.dump(values, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)


class _Loader(yaml.SafeLoader):
    """Plain values only, and no key twice: PyYAML would silently take the last one."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key_node, _ in node.value:
            if key_node.value in seen and key_node.tag != "tag:yaml.org,2002:merge":
                raise yaml.MarkedYAMLError(
                    problem=f"key '{key_node.value}' stands twice", problem_mark=key_node.start_mark
                )
            if isinstance(key_node.value, str):
                seen.add(key_node.value)
        return super().construct_mapping(node, deep)


class _Dumper(yaml.SafeDumper):
    """Lists of plain values on one line, no anchors."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _represent_list(dumper: yaml.SafeDumper, values: list[Any]) -> yaml.Node:
    short = not any(isinstance(value, dict | list) for value in values)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", values, flow_style=short)


_Dumper.add_representer(list, _represent_list)
