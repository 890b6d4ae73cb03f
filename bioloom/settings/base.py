"""What every section and every plug-in's options share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from bioloom import registry
from bioloom.errors import BioLoomError

Auto = Literal["auto"]
Count = Annotated[int, Field(ge=1)]
Sides = Annotated[list[Count], Field(min_length=2, max_length=3)]
"""One size per spatial axis."""
Size = Annotated[float, Field(gt=0)]
Sizes = Annotated[list[Size], Field(min_length=2, max_length=3)]
"""One length per spatial axis."""
Margins = Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=2, max_length=3)]
"""One margin per spatial axis."""
Precision = Literal["auto", "fp32", "bf16", "fp16"]


class Section(BaseModel):
    """A group of options: unknown keys are errors, values are immutable."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
        allow_inf_nan=False,
        protected_namespaces=(),
    )

    @model_validator(mode="before")
    @classmethod
    def _empty_is_default(cls, values: Any) -> Any:
        """Take ``train:`` with nothing below it (YAML reads null) for a section of defaults."""
        return {} if values is None else values

    @field_validator("*", mode="before")
    @classmethod
    def _truth_is_no_number(cls, value: Any, info: ValidationInfo) -> Any:
        """Refuse ``steps: yes``, which would otherwise mean 1."""
        field = cls.model_fields[info.field_name or ""]
        if isinstance(value, bool) and not _takes_bool(field.annotation):
            raise PydanticCustomError("truth_value", "a truth value is no number")
        return value


@dataclass(frozen=True)
class Plugin:
    """Marks a field that holds one plug-in: ``loss: Annotated[Any, Plugin("loss")]``.

    The field takes a name or ``{name: ..., option: ...}`` and holds the checked options of that plug-in, an
    instance of the options class in the table of `kind`. Mistakes inside carry on the path of the field.

    Parameters
    ----------
    kind : str
        A key of ``bioloom.registry.TABLES``.
    """

    kind: str

    def parse(self, value: Any) -> BaseModel:
        """Return the options behind a name or a mapping."""
        try:
            return registry.table(self.kind).parse(value)
        except BioLoomError as error:
            raise ValueError(str(error)) from error  # what pydantic collects, to report all mistakes at once

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Let pydantic validate by the table and dump the options flat."""
        return core_schema.no_info_plain_validator_function(
            self.parse,
            serialization=core_schema.plain_serializer_function_ser_schema(
                lambda options: options.model_dump(mode="json")
            ),
        )

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Leave a marker that `bioloom.settings.schema` replaces by the plug-ins of the table."""
        return {"plugin": self.kind}


def _takes_bool(annotation: Any) -> bool:
    return annotation in (bool, Any) or any(_takes_bool(part) for part in get_args(annotation))
