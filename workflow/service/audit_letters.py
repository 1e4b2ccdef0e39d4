"""Was everybody told who must be, once, and became something of every message? What the audit asks of the outbox.

once     what a line says it told is there, and nothing else; one message for each person and channel of a rung
ends     sent, cancelled with a reason, dead with somebody's task, or waiting no longer than it may
moot     nothing left for work that had ended, but what was under way when it did
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, text

from workflow.domain.decide import of_storm
from workflow.domain.episode import Episode
from workflow.domain.protocol import UNDELIVERED
from workflow.domain.task import TaskState
from workflow.store.ledger import Read
from workflow.store.outbox import LEASE_SECONDS

# HOUSE (D): given up after one day, routine after three; before that a message may wait for a morning after holidays.
LONGEST = {"routine": timedelta(days=14), "urgent": timedelta(days=2), "red": timedelta(days=2)}
_LEASE = timedelta(seconds=LEASE_SECONDS)
_MOMENT = timedelta(seconds=5)

Flawed = tuple[str, str]  # kind, detail


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One message as it stands."""

    key: str
    task: str
    rung: int
    recipient: str
    channel: str
    urgency: str
    state: str
    created_at: datetime
    settled_at: datetime | None
    lease_until: datetime | None
    reason: str | None
    now: datetime


def messages_of(connection: Connection, site: str, episodes: Sequence[str]) -> dict[str, list[Sent]]:
    """Every message of these episodes."""
    found = connection.execute(
        text(
            "SELECT episode_id::text AS episode, key, task, rung, recipient, channel, urgency, state, created_at,"
            " settled_at, lease_until, reason, clock_timestamp() AS now FROM message"
            " WHERE site_id = :site AND episode_id = ANY(CAST(:ids AS uuid[])) ORDER BY key"
        ),
        {"site": site, "ids": list(episodes)},
    )
    kept: dict[str, list[Sent]] = {id_: [] for id_ in episodes}
    for line in found.mappings():
        kept[line["episode"]].append(Sent(**{name: value for name, value in line.items() if name != "episode"}))
    return kept


def of_messages(lines: Sequence[Read], episode: Episode, kept: Sequence[Sent]) -> Iterator[Flawed]:
    """What does not hold of one episode's messages."""
    by_key = {one.key: one for one in kept}
    yield from _named(lines, by_key)
    for line in lines:
        if line.verb == "fire" and line.payload is not None:
            yield from _rung(line.payload, by_key)
    ended = _ended(lines)
    for one in kept:
        yield from _end(one, episode)
        yield from _moot(one, ended)


def _named(lines: Sequence[Read], by_key: Mapping[str, Sent]) -> Iterator[Flawed]:
    """What the lines say they told is what there is."""
    told = Counter(key for line in lines if line.payload is not None for key in line.payload["told"])
    for key, times in told.items():
        if times > 1:
            yield "messages", f"{key} was told {times} times"
    for key in sorted(told.keys() ^ by_key.keys()):
        yield "messages", f"{key} is {'missing' if key in told else 'in no ledger line'}"


def _rung(payload: Mapping[str, object], by_key: Mapping[str, Sent]) -> Iterator[Flawed]:
    """A rung that was told has one message for each person and channel, and as many people as its line says."""
    about, told = payload["about"], payload["told"]
    assert isinstance(about, dict)
    assert isinstance(told, list)
    there = [by_key[key] for key in told if key in by_key]
    pairs = Counter((one.recipient, one.channel) for one in there)
    people = {one.recipient for one in there}
    task = about["task"]
    if len(people) != about.get("people", 0):
        yield "messages", f"{task}: {about.get('people', 0)} people were to be told, {len(people)} were"
    if any(times > 1 for times in pairs.values()) or any((one, "in_app") not in pairs for one in people):
        yield "messages", f"{task}: not one message for each person and channel"
    if any(one.task != task or one.rung != about.get("rung") for one in there):
        yield "messages", f"{task}: a message of another task or rung"


def _ended(lines: Sequence[Read]) -> dict[str, datetime]:
    """When each task that ended was written as ended."""
    found: dict[str, datetime] = {}
    for line in lines:
        tasks = line.payload["put"].get("tasks", {}) if line.payload is not None else {}
        for key, task in tasks.items():
            if task["state"] != TaskState.OPEN:
                found.setdefault(key, line.at)
    return found


def _end(one: Sent, episode: Episode) -> Iterator[Flawed]:
    """A message ends in one of three ways, or waits, and not for ever."""
    settled = one.settled_at
    if (one.state == "waiting") != (settled is None):
        yield "messages", f"{one.key} is {one.state} and {'was' if settled else 'was never'} settled"
    if one.state in ("cancelled", "dead") and not one.reason:
        yield "messages", f"{one.key} is {one.state} without a reason"
    if one.state == "dead" and settled is not None and not _taken_up(settled, episode):
        yield "messages", f"{one.key} is dead, and nobody has a task about it"
    if one.state == "waiting" and one.now - one.created_at > LONGEST[one.urgency]:
        yield "messages", f"{one.key} waits since {one.created_at:%Y-%m-%d %H:%M}"
    if one.lease_until is not None and one.lease_until > one.now + _LEASE + _MOMENT:
        yield "messages", f"{one.key} is under a lease until {one.lease_until:%Y-%m-%d %H:%M}"


def _taken_up(settled: datetime, episode: Episode) -> bool:
    """Whether the episode had the engine's own task for dead letters open when one died."""
    known = (task for task in episode.tasks.values() if task.name == UNDELIVERED)
    return any(
        task.opened_at <= settled + _MOMENT and (task.closed_at is None or task.closed_at >= settled - _MOMENT)
        for task in known
    )


def _moot(one: Sent, ended: Mapping[str, datetime]) -> Iterator[Flawed]:
    """A letter is taken up while its work is open; once it has ended, only one already under way may still arrive."""
    end = None if of_storm(one.key) else ended.get(one.task)
    left = one.settled_at if one.state == "sent" and one.channel != "in_app" else None
    if end is not None and left is not None and left > end + _LEASE + _MOMENT:
        yield "messages", f"{one.key} was sent for work that had ended"
