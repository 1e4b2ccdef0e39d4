"""How each kind of value in a protocol file is read. Every value arrives as a string; nothing is coerced."""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    GetJsonSchemaHandler,
    PlainValidator,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import CoreSchema, PydanticCustomError

from workflow.domain.actor import Role
from workflow.domain.calendar import Duration as DomainDuration
from workflow.domain.errors import ImpossibleInputError
from workflow.domain.roster import NAMES

NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,8})(\.[0-9]{1,6})?", re.ASCII)
_COUNT = re.compile(r"0|[1-9][0-9]{0,3}", re.ASCII)
_PARAMETER = re.compile(r"\$[a-z][a-z0-9_]{0,58}", re.ASCII)
_TEXT = r"^\S(.*\S)?$"
_CODE = r"^[a-z][a-z0-9_]{0,59}$"
RESERVED = ("any", "assignee", "none", "system")


def wrong(what: str, value: object, allowed: str) -> PydanticCustomError:
    """The fault of a value that is not what it must be."""
    context = {"shown": shown(value), "what": what, "allowed": allowed}
    return PydanticCustomError("wrong", "{shown} is not {what}", context)


def shown(value: object) -> str:
    """A value as a message can show it: short, and never empty."""
    match value:
        case str():
            return (value if len(value) <= 40 else value[:40] + "...") or "an empty text"
        case list():
            return "a list" if value else "an empty list"
        case _:
            return "a map"


def broken(rule: str, allowed: str) -> PydanticCustomError:
    """The fault of values that do not fit together."""
    return PydanticCustomError("wrong", "{rule}", {"rule": rule, "allowed": allowed})


def _number(value: object) -> Decimal:
    if not isinstance(value, str) or NUMBER.fullmatch(value) is None:
        raise wrong("a number", value, "digits, with a point where needed, like 7 or 0.05")
    return Decimal(value)


def _amount(value: object) -> Decimal | str:
    """A number, or `$name` for the site's value of a parameter."""
    if isinstance(value, str) and _PARAMETER.fullmatch(value):
        return value
    if not isinstance(value, str) or NUMBER.fullmatch(value) is None:
        raise wrong("a number or a parameter", value, "digits like 7 or 0.05, or a parameter like $life_expectancy")
    return Decimal(value)


def _count(value: object) -> int:
    if not isinstance(value, str) or _COUNT.fullmatch(value) is None:
        raise wrong("a whole number", value, "0 to 9999")
    return int(value)


def _positive(value: int) -> int:
    if value < 1:
        raise wrong("a whole number from 1", str(value), "1 to 9999")
    return value


def _duration(value: object) -> DomainDuration:
    if not isinstance(value, str):
        raise wrong("a duration", value, "like 90min, 24h, 3d, -7d, 2w")
    try:
        return DomainDuration.parse(value)
    except ImpossibleInputError as impossible:
        raise wrong("a duration", value, impossible.allowed) from impossible


def _span(value: DomainDuration) -> DomainDuration:
    if value.minutes <= 0:
        raise wrong("a span of time", str(value), "longer than nothing, like 24h")
    return value


def _yes_no(value: object) -> bool:
    if value not in ("yes", "no"):
        raise wrong("an answer", value, '"yes" or "no"')
    return value == "yes"


def _only_yes(value: object) -> Literal[True]:
    if value != "yes":
        raise wrong("an answer here", value, '"yes"; leave the key out otherwise')
    return True


def _own_name(value: str) -> str:
    if value in RESERVED:
        raise wrong("a name of your own", value, f"any name but {', '.join(RESERVED)}")
    return value


def _told(value: object) -> str:
    known = (*NAMES, *Role)
    if not isinstance(value, str) or value not in known:
        raise wrong("somebody to tell", value, ", ".join(known))
    return value


def once(value: tuple[str, ...]) -> tuple[str, ...]:
    twice = sorted({name for name in value if value.count(name) > 1})
    if twice:
        raise broken(f"{', '.join(twice)} stands twice in the list", "each name once")
    return value


def _two(value: tuple[Decimal, ...]) -> tuple[Decimal, ...]:
    if len(value) != 2:
        raise broken(f"{len(value)} numbers stand here", "two numbers: [lowest, highest]")
    return value


