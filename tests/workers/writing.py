"""What the tests of letters share: where letters end up, and a short way to the rows."""

from datetime import UTC, datetime, time, timedelta

from sqlalchemy import text

from workflow.domain.observation import Reading
from workflow.domain.quiet import LetterHours
from workflow.service import act, deliver
from workflow.service.act import Asked, Desk
from workflow.service.audit import audit
from workflow.service.deliver import Letter
from workflow.store.session import Store, open_store
from workflow.store.staff import Person

CARLA = "coordinator-1@theca.example"
TRIAGE = "s1.triage_referral.1"
LABEL = "Triage the referral"


class Kept:
    """The building's end: what would have left, or what the relay answers instead."""

    def __init__(self, *answers: BaseException) -> None:
        self.letters: list[Letter] = []
        self.answers = list(answers)
        self.asked = 0

    def send(self, letter: Letter) -> None:
        self.asked += 1
        if self.answers:
            raise self.answers.pop(0)
        self.letters.append(letter)

    def to(self, address: str) -> list[Letter]:
        return [letter for letter in self.letters if letter.to == address]


class Killed(BaseException):
    """The worker is gone."""


EVERY = frozenset(range(7))


def sql(store: Store, query: str, **values: object) -> list[object]:
    with store.transaction(["north", "south"]) as connection:
        found = connection.execute(text(query), values)
        return list(found) if found.returns_rows else []


def rows(store: Store, where: str = "channel = 'email' AND recipient = 'coordinator-1'") -> list[object]:
    return sql(store, f"SELECT * FROM message WHERE {where} ORDER BY created_at, key")


def states(store: Store, where: str = "channel = 'email' AND recipient = 'coordinator-1'") -> list[str]:
    return [row.state for row in rows(store, where)]


def send(store: Store, out: object) -> int:
    return deliver.relay(store, out, link="http://theca.example")


def wake(store: Store) -> None:
    """What waits for a retry waits no longer, and no lease runs."""
    sql(store, "UPDATE message SET next_try_at = created_at, lease_until = created_at WHERE state = 'waiting'")


def aged(store: Store, *, minutes: int) -> None:
    """Everything that waits was written and due so long ago."""
    sql(store, "UPDATE message SET created_at = clock_timestamp() - make_interval(mins => :ago),"
        " due_at = clock_timestamp() - make_interval(mins => :ago),"
        " next_try_at = clock_timestamp() - make_interval(mins => :ago) WHERE state = 'waiting'",
        ago=minutes)  # fmt: skip


def triaged(desk: Desk, person: Person, episode: str) -> None:
    asked, at = Asked(person=person, episode=episode), datetime.now(UTC)
    reason = Reading(item="referral_reason", observed_at=at, text="x")
    act.record(desk, asked, readings=(reason, Reading(item="pain_origin", observed_at=at, text="cancer")))
    act.advance(desk, asked, name="accept_referral")


def flaws(database) -> tuple[object, ...]:
    store = open_store(database.verify, database.key_file)
    found = audit(store).flaws
    store.close()
    return found


def hhmm(ahead: timedelta) -> time:
    return (datetime.now(UTC) + ahead).time().replace(second=0, microsecond=0)


def digest_at(morning: time) -> LetterHours:
    return LetterHours(quiet_from=morning, quiet_until=morning, digest=True)
