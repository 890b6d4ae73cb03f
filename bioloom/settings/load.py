"""Reading a config: every mistake is named at once."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from bioloom.errors import MistakesError
from bioloom.settings.config import REQUIRED, Config
from bioloom.settings.data import SPATIAL, SPLITS, Data
from bioloom.settings.mistakes import Keys, find_mistakes, inside, path_text
from bioloom.settings.rules import broken_rules, spatial_lists
from bioloom.settings.yaml_file import read_yaml


def load_config(path: str | Path, base: str | Path | None = None) -> Config:
    """Read, check and complete the config in a YAML file.

    Parameters
    ----------
    path : str or Path
        The YAML file.
    base : str or Path, optional
        Folder in which relative paths of images start; the current one if left out.

    Raises
    ------
    BioLoomError
        Naming the file and, one line each, every mistake.
    """
    return parse_config(read_yaml(path), base, source=str(path))


def parse_config(values: Any, base: str | Path | None = None, *, source: str = "config") -> Config:
    """Check and complete a config that was already read, for example by Snakemake.

    In the result paths are absolute, and lists over space are in the order (z, y, x) whatever the order of
    `data.axes`. `source` is what the messages call the config.
    """
    given = values if isinstance(values, dict) else REQUIRED
    missing: dict[Keys, str] = {(key,): "missing" for key in REQUIRED if key not in given}
    config, mistakes = _validate(values)
    mistakes = missing | mistakes
    if config is not None:
        mistakes |= {keys: text for keys, text in broken_rules(config) if not _known(keys, mistakes)}
    if mistakes or config is None:
        raise _error(source, mistakes)
    data = _absolute(config.data, Path.cwd() if base is None else Path(base))
    return _in_canonical_order(config.model_copy(update={"data": data}))


def parse_options(values: Any, *, source: str = "options") -> Config:
    """Check the options of a step: part of a config, in which missing sections take their defaults."""
    config, mistakes = _validate(values)
    if mistakes or config is None:
        raise _error(source, mistakes)
    return config


def load_options(path: str | Path) -> Config:
    """Read ``options/<step>.yaml`` and check it as `parse_options` does; a whole config does as well."""
    values = read_yaml(path)
    return (parse_config if is_whole(values) else parse_options)(values, source=str(path))


def is_whole(values: Any) -> bool:
    """Return whether these are a config and not the options of a step, which name no images."""
    data = values.get("data") if isinstance(values, dict) else None
    return isinstance(data, dict) and any(data.get(key) is not None for key in ("samples", *SPLITS))


def _validate(values: Any) -> tuple[Config | None, dict[Keys, str]]:
    """Return the mistakes of single options, and a config of the others to check their rules on."""
    try:
        return Config.model_validate(values), {}
    except ValidationError as error:
        mistakes = find_mistakes(error, values, Config)
    try:
        return Config.model_validate(_without(values, mistakes)), mistakes
    except ValidationError:
        return None, mistakes


def _without(values: Any, mistakes: dict[Keys, str]) -> Any:
    """Return the config without the options (``section.option``) that hold a mistake."""
    if not isinstance(values, dict):
        return {}
    rest = {key: dict(value) if isinstance(value, dict) else value for key, value in values.items()}
    for keys in mistakes:
        section = rest.get(keys[0]) if keys else None
        if len(keys) > 1 and isinstance(section, dict) and "name" not in section:
            section.pop(keys[1], None)
        elif keys:
            rest.pop(keys[0], None)
    return rest


def _known(keys: Keys, mistakes: dict[Keys, str]) -> bool:
    """Return whether a rule only repeats a mistake: no images are given, since their key is misspelt."""
    return any(inside(mistake, keys) or mistake == keys for mistake in mistakes)


def _error(source: str, mistakes: dict[Keys, str]) -> MistakesError:
    lines = (": ".join(filter(None, (source, path_text(keys), text))) for keys, text in mistakes.items())
    return MistakesError(lines)


def _absolute(data: Data, base: Path) -> Data:
    """Return the data section with all paths absolute; `~` is the home folder."""

    def absolute(path: str) -> str:
        return os.path.abspath(base / os.path.expanduser(path))

    def all_absolute(paths: str | list[str] | None) -> str | list[str] | None:
        return [absolute(path) for path in paths] if isinstance(paths, list) else paths and absolute(paths)

    update: dict[str, Any] = {"samples": all_absolute(data.samples)}
    for split in SPLITS:
        if (source := getattr(data, split)) is not None:
            paths = {kind: all_absolute(getattr(source, kind)) for kind in ("images", "labels", "classes")}
            update[split] = source.model_copy(update=paths)
    return data.model_copy(update=update)


def _in_canonical_order(config: Config) -> Config:
    """Return the config with its lists over space in the order (z, y, x)."""
    axes = config.data.spatial_axes
    if axes is None or list(axes) == sorted(axes, key=SPATIAL.index):
        return config
    order = sorted(range(len(axes)), key=lambda index: SPATIAL.index(axes[index]))
    for (section, option), values in spatial_lists(config).items():
        changed = getattr(config, section).model_copy(update={option: [values[index] for index in order]})
        config = config.model_copy(update={section: changed})
    return config
