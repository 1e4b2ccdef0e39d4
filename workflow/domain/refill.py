"""When a pump must be filled again: the earlier of arithmetic and what the pump printed. No dose is computed.

arithmetic = filled + (volume - reserve) x concentration / daily dose, at most as long as the filling keeps,
less the margin. Missing any input it is unknown, and the printed date alone counts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from workflow.domain.calendar import Duration
from workflow.domain.item import Basis


@dataclass(frozen=True, slots=True, kw_only=True)
class RefillRule:
    """The items a refill is worked out from, and how long a filling of each kind keeps."""

    filled_at: str  # time item: when the pump was filled
    volume: str  # number item, mL
    reserve: str  # number item, mL: where the pump calls itself low
    concentration: str  # number item, per mL
    daily_dose: str  # number item, per day, as set on the pump
    printed: str  # date item: the low-reservoir date on the pump's own sheet
    kind: str  # choice item: which of `keeps` this filling is
    keeps: Mapping[str, Duration]
    margin: Duration
    basis: Basis = Basis()

    @property
    def inputs(self) -> tuple[str, ...]:
        return (
            self.filled_at,
            self.volume,
            self.reserve,
            self.concentration,
            self.daily_dose,
            self.printed,
            self.kind,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Refill:
    """The two dates, where each is known. `due_at` is the earlier of them."""

    reckoned: datetime | None
    printed: datetime | None
    kept: datetime | None = None  # no filling of any kind keeps longer: a printed date beyond it is not believed

    @property
    def due_at(self) -> datetime | None:
        told = [at for at in (self.reckoned, self.printed) if at is not None]
        return min((*told, self.kept or told[0])) if told else None

    @property
    def gap(self) -> timedelta | None:
        """How far apart the two are; None unless both are known."""
        return None if self.reckoned is None or self.printed is None else abs(self.reckoned - self.printed)


def reckon(
    rule: RefillRule, *, filled_at: datetime | None, numbers: Mapping[str, Decimal], kind: str | None
) -> datetime | None:
    """When the arithmetic says the pump is due; None where an input is missing or cannot be."""
    named = (rule.volume, rule.reserve, rule.concentration, rule.daily_dose)
    if filled_at is None or any(name not in numbers for name in named):
        return None
    volume, reserve, concentration, daily = (numbers[name] for name in named)
    if daily <= 0 or volume <= reserve or concentration <= 0:
        return None
    minutes = int((volume - reserve) * concentration * 24 * 60 / daily)
    longest = rule.keeps.get(kind or "")
    if longest is None:
        return None
    return filled_at + timedelta(minutes=min(minutes, longest.minutes) - rule.margin.minutes)
