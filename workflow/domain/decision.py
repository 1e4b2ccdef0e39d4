"""What the kernel answers: one value with what was, what is now, and the ledger line that says so.

The line's changes are the difference between before and after, by construction: nothing can change without
its line, and folding the lines gives the state back.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from enum import StrEnum
from operator import attrgetter
from typing import Any

from workflow.domain.canonical import Plain, plain, revive
from workflow.domain.episode import COLLECTIONS, WEIGHTY, Episode, Hold
from workflow.domain.gate import GateReport
from workflow.domain.ladder import Urgency
from workflow.domain.partial import grown
from workflow.domain.signature import Signature
from workflow.domain.situation import Situation
from workflow.domain.view import View


class Outcome(StrEnum):
    """How a decision ended."""

    DONE = "done"
    PROPOSED = "proposed"  # one person has asked; another must too
    REFUSED = "refused"  # nothing moved, and the line says why


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message to one person on one channel. `key` is natural: task, projection, person, channel."""

    key: str
    task: str
    name: str
    rung: int
    recipient: str
    channel: str
    urgency: Urgency
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One ledger line before it is chained. `at` is when it was written, `occurred_at` when it was so."""

    seq: int
    at: datetime
    occurred_at: datetime
    actor: str
    verb: str
    outcome: Outcome
    about: Mapping[str, object] = field(default_factory=dict)  # what was asked
    basis: tuple[GateReport, ...] = ()  # what every gate answered
    put: Mapping[str, Mapping[str, object]] = field(default_factory=dict)  # after-images of what changed
    set: Mapping[str, object] = field(default_factory=dict)  # the episode's own fields that changed
    told: tuple[str, ...] = ()  # keys of the messages written
    stands: Mapping[str, object] = field(default_factory=dict)  # stage and version afterwards

    @property
    def payload(self) -> Plain:
        """What is committed to, sealed and kept: everything a reader needs, and the state's change."""
        return plain(
            {
                "about": self.about,
                "basis": self.basis,
                "put": self.put,
                "set": {name: "" if value is None else value for name, value in self.set.items()},
                "stands": self.stands,
                "told": self.told,
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What was, what is, and the line. A decision without a line cannot be built."""

    before: Episode
    after: Episode
    entry: Entry
    messages: tuple[Message, ...] = ()
    recalled: frozenset[str] = frozenset()  # tasks whose letters that have not left yet tell of a moment gone by

    def __post_init__(self) -> None:
        assert self.entry.seq == self.before.seq + 1 == self.after.seq
        assert self.after.closed_at is None or not self.after.open_duties
        changed = bool(self.entry.put or self.entry.set or self.entry.told)
        assert changed or self.entry.outcome is Outcome.REFUSED

    @property
    def refused(self) -> bool:
        return self.entry.outcome is Outcome.REFUSED


class Draft:
    """A decision in the making: the one thing here that changes, and it lives for one call."""

    def __init__(self, situation: Situation) -> None:
        self.s = situation
        self._put: dict[str, dict[str, object]] = {}
        self._set: dict[str, object] = {}
        self.episode = situation.episode
        self.messages: list[Message] = []
        self._recalled: set[str] = set()

    def recall(self, task: str) -> None:
        """Take back what was written about a task and has not left: its work counts from another moment now."""
        self._recalled.add(task)

    def put(self, collection: str, key: str, value: object) -> None:
        """Add a thing or its after-image. Things are never removed."""
        assert isinstance(value, COLLECTIONS[collection])
        self._put.setdefault(collection, {})[key] = value
        self.episode = _set(self.episode, {collection: grown(getattr(self.episode, collection), key, value)})

    @property
    def version(self) -> int:
        """The version this decision leaves, as far as it has come."""
        touched = set(self._put) | set(self._set)
        return self.s.episode.version + (1 if touched & WEIGHTY else 0)

    def view(self, at: datetime) -> View:
        """What can be known at `at`, with what this draft has changed."""
        return replace(self.s.view(at), episode=self.episode)

    def set(self, **fields: object) -> None:
        """Change fields of the episode itself."""
        self._set.update(fields)
        self.episode = _set(self.episode, fields)

    def void(self, wanted: Callable[[Signature], bool], *, why: str) -> frozenset[str]:
        """Void the signatures that still stand and are wanted gone; answers the digests they were under."""
        line = f"{self.s.episode.seq + 1}"
        gone = {key: one for key, one in self.episode.signatures.items() if one.stands and wanted(one)}
        for key, one in gone.items():
            self.put("signatures", key, one.voided(at=self.s.now, by=self.s.actor.id, on=line, why=why))
        return frozenset(one.digest for one in gone.values())

    def decide(
        self,
        verb: str,
        *,
        occurred_at: datetime,
        about: Mapping[str, object],
        basis: tuple[GateReport, ...] = (),
        outcome: Outcome = Outcome.DONE,
    ) -> Decision:
        """Close the draft. The version goes up only where a page would otherwise decide on old sight."""
        version = self.version
        if version != self.s.episode.version:
            self._set["version"] = version
            self._overtake(verb)
        entry = Entry(
            seq=self.s.episode.seq + 1,
            at=self.s.now,
            occurred_at=occurred_at,
            actor=self.s.actor.id,
            verb=verb,
            outcome=outcome,
            about=about,
            basis=basis,
            put=self._put,
            set=self._set,
            told=tuple(message.key for message in self.messages),
            stands={"stage": self.episode.stage, "version": version},
        )
        after = _set(self.episode, {"seq": entry.seq, "version": version})
        return Decision(
            before=self.s.episode,
            after=after,
            entry=entry,
            messages=tuple(self.messages),
            recalled=frozenset(self._recalled),
        )

    def _overtake(self, verb: str) -> None:
        """Something new is known: who signed what nobody has agreed to yet signed what no longer is."""
        fresh = self._put.get("proposals", {})
        waiting = {
            asked.signed
            for key, asked in self.episode.proposals.items()
            if asked.signed is not None and asked.settled_at is None and key not in fresh
        }
        if waiting:
            self.void(lambda one: one.digest in waiting, why=f"overtaken ({verb}) before a second person agreed")


def refuse(
    situation: Situation,
    verb: str,
    *,
    occurred_at: datetime,
    about: Mapping[str, object],
    basis: tuple[GateReport, ...],
) -> Decision:
    """A decision that moves nothing. It still has its line: who asked, and what barred the way."""
    return Draft(situation).decide(verb, occurred_at=occurred_at, about=about, basis=basis, outcome=Outcome.REFUSED)


def fold(episode: Episode, payload: Mapping[str, object], *, seq: int) -> Episode:
    """The episode after one more ledger payload. Needs no protocol and asks no gate.

    Raises UnsoundError-worthy ValueError or KeyError where the payload is not one of ours.
    """
    put, fields = payload["put"], payload["set"]
    if not isinstance(put, Mapping) or not isinstance(fields, Mapping):
        raise ValueError("a payload holds put and set")  # noqa: TRY004 - one kind of error for bad data
    grown: dict[str, object] = {"seq": seq}
    for collection, things in put.items():
        revived: dict[str, object] = {key: revive(COLLECTIONS[collection], thing) for key, thing in things.items()}
        grown[collection] = {**getattr(episode, collection), **revived}
    return _set(episode, grown | {name: _field(name, value) for name, value in fields.items()})


def _field(name: str, value: object) -> object:
    match name:
        case "hold":
            return None if value == "" else revive(Hold, value)
        case "stint_at" | "enrolled_at" | "closed_at":
            return None if value == "" else datetime.fromisoformat(str(value))
        case "stint" | "version":
            return int(str(value))
        case "stage" | "protocol":
            return str(value)
    raise KeyError(name)


_NAMES = tuple(field.name for field in fields(Episode))
_VALUES = attrgetter(*_NAMES)


def _set(episode: Episode, changes: Mapping[str, object]) -> Episode:
    """The episode with some fields changed; done several times in every decision, so without looking each field up."""
    values: dict[str, Any] = dict(zip(_NAMES, _VALUES(episode), strict=True))
    return Episode(**{**values, **changes})  # names and types are checked by _field and its callers
