"""One canonical form for everything that is hashed, and the way back from it to values.

Sorted ASCII keys; strings and integers only; decimals as entered; times in UTC with six decimals and Z; text
in NFC; what is absent has no key. The same bytes for the same facts, for ever: see docs/ledger.md.
"""

import json
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from types import NoneType, UnionType
from typing import Any, TypeAlias, TypeVar, Union, get_args, get_origin, get_type_hints

Plain: TypeAlias = "str | int | list[Plain] | dict[str, Plain]"
T = TypeVar("T")
_Revive = Callable[[object], object]
_Form = Callable[[Any], "Plain"]


def instant(at: datetime) -> str:
    """A moment as canonical text. Raises ValueError where the time is naive."""
    if at.tzinfo is None:
        raise ValueError("a time without an offset")
    return at.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def plain(value: object) -> Plain:
    """A value as strings, integers, lists and dicts. Raises TypeError for what has no canonical form."""
    return _FORMS[type(value)](value)


def canonical(value: object) -> bytes:
    """The bytes that are hashed."""
    return written(plain(value))


def written(image: Plain) -> bytes:
    """The same bytes, of a value that is plain already."""
    return _SORTED.encode(image).encode("ascii")


def revive(cls: type[T], data: object) -> T:
    """A dataclass from its plain form. Raises ValueError or KeyError where it does not fit."""
    if not isinstance(data, Mapping):
        raise ValueError(f"{cls.__name__} is written as an object")  # noqa: TRY004 - one kind of error for bad data
    revivers = _REVIVERS.get(cls) or _fields(cls)
    return cls(**{name: revivers[name](item) for name, item in data.items() if item is not None})


class _Forms(dict[type, _Form]):
    """How values of each class are made plain; worked out once per class. The first kind that fits counts."""

    def __missing__(self, cls: type) -> _Form:
        known = next((form for kind, form in _KINDS if issubclass(cls, kind)), None)
        self[cls] = known or (_of_fields(cls) if is_dataclass(cls) else _refused)
        return self[cls]


_FORMS = _Forms()
_SORTED = json.JSONEncoder(sort_keys=True, separators=(",", ":"))


def _letters(value: str) -> str:
    return value if value.isascii() else unicodedata.normalize("NFC", value)


def _of_mapping(value: Mapping[object, object]) -> Plain:
    return {str(key): _FORMS[type(item)](item) for key, item in value.items() if item is not None}


def _of_fields(cls: type) -> _Form:
    names = tuple(field.name for field in fields(cls))

    def form(value: object) -> Plain:
        found = ((name, getattr(value, name)) for name in names)
        return {name: _FORMS[type(item)](item) for name, item in found if item is not None}

    return form


def _refused(value: object) -> Plain:
    raise TypeError(f"{type(value).__name__} has no canonical form")


_KINDS: tuple[tuple[type | tuple[type, ...], _Form], ...] = (
    (Enum, lambda value: str(value.value)),
    (str, _letters),
    ((bool, float), _refused),
    (int, lambda value: value),
    (datetime, instant),
    (date, lambda value: value.isoformat()),
    (Decimal, lambda value: format(value, "f")),
    (Mapping, _of_mapping),
    ((tuple, list), lambda value: [plain(item) for item in value]),
)
_REVIVERS: dict[type, dict[str, _Revive]] = {}


def _fields(cls: type) -> dict[str, _Revive]:
    """How to read each field of a dataclass back; worked out once per class."""
    _REVIVERS[cls] = {name: _reviver(hint) for name, hint in get_type_hints(cls).items()}
    return _REVIVERS[cls]


def _reviver(hint: object) -> _Revive:
    origin, args = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return _reviver(next(arg for arg in args if arg is not NoneType))
    if origin is tuple:
        one = _reviver(args[0])
        return lambda value: tuple(one(item) for item in _listed(value))
    if hint is datetime:
        return lambda value: datetime.fromisoformat(str(value)).astimezone(UTC)
    if hint is Decimal:
        return lambda value: Decimal(str(value))
    if hint is int:
        return lambda value: int(str(value))
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint
    if isinstance(hint, type) and is_dataclass(hint):
        return lambda value: revive(hint, value)
    return str


def _listed(value: object) -> list[object]:
    if not isinstance(value, list | tuple):
        raise ValueError("a list was expected")  # noqa: TRY004 - one kind of error for bad data
    return list(value)
