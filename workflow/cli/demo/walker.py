"""One invented candidate, walked along the pathway over HTTP, each step told with what the service answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from http import HTTPStatus
from typing import NoReturn
from zoneinfo import ZoneInfo

from workflow.cli.demo.clinic import Body, Clinic, Reply, Words
from workflow.cli.demo.telling import PASSES, Mark, Telling, barring

When = tuple[int, str] | None  # (days ago, time of day at the site); None is now


@dataclass(frozen=True, slots=True)
class Absent:
    """Why there is no value: it fills its place in a round, and is no score."""

    because: str


Value = str | int | Decimal | Absent
Values = Mapping[str, Value]


class StrayedError(Exception):
    """The service answered a step with something else than it should."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Invented:
    """Somebody who does not exist."""

    number: str = ""  # of the record; a new one in each run
    family_name: str
    given_name: str
    birth_date: str
    reason: str
    origin: str = "non_cancer"

    @property
    def name(self) -> str:
        return f"{self.given_name} {self.family_name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """Turns "so many days ago at 09:30" into a moment at the site."""

    zone: ZoneInfo
    today: date

    def at(self, when: When) -> str | None:
        """The moment with its offset, or None for now."""
        if when is None:
            return None
        days, clock = when
        return datetime.combine(self.today - timedelta(days=days), time.fromisoformat(clock), self.zone).isoformat()

    def after(self, when: tuple[int, str], minutes: int) -> str:
        """So many minutes after a moment."""
        days, clock = when
        began = datetime.combine(self.today - timedelta(days=days), time.fromisoformat(clock), self.zone)
        return (began.astimezone(UTC) + timedelta(minutes=minutes)).astimezone(self.zone).isoformat()

    def now(self) -> str:
        return datetime.now(self.zone).isoformat(timespec="seconds")

    def shown(self, when: When) -> str:
        if when is None:
            return "now"
        return f"{self.today - timedelta(days=when[0]):%d %b} {when[1]}"


@dataclass(slots=True, kw_only=True)
class Walker:
    """An invented candidate and the service's last word on where they stand."""

    clinic: Clinic
    telling: Telling
    words: Words
    past: Past
    who: Invented
    site: str
    protocol: str
    episode: str = ""
    code: str = ""
    stage: str = ""
    version: int = 0
    refusals: list[list[Body]] = field(default_factory=list)

    def refer(self, by: str, when: When) -> None:
        """Enrol as of the day the referral came."""
        candidate = {
            "external_id": self.who.number,
            "family_name": self.who.family_name,
            "given_name": self.who.given_name,
            "birth_date": self.who.birth_date,
        }
        asked = {
            "candidate": candidate,
            "site": self.site,
            "protocol": self.protocol,
            "occurred_at": self.past.at(when),
        }
        reply = self._must(self.clinic.tell(by, "/episodes", asked), HTTPStatus.CREATED)
        self.episode = str(reply.body["episode"])
        self._look(by)
        self._say(when, by, "Referral registered", answer=f"{self.words.stage(self.stage)}, code {self.code}")

    def record(self, by: str, when: When, what: str, values: Values) -> None:
        """Record values as they were observed at one moment."""
        self._observe(by, when, what, [(self.past.at(when), item, value) for item, value in values.items()])

    def scores(self, by: str, what: str, scores: list[tuple[tuple[int, str], int]]) -> None:
        """Record pain scores, each at its own moment."""
        shown = f"{what}: {' '.join(str(score) for _, score in scores)}"
        told: list[tuple[str | None, str, Value]] = [(self.past.at(when), "nrs", score) for when, score in scores]
        self._observe(by, scores[-1][0], shown, told, counted=False)

    def watched(
        self, by: str, given: tuple[int, str], minutes: Sequence[int], scores: Sequence[int], others: Values
    ) -> None:
        """Every round after a dose: a score in the first ones, asleep from then on, and everything else in each."""
        told: list[tuple[str | None, str, Value]] = []
        for number, minute in enumerate(minutes):
            at = self.past.after(given, minute)
            score: Value = scores[number] if number < len(scores) else Absent("asleep")
            told += [(at, "nrs", score), *((at, item, value) for item, value in others.items())]
        shown = f"{len(minutes)} rounds watched, pain {' '.join(str(score) for score in scores)}, then asleep"
        self._observe(by, given, shown, told, counted=False)

    def go(self, by: str, name: str, when: When = None, *, reason: str | None = None) -> None:
        """Take a transition that must be open."""
        reply = self._ask_to_go(by, name, when, reason)
        if reply.outcome != "done":
            self._strayed(by, when, self.words.transition(name), reply)
        self._went(by, when, name, reply)

    def together(
        self, name: str, first: tuple[str, When], second: tuple[str, When], *, reason: str | None = None
    ) -> None:
        """Take a transition that two people must ask for, both as of the same time."""
        by, when = first
        reply = self._ask_to_go(by, name, when, reason)
        if reply.outcome != "proposed":
            self._strayed(by, when, self.words.transition(name), reply)
        self.version = reply.body["version"]
        asked = "signed" if reply.body["about"].get("signed") else "asked for"
        self._say(when, by, self.words.transition(name), mark=Mark.ASKED, answer=f"{asked}; a second person must agree")
        self.go(second[0], name, second[1], reason=reason)

    def barred(self, by: str, name: str, when: When = None, *, reason: str | None = None) -> list[Body]:
        """Try a transition that must be refused; answers the gates that barred it."""
        reply = self._ask_to_go(by, name, when, reason)
        if reply.outcome != "refused":
            self._strayed(by, when, self.words.transition(name), reply)
        answer = f"refused: {_open(reply.gates)}"
        self._say(when, by, self.words.transition(name), mark=Mark.REFUSED, answer=answer)
        self.telling.reports(reply.gates)
        self._look(by)
        return barring(reply.gates)

    def dose(self, by: str, when: When, drug: str, amount: Decimal, unit: str, *, mode: str = "bolus") -> None:
        """Record a dose as ordered and as given in the trial under way."""
        asked = {
            "drug": drug,
            "mode": mode,
            "ordered": float(amount),
            "given": float(amount),
            "unit": unit,
            "given_at": self.past.at(when),
        }
        number = len(self._look(by).body["trials"])
        reply = self.clinic.tell(by, f"/episodes/{self.episode}/trials/{number}/administrations", asked)
        what = f"{drug.capitalize()} {amount} {unit} given, {mode}, trial {number}"
        self._must(reply, HTTPStatus.CREATED, (by, when, what))
        self._heard(reply)
        self._say(when, by, what, answer=f"as ordered; {self._duties(by)}")

    def appoint(self, by: str, kind: str, *, in_days: int, clock: str, what: str) -> None:
        """Plan a procedure or visit."""
        starts = self.past.at((-in_days, clock))
        reply = self.clinic.tell(by, f"/episodes/{self.episode}/appointments", {"kind": kind, "starts_at": starts})
        self._must(reply, HTTPStatus.CREATED, (by, None, what))
        self._heard(reply)
        self._say(None, by, f"{what} on {self.past.shown((-in_days, clock))}")

    def why(self, by: str) -> None:
        """Ask the service why this candidate is not moving."""
        reply = self._must(self.clinic.ask(by, f"/episodes/{self.episode}/why"), HTTPStatus.OK)
        self._say(None, by, "Why is this candidate not moving?")
        self.telling.line(str(reply.body["sentence"]), indent=19)

    def stands(self, by: str) -> str:
        """Where the service says they stand now."""
        self._look(by)
        return self.stage

    def _observe(
        self, by: str, when: When, what: str, values: list[tuple[str | None, str, Value]], *, counted: bool = True
    ) -> None:
        asked = [
            {"item": item, "observed_at": at or self.past.now(), **self._said(item, value)}
            for at, item, value in values
        ]
        reply = self.clinic.tell(by, f"/episodes/{self.episode}/observations", asked)
        self._must(reply, HTTPStatus.CREATED, (by, when, what))
        self._heard(reply)
        about = reply.body["about"]
        answer = f"{len(values)} recorded" if counted and len(values) > 1 else ""
        if about.get("response_after") in ("met", "not met"):
            answer = f"response {about['response_after']}: {about['because']}"
        self._say(when, by, what, answer=answer)

    def _said(self, item: str, value: Value) -> dict[str, object]:
        match value:
            case Absent(because):
                return {"absent": because}
            case str():
                return {"value": value}
            case Decimal():
                return {"value": float(value), "unit": self.words.unit(item)}
            case _:
                return {"value": value, "unit": self.words.unit(item)}

    def _ask_to_go(self, by: str, name: str, when: When, reason: str | None) -> Reply:
        asked = {"name": name, "occurred_at": self.past.at(when), "reason": reason}
        step: Body = {key: value for key, value in asked.items() if value is not None}
        signed = self._signed(by, step) if self.words.is_signed(name) else {}
        return self.clinic.tell(by, f"/episodes/{self.episode}/transitions", {**step, **signed}, version=self.version)

    def _signed(self, by: str, step: Body) -> Body:
        """A signature by password, on what the service shows first."""
        shown = self.clinic.tell(by, f"/episodes/{self.episode}/signing", {"transition": step})
        self._must(shown, HTTPStatus.OK)
        return {"signature": {"digest": shown.body["digest"], "password": self.clinic.people[by].password}}

    def _went(self, by: str, when: When, name: str, reply: Reply) -> None:
        before = self.stage
        self._heard(reply)
        moved = f" -> {self.words.stage(self.stage)}" if self.stage != before else ""
        signed = ", signed" if reply.body["about"].get("signed") else ""
        self._say(when, by, f"{self.words.transition(name)}{moved}", answer=_open(reply.gates) + signed)

    def _duties(self, by: str) -> str:
        duties = [duty["label"] for duty in self._look(by).body["duties"]]
        return f"duties open: {', '.join(duties)}" if duties else "no duty open"

    def _look(self, by: str) -> Reply:
        reply = self._must(self.clinic.ask(by, f"/episodes/{self.episode}"), HTTPStatus.OK)
        self.code, self.stage = str(reply.body["code"]), str(reply.body["stage"]["key"])
        self.version = int(reply.body["version"])
        return reply

    def _heard(self, reply: Reply) -> None:
        self.stage, self.version = str(reply.body["stage"]), int(reply.body["version"])

    def _say(self, when: When, by: str, what: str, *, mark: Mark = Mark.DONE, answer: str = "") -> None:
        self.telling.step(self.past.shown(when), str(self.clinic.people[by]), what, mark=mark, answer=answer)

    def _must(self, reply: Reply, status: HTTPStatus, step: tuple[str, When, str] | None = None) -> Reply:
        if reply.status != status:
            if step is None:
                raise StrayedError(reply.trouble)
            self._strayed(*step, reply)
        return reply

    def _strayed(self, by: str, when: When, what: str, reply: Reply) -> NoReturn:
        self._say(when, by, what, mark=Mark.REFUSED, answer=reply.trouble)
        self.telling.reports(reply.gates)
        raise StrayedError(f"{what}: {reply.trouble}")


def _open(gates: list[Body]) -> str:
    passing = sum(gate["verdict"] in PASSES for gate in gates)
    total = passing + len(barring(gates))
    return f"{passing} of {total} gate{'s' if total > 1 else ''} open" if gates else "asks for no gate"
