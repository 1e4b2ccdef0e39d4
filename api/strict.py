"""JSON as this interface takes it: what cannot be read in exactly one way is refused before anything looks at it.

Decimals keep their scale. NaN, Infinity, numbers too long to be meant, the same key twice, and characters that
no keyboard makes (NUL, controls, lone surrogates, marks that reverse the reading direction) have no place here.
"""

import json
import re
from decimal import Decimal, InvalidOperation

from api.refused import UnreadableError

DEEPEST = 20
_LONGEST_NUMBER = 30
_LARGEST_EXPONENT = 20
_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef\ufeff\ufffe\uffff]"
)
_NAME = re.compile(r"^[A-Za-z0-9_-]{1,64}\Z", re.ASCII)


def parse(body: bytes) -> object:
    """The value a body holds. Raises UnreadableError naming the place."""
    try:
        value: object = json.loads(
            body.decode("utf-8"),
            parse_float=_decimal,
            parse_int=_integer,
            parse_constant=_no_number,
            object_pairs_hook=_object,
        )
    except UnicodeDecodeError:
        raise UnreadableError("the body is not UTF-8") from None
    except RecursionError:
        raise UnreadableError("nested too deep", allowed=f"{DEEPEST} levels") from None
    except json.JSONDecodeError as wrong:
        raise UnreadableError(f"not JSON at line {wrong.lineno}, column {wrong.colno}", place="body") from None
    _check(value, place="", depth=0)
    return value


def printable(text: str) -> bool:
    """Whether a text holds only characters a person could have meant."""
    return _UNPRINTABLE.search(text) is None


def place_of(parts: tuple[int | str, ...]) -> str:
    """Where something stands, as `trials[0].drug`. Names nobody declares are shown only where they are harmless."""
    place = ""
    for part in parts:
        if isinstance(part, int):
            place += f"[{part}]"
        else:
            place += ("." if place else "") + (part if _NAME.match(part) else "?")
    return place


def _check(value: object, *, place: str, depth: int) -> None:
    if depth > DEEPEST:
        raise UnreadableError("nested too deep", place=place, allowed=f"{DEEPEST} levels")
    match value:
        case str():
            _check_text(value, place)
        case list():
            for number, each in enumerate(value):
                _check(each, place=f"{place}[{number}]", depth=depth + 1)
        case dict():
            for key, each in value.items():
                here = f"{place}.{place_of((key,))}".lstrip(".")
                _check_text(key, here)
                _check(each, place=here, depth=depth + 1)


def _check_text(text: str, place: str) -> None:
    if not printable(text):
        raise UnreadableError("a character that cannot be shown", place=place, allowed="text on one line")


def _decimal(text: str) -> Decimal:
    try:
        number = Decimal(text) if len(text) <= _LONGEST_NUMBER else None
    except InvalidOperation:
        number = None
    if number is None or abs(number.adjusted()) > _LARGEST_EXPONENT or (number.is_zero() and number.is_signed()):
        raise UnreadableError("a number nobody could mean", allowed=f"at most {_LONGEST_NUMBER} digits")
    return number


def _integer(text: str) -> int:
    if len(text) > _LONGEST_NUMBER:
        raise UnreadableError("a number nobody could mean", allowed=f"at most {_LONGEST_NUMBER} digits")
    return int(text)


def _no_number(text: str) -> object:
    raise UnreadableError(f"{text.lstrip('-')} is not a number here", allowed="a finite decimal")


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in pairs:
        if name in found:
            raise UnreadableError("the same name twice in one object", place=place_of((name,)))
        found[name] = value
    return found
