"""The shape of a protocol file as JSON Schema, for editors: what may stand where, told while it is typed.

An editor sees less than the reader does: names that do not exist, and everything the lint looks for, are told by
`theca protocol lint`.
"""

import json
from collections.abc import Iterable
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from workflow.authoring.key_words import KEYS
from workflow.authoring.scalars import once, some
from workflow.authoring.shape import WrittenProtocol
from workflow.authoring.shape_criterion import FACTS, OPERATORS, Written

PLACE = "protocols/protocol.schema.json"
_DIALECT = "http://json-schema.org/draft-07/schema#"
_JOINS = ("all", "any", "none", "some")


def schema_text() -> str:
    """The schema as it is kept beside the protocols."""
    return json.dumps(editor_schema(), indent=1, ensure_ascii=False) + "\n"


def editor_schema() -> dict[str, Any]:
    """What an editor needs to know of a protocol file, in the dialect all of them understand (draft 7)."""
    told = WrittenProtocol.model_json_schema(ref_template="#/definitions/{model}", schema_generator=_Told)
    parts = told.pop("$defs")
    return {
        "$schema": _DIALECT,
        "title": "Protocol of Theca",
        "description": "A protocol file, as `theca protocol lint` reads it. Generated; `make docs` writes it anew.",
        **told,
        "definitions": parts,
    }


def words_for(kind: type[Written], key: str) -> str:
    """What a key means: its own class's words, or those of the class it comes from. Raises KeyError."""
    for parent in kind.__mro__:
        if key in KEYS.get(parent.__name__, {}):
            return KEYS[parent.__name__][key]
    raise KeyError(f"{kind.__name__}.{key} has no words in workflow/authoring/key_words.py")


# ---------------------------------------------------------------------------------------------------------------


def _one(keys: Iterable[str]) -> JsonSchemaValue:
    return {"oneOf": [_with(key) for key in keys]}


def _some(keys: Iterable[str]) -> JsonSchemaValue:
    return {"anyOf": [_with(key) for key in keys]}


def _not_both(*keys: str) -> JsonSchemaValue:
    return {"not": _with(*keys)}


def _needs_each_other(*keys: str) -> JsonSchemaValue:
    return {"dependencies": {key: [other for other in keys if other != key] for key in keys}}


def _with(*keys: str) -> JsonSchemaValue:
    return {"required": list(keys)}


def _only_if(key: str, value: str, *needed: str) -> JsonSchemaValue:
    """Where a key has this value these must stand; where it has another they must not."""
    absent = {"not": _some(needed)}
    return {"if": {"properties": {key: {"const": value}}, **_with(key)}, "then": _with(*needed), "else": absent}


# What the model validators of `shape` say of keys that stand together, as far as an editor can be told.
_TOGETHER: dict[str, tuple[JsonSchemaValue, ...]] = {
    "Sourced": (_needs_each_other("source", "mark"),),
    "WrittenTest": (_one(("item", "derived")), _one(OPERATORS), _not_both("item", "of")),
    "WrittenEvent": (_one(FACTS), {"if": _with("item"), "then": _one(OPERATORS), "else": {"not": _some(OPERATORS)}}),
    "WrittenPriority": (_one(OPERATORS),),
    "WrittenGroup": (_one(_JOINS), _needs_each_other("some", "least")),
    "WrittenGate": (_not_both("override", "waiver"),),
    "WrittenItem": (
        _only_if("kind", "number", "unit", "range"),
        _only_if("kind", "choice", "choices"),
        _only_if("kind", "grade", "grades"),
    ),
    "WrittenTransition": (_some(("to", "authorises", "records")), _not_both("authorises", "records")),
    "WrittenResponse": (_one(("above", "at_least", "lines")), _needs_each_other("line_by", "lines", "operator")),
    "WrittenInvariant": (_one(("act", "stage")),),
}


class _Told(GenerateJsonSchema):
    """Pydantic's schema without what a file cannot say (null), and with what its own validators ask."""

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        told = super().model_schema(schema)
        told.pop("title", None)
        kind = schema["cls"]
        for key, value in told.get("properties", {}).items():
            value["description"] = words_for(kind, key)
        together = [rule for parent in reversed(kind.__mro__) for rule in _TOGETHER.get(parent.__name__, ())]
        return told | ({"allOf": together} if together else {})

    def field_title_should_be_set(self, schema: object) -> bool:
        del schema
        return False

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        names, values = self.generate_inner(schema["keys_schema"]), self.generate_inner(schema["values_schema"])
        return {"type": "object", "propertyNames": names, "additionalProperties": values}

    def function_before_schema(self, schema: core_schema.BeforeValidatorFunctionSchema) -> JsonSchemaValue:
        told = super().function_before_schema(schema)
        return told | {"minItems": 1} if schema["function"]["function"] is some else told

    def function_after_schema(self, schema: core_schema.AfterValidatorFunctionSchema) -> JsonSchemaValue:
        told = super().function_after_schema(schema)
        return told | {"uniqueItems": True} if schema["function"]["function"] is once else told
