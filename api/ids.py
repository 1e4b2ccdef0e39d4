"""How things inside an episode are named in paths: `{episode}~{key}`.

An episode is a UUID and keys are made of letters, digits, `.`, `_` and `-`, so that the tilde, which a URL may hold
unescaped, splits an id in exactly one way. Observations, tasks, appointments and messages are all named so.
A cursor is the sort key of the last line of a page, in URL-safe base64; it is of use only where it came from.
"""

import base64
import json
import re
from datetime import UTC, datetime

from workflow.domain.errors import ImpossibleInputError, NotFoundError

_UUID = re.compile(r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z", re.ASCII)
_KEY = re.compile(r"^[A-Za-z0-9._-]{1,200}\Z", re.ASCII)
_LONGEST_CURSOR = 400


def episode_of(text: str) -> str:
    """An episode's id as it is kept. Raises NotFoundError for anything else: there is no such thing."""
    plain = text.lower()
    if not _UUID.match(plain):
        raise NotFoundError
    return plain


def thing_of(text: str) -> tuple[str, str]:
    """The episode and the key of something inside it. Raises NotFoundError."""
    episode, _, key = text.partition("~")
    if not _KEY.match(key):
        raise NotFoundError
    return episode_of(episode), key


def name(episode: str, key: str) -> str:
    """The id of something inside an episode."""
    return f"{episode}~{key}"


def cursor(at: datetime, *parts: str) -> str:
    """Where a page ended: its last line's time, and what tells lines of the same time apart."""
    return base64.urlsafe_b64encode(json.dumps([at.isoformat(), *parts]).encode()).decode().rstrip("=")


def after(text: str | None, parts: int) -> tuple[datetime | None, tuple[str | None, ...]]:
    """Where a page begins: the time and the parts of a cursor, or nothing. Raises ImpossibleInputError."""
    if text is None:
        return None, (None,) * parts
    opened = _opened(text) if len(text) <= _LONGEST_CURSOR else None
    if opened is None or len(opened[1]) != parts or not _UUID.match(opened[1][0]):
        allowed = "`next` of the page before"
        raise ImpossibleInputError("this cursor is none of ours", place="cursor", allowed=allowed)
    return opened


def _opened(text: str) -> tuple[datetime, tuple[str, ...]] | None:
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        found = json.loads(raw)
        if not isinstance(found, list) or not all(isinstance(each, str) and each.isprintable() for each in found):
            return None
        moment, *rest = found
        return datetime.fromisoformat(moment).astimezone(UTC), tuple(rest)
    except (ValueError, OverflowError, RecursionError):
        return None
