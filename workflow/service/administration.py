"""What an administrator changes over HTTP: people and their roles, tokens of programs, hours and closures of a site.

The only module through which people and sites are changed in somebody's name. Nobody manages themselves: that takes
another administrator, or whoever sits at the machine. Every change is noted in its site's access log with who made it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import partial

from sqlalchemy import Connection

from workflow.domain.actor import Role
from workflow.domain.chain_line import of_site
from workflow.domain.errors import ImpossibleInputError, NotFoundError
from workflow.domain.policy import Relation, Verb, refusal, require
from workflow.service import recalendar
from workflow.service.look import where
from workflow.store import administration as store
from workflow.store import chains, security, sites, staff
from workflow.store.administration import Given, Known
from workflow.store.session import Store
from workflow.store.sites import Habits
from workflow.store.staff import Person


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """Who administers, from which store, at which site. Raises NotFoundError, NotPermittedError when it is used."""

    store: Store = field(repr=False)
    person: Person
    site: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A bearer token, shown once, and until when it is good."""

    token: str = field(repr=False)
    until: datetime


def look_at(post: Post, person: str) -> Known:
    """Somebody with every role at the administrator's sites. Raises NotFoundError, NotPermittedError."""
    mine = where(post.person, Verb.MANAGE)
    with post.store.transaction(post.person.sites) as connection:
        known = _known(connection, person)
    roles = tuple(given for given in known.roles if given.site in mine)
    if not roles:
        raise refusal(Verb.MANAGE)
    return replace(known, roles=roles)


def employ(post: Post, person: str, *, name: str, email: str, given: Given) -> Known:
    """Add a person with their first role at the site.

    Raises ImpossibleInputError for an id, address or stretch of days that is none; ImpossibleNowError where the id is
    taken; NotFoundError, NotPermittedError.
    """
    staff.check_person(person, email=email, name=name)
    store.check_days(given)
    with _managing(post, person) as connection:
        store.employ(connection, by=post.person.id, site=post.site, person=person, name=name, email=email)
        _note(connection, post, f"staff: {person} added")
        return _given(connection, post, person, given)


def give_role(post: Post, person: str, given: Given) -> Known:
    """Give somebody in sight a role at the site; given again from the same day, its end changes.

    Raises NotFoundError, NotPermittedError (their own roles among it), ImpossibleInputError; ImpossibleNowError for
    somebody who has left, a program that would hold another role, or a person that of a program.
    """
    store.check_days(given)
    with _managing(post, person) as connection:
        _known(connection, person)
        return _given(connection, post, person, given)


def end_roles(post: Post, person: str, role: Role | None = None) -> Known:
    """End somebody's roles at the site now, or one of them. Raises NotFoundError where there is none to end."""
    with _managing(post, person) as connection:
        _known(connection, person)
        if not store.end(connection, by=post.person.id, site=post.site, person=person, role=role):
            raise NotFoundError(f"{person} holds no such role at {post.site}", place="role")
        _note(connection, post, f"staff: {person} is {role or 'nothing'}{' no longer' if role else ' any more'}")
        return _known(connection, person)


def give_token(post: Post, program: str, *, label: str, days: int) -> Token:
    """A bearer token for a program that works at the administrator's sites alone; a person's is made on the machine.

    Raises NotFoundError, NotPermittedError, ImpossibleInputError.
    """
    with _managing(post, program) as connection:
        _known(connection, program)
        token, until = store.give_token(
            connection, by=post.person.id, site=post.site, program=program, label=label, days=days
        )
        _note(connection, post, f"token: {label} for {program}, {days} days")
        return Token(token=token, until=until)


def end_tokens(post: Post, person: str, *, label: str | None = None) -> int:
    """Take somebody's tokens away, or those of one label; answers how many. Raises NotFoundError for none."""
    with _managing(post, person) as connection:
        _known(connection, person)
        many = store.end_tokens(connection, by=post.person.id, site=post.site, person=person, label=label)
        if not many:
            raise NotFoundError(f"{person} has no such token", place="label")
        _note(connection, post, f"token: {many} of {person} taken away")
        return many


def set_habits(post: Post, habits: Habits) -> int:
    """Set when the site works and how its people are told; answers how many clocks moved.

    Raises ImpossibleInputError, NotFoundError, NotPermittedError.
    """
    write = partial(sites.set_habits, site=post.site, habits=habits)
    return _recalendared(post, write, why="the site's hours changed")


def add_closure(post: Post, *, day: date, label: str) -> int:
    """A day the site is closed; answers how many clocks moved. Raises ImpossibleInputError."""
    write = partial(sites.add_closure, site=post.site, day=day, label=label)
    return _recalendared(post, write, why=f"closed on {day}: {label}")


def remove_closure(post: Post, *, day: date) -> int:
    """The site is open on that day after all; answers how many clocks moved. Raises NotFoundError."""

    def write(connection: Connection) -> None:
        if not sites.remove_closure(connection, site=post.site, day=day):
            raise NotFoundError(f"{post.site} has no closure on {day}", place="day")

    return _recalendared(post, write, why=f"open on {day} after all")


# ----------------------------------------------------------------------------------------------------------------------


def _recalendared(post: Post, write: Callable[[Connection], None], *, why: str) -> int:
    where(post.person, Verb.MANAGE, post.site)

    def noted(connection: Connection) -> None:
        write(connection)
        _note(connection, post, f"site: {why}")

    return recalendar.change(post.store, post.site, noted, why=why)


@contextmanager
def _managing(post: Post, about: str) -> Iterator[Connection]:
    """A transaction in which somebody's standing at the site changes, by somebody who may.

    One at a time at a site: or two administrators could let each other go, and leave it without any.

    Raises NotFoundError for a site elsewhere, NotPermittedError where they administer nothing there, or themselves.
    """
    where(post.person, Verb.MANAGE, post.site)
    relation = Relation.OWN if about == post.person.id else Relation.HERE
    require(post.person.at(post.site), Verb.MANAGE, relation)
    with post.store.transaction(post.person.sites) as connection:
        chains.alone(connection, of_site(post.site))
        yield connection


def _given(connection: Connection, post: Post, person: str, given: Given) -> Known:
    if given.site != post.site:
        raise ImpossibleInputError("a role is given at the site it is for", place="site", allowed=post.site)
    store.give(connection, by=post.person.id, person=person, given=given)
    until = f" until {given.ends_on}" if given.ends_on else ""
    _note(connection, post, f"staff: {person} is {given.role} from {given.starts_on or 'now'}{until}")
    return _known(connection, person)


def _known(connection: Connection, person: str) -> Known:
    """Somebody in sight. Raises NotFoundError."""
    found = store.known(connection, person)
    if found is None:
        raise NotFoundError(f"nobody at your sites is called {person!r}", place="id")
    return found


def _note(connection: Connection, post: Post, what: str) -> None:
    """Every change of people and sites passes here, in its own transaction."""
    security.looked(connection, site=post.site, actor=post.person.id, what=what, episode=None)
    chains.append(connection, of_site(post.site), actor=post.person.id, verb="administer", about={"what": what})
