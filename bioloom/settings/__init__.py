"""The config: one class per section, checked before anything runs; schema and docs are generated from it."""

from bioloom.settings.config import Config
from bioloom.settings.load import load_config, load_options, parse_config, parse_options
from bioloom.settings.slices import STEP_KEYS, machine_options, step_options
from bioloom.settings.yaml_file import dump_yaml, read_yaml

__all__ = [
    "STEP_KEYS",
    "Config",
    "dump_yaml",
    "load_config",
    "load_options",
    "machine_options",
    "parse_config",
    "parse_options",
    "read_yaml",
    "step_options",
]
