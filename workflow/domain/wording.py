"""Words our sentences share: a moment as people say it, a label inside a sentence, a code without its underscores."""

import re
from collections.abc import Sequence
from datetime import datetime

from workflow.domain.calendar import Calendar

_ENDS_A_SENTENCE = re.compile(r"[.?!]+\s+(\w)")


def moment(calendar: Calendar, at: datetime, *, now: datetime) -> str:
    """A moment on the site's clock: today 14:30, tomorrow 09:00, Tuesday 24 November 10:00, 3 March 2025 09:00."""
    local, here = calendar.local(at), calendar.local(now)
    days = (local.date() - here.date()).days
    near = {-1: "yesterday", 0: "today", 1: "tomorrow"}.get(days)
    if near is not None:
        return f"{near} {local:%H:%M}"
    if local.year == here.year or 0 < days < 180:
        return f"{local:%A} {local.day} {local:%B %H:%M}"
    return f"{local.day} {local:%B %Y %H:%M}"


def inside(label: str) -> str:
    """A label as a part of a sentence: no full stop ends it early, and a comma in it parts nothing else."""
    said = _ENDS_A_SENTENCE.sub(lambda found: f", {found[1].lower()}", label).rstrip(".?! ")
    return f"'{said}'" if ", " in said else said


def plain(code: str) -> str:
    """A code as words: waiting_for_payer, on_call."""
    return code.replace("_", " ")


def listed(words: Sequence[str]) -> str:
    """Words joined as people join them: a, b and c."""
    return " and ".join(part for part in (", ".join(words[:-1]), "".join(words[-1:])) if part)


def some_of(words: Sequence[str], *, most: int) -> str:
    """The first few, and how many more there are."""
    more = len(words) - most
    return listed(words) if more <= 0 else f"{', '.join(words[:most])} and {more} more"


def counted(number: int, thing: str) -> str:
    """1 attempt, 2 attempts."""
    return f"{number} {thing}{'' if number == 1 else 's'}"
