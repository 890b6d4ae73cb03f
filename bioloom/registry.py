"""Explicit tables of plug-ins: a name, the object behind it and its options, imported when first asked for.

A room of plug-ins holds one table in its ``__init__``; adding a plug-in is one file and one line in it::

    LOSSES = Registry("loss", __name__, {"dice": ("dice:DiceLoss", "options:DiceOptions")})
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

from pydantic import BaseModel

from bioloom.errors import BioLoomError, did_you_mean

TABLES = {
    "task": "bioloom.tasks:TASKS",
    "normalization": "bioloom.preprocess:NORMALIZATIONS",
    "target": "bioloom.targets:TARGETS",
    "augmentation": "bioloom.augment:AUGMENTATIONS",
    "model": "bioloom.models:MODELS",
    "loss": "bioloom.losses:LOSSES",
    "operation": "bioloom.postprocess:OPERATIONS",
    "metric": "bioloom.evaluate:METRICS",
}


def table(kind: str) -> Registry:
    """Return the table of one kind of plug-in, for example ``table("loss")``."""
    return _load(TABLES[kind])


class Registry(Mapping[str, Any]):
    """A read-only table of plug-ins of one kind.

    Parameters
    ----------
    kind : str
        What the entries are, in the singular, as it is to stand in messages ("loss").
    package : str
        The package whose modules hold the entries.
    entries : mapping of str to (str, str)
        For every name the address ``module:attribute`` of the object and that of its options class (a
        pydantic model with a ``name`` field), both relative to `package`.
    """

    def __init__(self, kind: str, package: str, entries: Mapping[str, tuple[str, str]]) -> None:
        self.kind = kind
        self.package = package
        self._entries = dict(entries)

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, name: object) -> bool:
        """Return whether `name` is an entry, without importing it as ``Mapping`` would."""
        return name in self._entries

    def __getitem__(self, name: str) -> Any:
        """Import and return the object called `name`."""
        return _load(f"{self.package}.{self._entry(name)[0]}")

    def options(self, name: str) -> type[BaseModel]:
        """Import and return the options class of `name`."""
        return _load(f"{self.package}.{self._entry(name)[1]}")

    def parse(self, value: Any) -> BaseModel:
        """Turn ``"dice"`` or ``{"name": "dice", ...}`` into the checked options of that plug-in.

        Raises
        ------
        BioLoomError
            For an unknown name or a value without a name.
        pydantic.ValidationError
            For options that the plug-in does not accept.
        """
        if isinstance(value, BaseModel):
            value = value.model_dump()
        if isinstance(value, str):
            value = {"name": value}
        if not isinstance(value, dict) or not isinstance(value.get("name"), str):
            raise BioLoomError(f"{value!r} names no {self.kind}", allowed="a name, or {name: ..., options}")
        return self.options(value["name"]).model_validate(value)

    def _entry(self, name: str) -> tuple[str, str]:
        if name not in self._entries:
            allowed = ", ".join(self._entries)
            raise BioLoomError(
                f"unknown {self.kind} '{name}'", allowed=allowed, fix=did_you_mean(name, self._entries)
            )
        return self._entries[name]


def _load(address: str) -> Any:
    module, attribute = address.split(":")
    return getattr(import_module(module), attribute)
