"""A protocol file read strictly: its text, its shape, its names; every fault told at once, each with its line."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Annotated, TypeGuard, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from workflow.authoring import parse
from workflow.authoring.build import build
from workflow.authoring.finding import Finding, FlawedProtocolError, Where, error
from workflow.authoring.printings import UNLISTED, edited
from workflow.authoring.references import REFERENCES
from workflow.authoring.rule import findings_of
from workflow.authoring.scalars import shown
from workflow.authoring.shape import WrittenProtocol
from workflow.authoring.shape_criterion import GROUP, TEST, WrittenGroup, WrittenTest
from workflow.domain.protocol import ProtocolVersion

CODE = "T002"
_WRITTEN = {
    r"^[a-z][a-z0-9_]{0,59}$": "small letters, digits and underscores, a letter first, up to 60",
    r"^[a-z][a-z0-9_./]{0,119}$": "small letters, digits, underscores, points and slashes, a letter first, up to 120",
    r"^[A-Z][A-Z0-9]{1,11}$": "2 to 12 capitals and digits, a capital first, like PACC24",
    r"^\S(.*\S)?$": "a text that neither begins nor ends with a blank",
}
_TAGS = {TEST: WrittenTest, GROUP: WrittenGroup}


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What came of reading a file: a version, or what stands in its way."""

    where: Where
    version: ProtocolVersion | None = None
    findings: tuple[Finding, ...] = ()


def load(text: str | bytes, name: str, *, printed: Mapping[str, str] = UNLISTED) -> Loaded:
    """Read a protocol file, collecting every fault. `name` is how its places are called, as in v1.yaml:12.

    `printed` is what `printings` reads beside the file: a version listed there with another sum does not load.
    """
    try:
        parsed = parse.parse(text, name=name)
    except FlawedProtocolError as flawed:
        return Loaded(where=Where(file=name), findings=flawed.findings)
    try:
        file = WrittenProtocol.model_validate(parsed.tree)
    except ValidationError as invalid:
        return Loaded(where=parsed.where, findings=faults(invalid, parsed.where, WrittenProtocol))
    data = text.encode() if isinstance(text, str) else text
    version = build(file, sha256=hashlib.sha256(data).hexdigest())
    findings = edited(version, printed, parsed.where) or findings_of(REFERENCES, version, parsed.where)
    return Loaded(where=parsed.where, version=None if findings else version, findings=findings)


def read(text: str | bytes, *, name: str = "protocol") -> ProtocolVersion:
    """The version a protocol file describes. Raises FlawedProtocolError (a ProtocolError) with every finding."""
    loaded = load(text, name)
    if loaded.version is None:
        raise FlawedProtocolError(*loaded.findings)
    return loaded.version


def faults(invalid: ValidationError, where: Where, kind: type[BaseModel]) -> tuple[Finding, ...]:
    """What keeps a file from being of a kind, each with its line."""
    return tuple(_fault(fault, where, kind) for fault in invalid.errors(include_url=False))


# ---------------------------------------------------------------------------------------------------------------


def _fault(fault: ErrorDetails, where: Where, kind: type[BaseModel]) -> Finding:
    path = tuple(str(part) for part in fault["loc"] if part not in (*_TAGS, "[key]"))
    message, allowed = _told(fault, path, kind)
    return error(CODE, where.place(".".join(path)), message, remedy=allowed)


def _told(fault: ErrorDetails, path: tuple[str, ...], kind: type[BaseModel]) -> tuple[str, str]:
    """The fault in our words, and what is allowed instead."""
    context = fault.get("ctx", {})
    match fault["type"]:
        case "extra_forbidden":
            return f"the key {path[-1]} is not known here", ", ".join(_keys_at(fault["loc"], kind))
        case "missing":
            return f"the key {path[-1]} is missing", f"say {path[-1]}"
        case "wrong":
            return fault["msg"], str(context["allowed"])
        case "enum" | "literal_error":
            return f"{shown(fault['input'])} is not one of the words known here", str(context["expected"])
        case "string_pattern_mismatch":
            pattern = str(context["pattern"])
            return f"{shown(fault['input'])} is not written as it must be", _WRITTEN.get(pattern, pattern)
        case "string_type":
            return f"{shown(fault['input'])} stands where a text must", "one text, on one line"
        case "string_too_short" | "string_too_long":
            most = context.get("max_length", context.get("min_length"))
            return f"a text of {len(str(fault['input']))} characters", f"1 to {most} characters"
        case "model_type" | "dict_type" | "model_attributes_type":
            keys = ", ".join(_keys_at((*fault["loc"], ""), kind))
            return f"{shown(fault['input'])} stands where a map must", f"key: value{f', of {keys}' if keys else ''}"
        case _:
            return fault["msg"], "what `theca protocol schema` says of this place"


def _keys_at(loc: tuple[int | str, ...], root: type[BaseModel]) -> list[str]:
    """The keys known in the map that holds the last part of a location."""
    kind: object = root
    for part in loc[:-1]:
        kind = _inside(_bare(kind), part)
    model = _bare(kind)
    return sorted(field.alias or key for key, field in model.model_fields.items()) if _is_model(model) else []


def _inside(kind: object, part: int | str) -> object:
    """The kind of what stands under one part of a location; tags choose among the parts of a criterion."""
    if part in _TAGS:
        return _TAGS[str(part)]
    if _is_model(kind):
        return next((field.annotation for key, field in kind.model_fields.items() if part in (key, field.alias)), None)
    return next(iter(reversed([inner for inner in get_args(kind) if inner is not Ellipsis])), None)


def _bare(kind: object) -> object:
    """The kind without its annotations and without the choice of leaving it out."""
    while get_origin(kind) in (Annotated, Union, UnionType):
        kind = next(inner for inner in get_args(kind) if inner is not NoneType)
    return kind


def _is_model(kind: object) -> TypeGuard[type[BaseModel]]:
    return isinstance(kind, type) and issubclass(kind, BaseModel)
