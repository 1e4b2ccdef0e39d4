"""Scores laid out by hand around one dose, and the response they give: nobody walks, nothing is read from a file."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import MappingProxyType

from world import LONDON, PROTOCOL

from workflow.domain.calendar import Duration
from workflow.domain.criterion import Operator
from workflow.domain.episode import Episode
from workflow.domain.item import Item, Kind
from workflow.domain.observation import Absence, Observation
from workflow.domain.parameter import Parameter
from workflow.domain.protocol import Drug
from workflow.domain.response import Judgement, Response, respond
from workflow.domain.response_rule import BaselineRule, Line, ResponseRule
from workflow.domain.trial import Administration, Method, Mode, Trial
from workflow.domain.view import View

FIRST = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
GRADES = {"mild": Decimal(1), "grave": Decimal(4)}
DRUG = Drug(
    key="x",
    label="X",
    unit="mg",
    minimum=Decimal(0),
    maximum=Decimal(1),
    hard_maximum=Decimal(1),
    onset=Duration(1, "h"),
    lasts=Duration(24, "h"),
    observe=Duration(24, "h"),
)
LIMIT = Parameter(key="limit", label="L", unit="%", default=Decimal(30), minimum=Decimal(1), maximum=Decimal(99))
WORLD = replace(
    PROTOCOL,
    items=MappingProxyType(
        {
            "nrs": Item(key="nrs", label="Pain", kind=Kind.NUMBER),
            "mas": Item(key="mas", label="Tone", kind=Kind.GRADE, grades=GRADES),
            "origin": Item(key="origin", label="Origin", kind=Kind.TEXT),
            "walks": Item(key="walks", label="Walking", kind=Kind.TEXT),
            "bears": Item(key="bears", label="Bearing it", kind=Kind.YES_NO),
        }
    ),
    drugs=MappingProxyType({"x": DRUG}),
    parameters=MappingProxyType({"limit": LIMIT}),
)
RULE = ResponseRule(
    instrument="nrs",
    lower_is_better=True,
    baseline=BaselineRule(
        window=Duration(7, "d"),
        days=2,
        ended_within=Duration(14, "d"),
        predose_within=None,
        void_by="changed",
        floor=Decimal(4),
    ),
    operator=Operator.ABOVE,
    lines=MappingProxyType({"": Line(number=Decimal(50))}),
    scores=2,
)
TRIAL = Trial(key="1", method=Method.CATHETER, drug="x", started_at=FIRST - 99 * HOUR)


def seen(hours: float, value: str | Absence, *, item: str = "nrs", trial: int | None = 1) -> Observation:
    """A value so many hours after the first dose. Its key tells when."""
    at = FIRST + timedelta(hours=hours)
    number = Decimal(value) if item == "nrs" and not isinstance(value, Absence) else None
    return Observation(
        key=f"{round(hours * 3600) + 10**6}.1",
        item=item,
        observed_at=at,
        recorded_at=at,
        by="nils",
        number=number,
        text=None if number is not None or isinstance(value, Absence) else value,
        absent=value if isinstance(value, Absence) else None,
        trial=trial,
    )


def keys(*hours: float) -> tuple[str, ...]:
    return tuple(seen(hour, "0").key for hour in hours)


def dose(
    hours: float = 0, given: str = "0.2", *, mode: Mode = Mode.BOLUS, trial: int = 1, drug: str = "x"
) -> Administration:
    amount = Decimal(given)
    return Administration(
        key=f"d{hours}",
        trial=trial,
        drug=drug,
        mode=mode,
        ordered=amount,
        given=amount,
        unit="mg",
        given_at=FIRST + timedelta(hours=hours),
        by="nils",
        act="puncture",
    )


def diary(value: str = "8") -> tuple[Observation, ...]:
    return seen(-48, value, trial=None), seen(-24, value, trial=None)


def told(
    *observed: Observation,
    rule: ResponseRule = RULE,
    before: tuple[Observation, ...] = diary(),
    doses: tuple[Administration, ...] = (dose(),),
    at: float = 200,
    trial: Trial = TRIAL,
    settings: dict[str, Decimal] | None = None,
) -> Response:
    """The response so many hours after the first dose."""
    episode = Episode(
        id="e",
        site="s",
        candidate="c",
        trials={"1": trial},
        observations={str(n): one for n, one in enumerate((*before, *observed))},
        administrations={one.key: one for one in doses},
    )
    now = FIRST + timedelta(hours=at)
    return respond(rule, View(WORLD, episode, now, LONDON, settings=settings or {}), trial)


def scored(*values: str) -> tuple[Observation, ...]:
    """Scores two hours apart after the first dose."""
    return tuple(seen(2 * place, value) for place, value in enumerate(values, start=1))


def unknown(because: str, scores: tuple[str, ...] = (), base: tuple[str, ...] = keys(-48, -24)) -> Response:
    """No answer, and the scores it was looked for in."""
    return Response(verdict=Judgement.UNJUDGED, because=because, scores=scores, baseline_scores=base)