def some(value: object) -> object:
    if not isinstance(value, list) or not value:
        raise wrong("a list with something in it", value, "[one] or [one, another]")
    return value


def word_or_list(word: str) -> BeforeValidator:
    """A list that may be said as one word instead; an empty list is not a way to say it."""

    def read(value: object) -> object:
        if value == word:
            return ()
        if not isinstance(value, list) or not value:
            raise wrong("a list with something in it", value, f"[one], [one, another], or the word {word}")
        return value

    return _WordOrList(read, word=word)


@dataclass(frozen=True, slots=True)
class _WordOrList(BeforeValidator):
    """A list that may be one word instead, and what an editor is told of it."""

    word: str = ""

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, object]:
        return {"anyOf": [{"const": self.word}, handler(core) | {"minItems": 1}]}


# What an editor is told of a value. It reads bare digits as a number where this reader keeps the letters: both will do.
_AS_NUMBER = {"type": ["string", "number"], "pattern": f"^{NUMBER.pattern}$", "examples": ["7", "0.05"]}
_AS_COUNT = {"type": ["string", "integer"], "pattern": f"^({_COUNT.pattern})$", "minimum": 0, "maximum": 9999}
_AS_DURATION = {"type": "string", "pattern": "^-?[0-9]{1,4}(min|h|d|w)$", "examples": ["90min", "24h", "-7d", "2w"]}
_AS_SPAN = {"type": "string", "pattern": "^(?!0+[a-z])[0-9]{1,4}(min|h|d|w)$", "examples": ["90min", "24h", "7d"]}

Number = Annotated[Decimal, PlainValidator(_number), WithJsonSchema(_AS_NUMBER)]
Whole = Annotated[int, PlainValidator(_count), WithJsonSchema(_AS_COUNT)]
Counted = Annotated[
    int,
    PlainValidator(_count),
    AfterValidator(_positive),
    WithJsonSchema(_AS_COUNT | {"pattern": "^[1-9][0-9]{0,3}$", "minimum": 1}),
]
Duration = Annotated[DomainDuration, PlainValidator(_duration), WithJsonSchema(_AS_DURATION)]
Span = Annotated[DomainDuration, PlainValidator(_duration), AfterValidator(_span), WithJsonSchema(_AS_SPAN)]
YesNo = Annotated[bool, PlainValidator(_yes_no), WithJsonSchema({"enum": ["yes", "no"]})]
OnlyYes = Annotated[Literal[True], PlainValidator(_only_yes), WithJsonSchema({"const": "yes"})]
Text = Annotated[
    str,
    StringConstraints(strict=True, min_length=1, max_length=300, pattern=_TEXT),
    WithJsonSchema({"type": ["string", "number"], "minLength": 1, "maxLength": 300, "pattern": _TEXT}),
]
Code = Annotated[str, StringConstraints(strict=True, pattern=_CODE)]
Name = Annotated[
    Code,
    AfterValidator(_own_name),
    WithJsonSchema({"type": "string", "pattern": _CODE, "not": {"enum": [*RESERVED]}}),
]
Ref = Annotated[str, StringConstraints(strict=True, pattern=r"^[a-z][a-z0-9_./]{0,119}$")]
SourceKey = Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Z][A-Z0-9]{1,11}$")]
Names = Annotated[tuple[Name, ...], BeforeValidator(some), AfterValidator(once)]
Codes = Annotated[tuple[Code, ...], BeforeValidator(some), AfterValidator(once)]
Roles = Annotated[tuple[Role, ...], BeforeValidator(some), AfterValidator(once)]
Told = Annotated[str, PlainValidator(_told), WithJsonSchema({"enum": [*NAMES, *Role]})]
Pair = Annotated[
    tuple[Number, ...],
    AfterValidator(_two),
    WithJsonSchema({"type": "array", "items": _AS_NUMBER, "minItems": 2, "maxItems": 2}),
]
Mark = Literal["R", "U", "D"]
Amount = Annotated[
    Decimal | str,
    PlainValidator(_amount),
    WithJsonSchema({"anyOf": [_AS_NUMBER, {"type": "string", "pattern": r"^\$[a-z][a-z0-9_]{0,58}$"}]}),
]
Grade = Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Za-z0-9][A-Za-z0-9+_-]{0,19}$")]
Remark = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=900, pattern=_TEXT)]
