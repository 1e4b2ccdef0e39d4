"""A protocol file read strictly: its text, its shape, its names; every fault told at once, each with its line."""

import hashlib
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Annotated, TypeGuard, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from workflow.authoring import parse
from workflow.authoring.build import build
from workflow.authoring.finding import Finding, FlawedProtocolError, Where, error
from workflow.authoring.references import REFERENCES
from workflow.authoring.rule import findings_of
from workflow.authoring.scalars import shown
from workflow.authoring.shape import GROUP, TEST, WrittenGroup, WrittenProtocol, WrittenTest
from workflow.domain.protocol import ProtocolVersion

CODE = "T002"
_TAGS = {TEST: WrittenTest, GROUP: WrittenGroup}


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What came of reading a file: a version, or what stands in its way."""

    where: Where
    version: ProtocolVersion | None = None
    findings: tuple[Finding, ...] = ()


def load(text: str | bytes, name: str) -> Loaded:
    """Read a protocol file, collecting every fault. `name` is how its places are called, as in v1.yaml:12."""
    try:
        parsed = parse.parse(text, name=name)
    except FlawedProtocolError as flawed:
        return Loaded(where=Where(file=name), findings=flawed.findings)
    try:
        file = WrittenProtocol.model_validate(parsed.tree)
    except ValidationError as invalid:
        faults = tuple(_fault(fault, parsed.where) for fault in invalid.errors(include_url=False))
        return Loaded(where=parsed.where, findings=faults)
    data = text.encode() if isinstance(text, str) else text
    version = build(file, sha256=hashlib.sha256(data).hexdigest())
    findings = findings_of(REFERENCES, version, parsed.where)
    return Loaded(where=parsed.where, version=None if findings else version, findings=findings)


def read(text: str | bytes, *, name: str = "protocol") -> ProtocolVersion:
    """The version a protocol file describes. Raises FlawedProtocolError (a ProtocolError) with every finding."""
    loaded = load(text, name)
    if loaded.version is None:
        raise FlawedProtocolError(*loaded.findings)
    return loaded.version


# ---------------------------------------------------------------------------------------------------------------


def _fault(fault: ErrorDetails, where: Where) -> Finding:
    path = tuple(str(part) for part in fault["loc"] if part not in (*_TAGS, "[key]"))
    message, allowed = _told(fault, path)
    return error(CODE, where.place(".".join(path)), message, remedy=allowed)


def _told(fault: ErrorDetails, path: tuple[str, ...]) -> tuple[str, str]:
    """The fault in our words, and what is allowed instead."""
    context = fault.get("ctx", {})
    match fault["type"]:
        case "extra_forbidden":
            return f"the key {path[-1]} is not known here", ", ".join(_keys_at(fault["loc"]))
        case "missing":
            return f"the key {path[-1]} is missing", f"say {path[-1]}"
        case "wrong":
            return fault["msg"], str(context["allowed"])
        case "enum" | "literal_error":
            return f"{shown(fault['input'])} is not one of the words known here", str(context["expected"])
        case "string_pattern_mismatch":
            return f"{shown(fault['input'])} is not written as it must be", str(context["pattern"])
        case _:
            return fault["msg"], ""


def _keys_at(loc: tuple[int | str, ...]) -> list[str]:
    """The keys known in the map that holds the last part of a location."""
    kind: object = WrittenProtocol
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
