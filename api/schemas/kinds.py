"""The kinds of values on the wire. Nothing is guessed: `true` is no number, "7" is no number, a time has an offset."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from api.strict import printable

_INSTANT = re.compile(r"^(\d{4})-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-](0\d|1[0-4]):[0-5]\d)\Z", re.ASCII)
_EARLIEST_YEAR, _LATEST_YEAR = 1900, 2200


class Wire(BaseModel):
    """Anything that is sent or received."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Wanted(BaseModel):
    """What a list is asked for in the query: text by nature, so numbers are read from it."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def example(**fields: Any) -> ConfigDict:
    """A model's example, as the interface's description shows it."""
    return ConfigDict(json_schema_extra={"examples": [fields]})


def _instant(value: object) -> object:
    if not isinstance(value, str):
        return value
    allowed = "like 2026-11-22T14:05:00+01:00"
    found = _INSTANT.match(value)
    if found is None:
        raise PydanticCustomError("impossible_time", "a time with its offset is asked for", {"allowed": allowed})
    if not _EARLIEST_YEAR <= int(found.group(1)) <= _LATEST_YEAR:
        years = f"{_EARLIEST_YEAR} to {_LATEST_YEAR}"
        raise PydanticCustomError("impossible_time", "this year cannot be meant", {"allowed": years})
    try:
        return datetime.fromisoformat(value).astimezone(UTC)
    except ValueError:
        raise PydanticCustomError("impossible_time", "there is no such time", {"allowed": allowed}) from None


def _number(value: object) -> object:
    whole = isinstance(value, int) and not isinstance(value, bool)
    if whole or isinstance(value, Decimal):
        return Decimal(value)  # type: ignore[arg-type]  # checked above
    raise PydanticCustomError("number", "a JSON number is asked for", {"allowed": "like 7 or 7.5"})


def _value(value: object) -> object:
    if isinstance(value, str):
        return value
    whole = isinstance(value, int) and not isinstance(value, bool)
    if whole or isinstance(value, Decimal):
        return Decimal(value)  # type: ignore[arg-type]  # checked above
    raise PydanticCustomError("value", "a JSON number or text is asked for", {"allowed": 'like 7, "yes" or "none"'})


def _day(value: str) -> str:
    try:
        day = date.fromisoformat(value)
    except ValueError:
        day = None
    if day is None or day.isoformat() != value or not _EARLIEST_YEAR <= day.year <= _LATEST_YEAR:
        allowed = {"allowed": "YYYY-MM-DD"}
        raise PydanticCustomError("impossible_date", "there is no such day", allowed)
    return value


def shown(value: str) -> str:
    if not printable(value):
        raise PydanticCustomError("unprintable", "a character that cannot be shown", {"allowed": "text on one line"})
    return value


def said(value: str) -> str:
    if not value.strip():
        raise PydanticCustomError("empty", "something is to be said here", {"allowed": "not only spaces"})
    return value


Instant = Annotated[
    datetime,
    BeforeValidator(_instant),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-11-22T14:05:00+01:00"]}),
]
Number = Annotated[Decimal, BeforeValidator(_number), WithJsonSchema({"type": "number", "examples": [0.2]})]
Value = Annotated[
    Decimal | str,
    PlainValidator(_value),
    WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string"}], "examples": [7, "yes"]}),
]
Day = Annotated[
    str,
    AfterValidator(_day),
    WithJsonSchema({"type": "string", "format": "date", "examples": ["1961-04-30"]}),
]
Name = Annotated[str, Field(min_length=1, max_length=80)]  # a name the protocol declares
Reason = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(said)]
Note = Annotated[str, Field(max_length=500)]
Unit = Annotated[str, Field(max_length=40)]
Asked = Annotated[str, Field(min_length=1, max_length=120), AfterValidator(shown)]  # text in a query
