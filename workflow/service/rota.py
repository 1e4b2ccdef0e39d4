"""Who is away, who stands in, who is on call: entered by whoever runs a site, looked up whenever a rung fires.

Every change leaves its line in the site's chain, with who made it. A person may always say that they are away.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Connection

from workflow.domain.actor import Role
from workflow.domain.chain_line import ON_THE_MACHINE, of_site
from workflow.domain.errors import ImpossibleInputError, ImpossibleNowError, ImpossibleTimeError, NotFoundError
from workflow.domain.policy import Relation, Verb, require, who_may
from workflow.domain.roster import Roster
from workflow.service.look import where
from workflow.store import chains, rota, security, staff, worklist
from workflow.store.rota import Absence, Deputy, Rota, Shift
from workflow.store.session import Store
from workflow.store.staff import Person
from workflow.store.worklist import MemberLine

_Stretch = TypeVar("_Stretch", Absence, Shift)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Who works at a site, who of them is there now, and what is entered."""

    members: tuple[MemberLine, ...]
    roster: Roster
    rota: Rota


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """Where a site's roster is kept, and who asks: a person, or whoever sits at the machine."""

    store: Store
    site: str
    person: Person | None = None

    @property
    def actor(self) -> str:
        return self.person.id if self.person is not None else ON_THE_MACHINE


def show(office: Office) -> Shown:
    """The roster as it is now, and what is ahead. Raises NotFoundError for a site elsewhere."""
    if office.person is not None:
        where(office.person, Verb.READ_PEOPLE, office.site)
    with office.store.transaction([office.site]) as connection:
        _there_is(connection, office.site)
        return Shown(
            members=tuple(worklist.members(connection, [office.site])),
            roster=staff.roster(connection, office.site),
            rota=rota.read(connection, office.site),
        )


def zone(office: Office) -> str:
    """The time zone a site's times are written in. Raises NotFoundError."""
    with office.store.transaction([office.site]) as connection:
        _there_is(connection, office.site)
        return staff.zone(connection, office.site)


def add_absence(office: Office, absence: Absence) -> None:
    """Somebody is away from a time to a time. Entering the same again changes nothing.

    Raises NotFoundError, NotPermittedError; ImpossibleInputError for people who do not work there or a stretch that
    is none; ImpossibleNowError where they are away already in part of it.
    """
    with _changing(office, absence.person, own=True) as connection:
        _works_here(connection, office.site, person=absence.person)
        _may_answer(connection, office.site, substitute=absence.substitute)
        if absence.substitute == absence.person:
            raise ImpossibleInputError("nobody stands in for themselves", place="substitute", allowed="another person")
        if _is_new(connection, office.site, absence, rota.absences_of):
            rota.put(connection, office.site, absence)
            instead = f", {absence.substitute} stands in" if absence.substitute else ""
            _note(connection, office, "away", absence, said=f"{absence.person} away {_stretch(absence)}{instead}")


def remove_absence(office: Office, *, person: str, starts_at: datetime) -> None:
    """An absence that is ahead is taken out, one that has begun ends now. Raises NotFoundError, NotPermittedError."""
    with _changing(office, person, own=True) as connection:
        if not rota.drop_absence(connection, office.site, person, starts_at):
            raise NotFoundError("no absence begins then and is not over", said=person)
        gone = {"person": person, "starts_at": starts_at}
        _note(connection, office, "not_away", gone, said=f"{person} not away from {starts_at.isoformat()}")


def add_on_call(office: Office, shift: Shift) -> None:
    """Somebody is on call from a time to a time. Raises what add_absence raises."""
    with _changing(office, shift.person) as connection:
        _may_answer(connection, office.site, person=shift.person)
        if _is_new(connection, office.site, shift, rota.shifts_of):
            rota.put(connection, office.site, shift)
            _note(connection, office, "on_call", shift, said=f"{shift.person} on call {_stretch(shift)}")


def remove_on_call(office: Office, *, person: str, starts_at: datetime) -> None:
    """A duty on call that is ahead is taken out, one that has begun ends now. Raises NotFoundError."""
    with _changing(office, person) as connection:
        if not rota.drop_shift(connection, office.site, person, starts_at):
            raise NotFoundError("no duty on call begins then and is not over", said=person)
        gone = {"person": person, "starts_at": starts_at}
        _note(connection, office, "not_on_call", gone, said=f"{person} not on call from {starts_at.isoformat()}")


