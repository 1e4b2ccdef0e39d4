"""Chance, and the one place it comes from: a seeded generator handed in by the caller. Times are whole minutes."""

import math
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import TypeVar

from workflow.domain.calendar import Calendar, TimeKind

T = TypeVar("T")

_NINE_IN_TEN = 1.2815515655446004  # standard normal quantile of 0.9
_LONGEST = 5 * 366 * 24 * 60  # minutes; a tail further out than this says nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long work takes from when it is there: half of it within `median`, nine tenths within `p90`, in minutes.

    Log-normal, as waiting times mostly are; in working time only the site's open hours count.
    """

    median: int
    p90: int
    time: TimeKind

    def draw(self, chance: Random) -> int:
        spread = math.log(self.p90 / self.median) / _NINE_IN_TEN
        return max(1, min(_LONGEST, round(self.median * math.exp(spread * chance.gauss(0.0, 1.0)))))


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighted:
    """Values as they are written, each as often as its weight says."""

    values: tuple[str, ...]
    weights: tuple[float, ...]

    def draw(self, chance: Random) -> str:
        return chance.choices(self.values, self.weights)[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Between:
    """Any number from `low` to `high`, each as likely, with so many decimals."""

    low: Decimal
    high: Decimal
    decimals: int

    def draw(self, chance: Random) -> str:
        scale = 10**self.decimals
        return f"{Decimal(chance.randint(int(self.low * scale), int(self.high * scale))) / scale:f}"


Values = Weighted | Between


def happens(chance: Random, percent: Decimal) -> bool:
    """Whether something of this likelihood happens now."""
    return chance.random() * 100 < percent


def one_of(chance: Random, things: list[T]) -> T:
    """Any of these, each as likely."""
    return things[chance.randrange(len(things))] if len(things) > 1 else things[0]


def minutes_of(calendar: Calendar, amount: int, unit: str, time: TimeKind) -> int:
    """A span in minutes; a working day has the site's open hours, a working week its working days."""
    day = 24 * 60
    week = 7
    if time is TimeKind.WORKING:
        day, week = calendar.open_minutes, len(calendar.weekdays)
    return amount * {"min": 1, "h": 60, "d": day, "w": week * day}[unit]