def add_deputy(office: Office, deputy: Deputy) -> None:
    """One person is told where a rung calls another's deputy. Raises NotFoundError, ImpossibleInputError."""
    with _changing(office, deputy.person) as connection:
        _works_here(connection, office.site, person=deputy.person)
        _may_answer(connection, office.site, deputy=deputy.deputy)
        if deputy.deputy == deputy.person:
            raise ImpossibleInputError("nobody is their own deputy", place="deputy", allowed="another person")
        rota.put(connection, office.site, deputy)
        _note(connection, office, "deputy", deputy, said=f"{deputy.deputy} deputy of {deputy.person}")


def remove_deputy(office: Office, *, person: str, deputy: str) -> None:
    """One person is another's deputy no longer. Raises NotFoundError where they were not."""
    with _changing(office, person) as connection:
        if not rota.drop_deputy(connection, office.site, person, deputy):
            raise NotFoundError("that is no deputy of theirs", said=deputy)
        gone = {"person": person, "deputy": deputy}
        _note(connection, office, "no_deputy", gone, said=f"{deputy} no deputy of {person}")


@contextmanager
def _changing(office: Office, about: str, *, own: bool = False) -> Iterator[Connection]:
    """A transaction in which this person's entries are changed by somebody who may.

    Raises NotFoundError for a site elsewhere, NotPermittedError.
    """
    asks = office.person
    if asks is not None:
        if office.site not in asks.sites:
            raise NotFoundError("there is no such site among yours", place="site", allowed=", ".join(asks.sites))
        require(asks.at(office.site), Verb.ROSTER, Relation.OWN if own and asks.id == about else Relation.HERE)
    with office.store.transaction([office.site]) as connection:
        _there_is(connection, office.site)
        rota.alone(connection, office.site, about)
        yield connection


def _there_is(connection: Connection, site: str) -> None:
    if not worklist.sites(connection, [site]):
        raise NotFoundError("there is no such site", said=site, place="site")


def _works_here(connection: Connection, site: str, *, person: str) -> None:
    """Refuse somebody who holds no role at the site."""
    if not rota.employed(connection, site, [person], roles=frozenset(Role)):
        allowed = "the id of somebody who does"
        raise ImpossibleInputError("holds no role there", said=person, place="person", allowed=allowed)


def _may_answer(connection: Connection, site: str, **told: str | None) -> None:
    """Refuse to let reminders go to somebody who may not take work on there, naming where they stood."""
    able = who_may(Verb.ACKNOWLEDGE)
    for place, person in told.items():
        if person is not None and not rota.employed(connection, site, [person], roles=able):
            allowed = f"the id of somebody there who is: {', '.join(sorted(able))}"
            raise ImpossibleInputError(
                "holds no role there that takes work on", said=person, place=place, allowed=allowed
            )


def _is_new(connection: Connection, site: str, entry: _Stretch, entered: Callable[..., list[_Stretch]]) -> bool:
    """Whether a stretch of time is free; False where the same is entered already.

    Raises ImpossibleTimeError where it ends before it begins or is over, ImpossibleNowError where another touches it.
    """
    if entry.ends_at <= entry.starts_at:
        raise ImpossibleTimeError("it ends before it begins", place="ends_at", allowed=f"after {entry.starts_at}")
    now = rota.alone(connection, site, entry.person)
    if entry.ends_at <= now:
        raise ImpossibleTimeError("it is over already", place="ends_at", allowed=f"after {now.isoformat()}")
    touched = entered(connection, site, entry.person, after=entry.starts_at, before=entry.ends_at)
    if touched == [entry]:
        return False
    if touched:
        raise ImpossibleNowError(
            f"entered already: {', '.join(_stretch(one) for one in touched)}",
            place="starts_at",
            allowed="another time, once that one is taken out",
        )
    return True


def _stretch(entry: Absence | Shift) -> str:
    return f"{entry.starts_at.isoformat()} to {entry.ends_at.isoformat()}"


def _note(connection: Connection, office: Office, verb: str, entry: object, *, said: str) -> None:
    """A line in the site's chain, and a sentence among those who looked and changed."""
    security.looked(connection, site=office.site, actor=office.actor, what=f"roster: {said}", episode=None)
    chains.append(connection, of_site(office.site), actor=office.actor, verb=verb, about={"entry": entry})
